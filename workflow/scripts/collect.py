from pathlib import Path

from restudy.console import job
from restudy.results.collect import collect

with job(snakemake.log[0]):
    collect(
        snakemake.params.description,
        snakemake.params.runs,
        cells=Path(snakemake.input[0]).parents[1],
        folder=Path(snakemake.output.runs).parent,
    )
