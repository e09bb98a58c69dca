from pathlib import Path

import pandas as pd

from restudy.config.sources import load_sources
from restudy.console import job
from restudy.evidence.contrasts import read_contrasts
from restudy.evidence.demonstrations import read_demonstrations
from restudy.evidence.judging import read_claim_tests
from restudy.evidence.published import read_published_table
from restudy.files import write_atomically
from restudy.provenance import commit_in_words
from restudy.report.paper.content import Tables, content, to_json
from restudy.report.paper.studies import read_matters, read_study
from restudy.report.paper.typeset import to_pdf
from restudy.results.table_files import read_table


def texts(path):
    return read_table(path)


def captions(figures, own, grid):
    """Return name -> caption of each figure; grids share one."""
    told = {Path(path).stem: Path(path).read_text().strip() for path in own}
    return {name: told.get(name, grid) for name in (Path(path).stem for path in figures)}


with job(snakemake.log[0]):
    made = content(
        Tables(
            scale=snakemake.config["scale"],
            commit=commit_in_words(),
            sources=load_sources(Path(snakemake.input.sources)),
            published=read_published_table(Path(snakemake.input.published)),
            ledger={Path(path).stem: texts(path) for path in snakemake.input.ledger},
            claim_tests=read_claim_tests(Path(snakemake.input.claim_tests[0])),
            errata_shown=read_demonstrations(Path(snakemake.input.errata_shown)),
            contrasts=read_contrasts(Path(snakemake.input.contrasts)),
            contradictions=texts(snakemake.input.contradictions),
            puzzles=texts(snakemake.input.puzzles),
            calibration=pd.read_csv(snakemake.input.calibration[0]),
            studies=[
                read_study(Path(runs).parent, Path(comparison))
                for runs, comparison in zip(
                    snakemake.input.runs, snakemake.input.comparisons, strict=True
                )
            ],
            matters={
                Path(path).parent.name: read_matters(Path(path)) for path in snakemake.input.matters
            },
            captions=captions(
                snakemake.input.figures,
                snakemake.input.captions,
                Path(snakemake.input.grid_caption).read_text().strip(),
            ),
        )
    )
    content_file = Path(snakemake.output.content)
    write_atomically(content_file, to_json(made))
    parts = [*map(Path, snakemake.input.source), content_file, *map(Path, snakemake.input.figures)]
    pdf = to_pdf({path.name: path.read_bytes() for path in parts})
    write_atomically(Path(snakemake.output.pdf), pdf)
