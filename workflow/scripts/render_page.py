from pathlib import Path

from restudy.console import job
from restudy.files import write_atomically
from restudy.provenance import commit_in_words
from restudy.report.build import Run, build
from restudy.report.commands import Command
from restudy.report.page import render

with job(snakemake.log[0]):
    read, params = snakemake.input, snakemake.params
    output = Path(snakemake.output[0])
    run = Run(
        results=Path(params.results),
        scale=snakemake.config["scale"],
        commit=commit_in_words(),
        studies=params.cells,
        command=Command(**params.command),
        grids=[Path(path).parent.name for path in read.matters],
        figures=[Path(path).stem for path in read.source_figures],
        disputes=params.disputes,
        left_out=params.left_out,
        experiments=params.experiments,
        paper=params.paper,
        sources=Path(read.sources),
        captions=Path(read.captions[0]).parent,
    )
    write_atomically(output, render(build(run)).encode())
