from pathlib import Path

import pandas as pd

from restudy import tables
from restudy.collect import read_description
from restudy.console import job
from restudy.evidence import ledger
from restudy.evidence.contrasts import read_contrasts
from restudy.evidence.demonstrations import read_demonstrations
from restudy.evidence.judging import read_claim_tests
from restudy.evidence.published import read_published_table
from restudy.files import write_atomically
from restudy.provenance import commit_in_words
from restudy.report import evidence, page
from restudy.report.contradictions import contradictions


def texts(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


with job(snakemake.log[0]):
    captions = {Path(path).stem: Path(path).read_text() for path in snakemake.input.captions}
    sections = []
    for name, runs_file, figure in zip(
        snakemake.params.studies, snakemake.input.runs, snakemake.input.figures, strict=True
    ):
        description = read_description(Path(runs_file).parent)
        runs = pd.read_parquet(runs_file)
        factors = list(description["factors"])
        sections.append(
            page.section(
                description,
                runs,
                tables.summary_table(runs, factors),
                tables.comparison_table(runs, factors, description["compare"]),
                page.Picture(Path(figure).read_bytes(), captions[description["figure"]].strip()),
                page.links(name),
            )
        )
    statuses = {Path(path).stem: texts(path) for path in snakemake.input.ledger}
    scale = snakemake.config["scale"]
    published = read_published_table(Path(snakemake.input.ledger[0]))
    unit_tests, bugs, _ = (texts(path) for path in snakemake.input.unit_tests)
    drawn = {path.stem: path for path in map(Path, snakemake.input.source_figures)}
    made = page.Page(
        scale=scale,
        commit=commit_in_words(),
        sections=sections,
        counts=ledger.summary(statuses),
        ledger=statuses,
        evidence=[
            evidence.numbers(published, scale),
            evidence.unit_tests(unit_tests, bugs),
            evidence.claims(
                texts(snakemake.input.ledger[1]),
                read_claim_tests(Path(snakemake.input.claim_tests[0])),
                pd.read_csv(snakemake.input.calibration[0]),
                texts(snakemake.input.timed_claims),
                read_claim_tests(Path(snakemake.input.timed_tests)),
            ),
            contradictions(
                texts(snakemake.input.contradictions),
                texts(snakemake.input.timed_contradictions),
                {
                    frozenset(snakemake.params.disputes[path.stem]): page.Picture(
                        path.read_bytes(), path.with_suffix(".txt").read_text(), path.stem
                    )
                    for path in map(Path, snakemake.input.disputes)
                },
            ),
            evidence.matters(
                {
                    Path(path).parent.name: [
                        line.removeprefix("* ") for line in Path(path).read_text().splitlines()
                    ]
                    for path in snakemake.input.matters
                }
            ),
            evidence.errata(
                texts(snakemake.input.ledger[2]),
                read_demonstrations(Path(snakemake.input.errata_shown)),
                read_contrasts(Path(snakemake.input.contrasts)),
            ),
            evidence.puzzles(texts(snakemake.input.puzzles), texts(snakemake.input.forensics)),
            *evidence.galleries(
                {id_: path.read_bytes() for id_, path in drawn.items()},
                {id_: path.with_suffix(".txt").read_text() for id_, path in drawn.items()},
            ),
        ],
    )
    write_atomically(Path(snakemake.output[0]), page.render(made).encode())
