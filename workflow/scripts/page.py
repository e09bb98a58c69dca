from pathlib import Path

import pandas as pd

from restudy import tables
from restudy.collect import read_description
from restudy.console import job
from restudy.evidence import ledger
from restudy.files import write_atomically
from restudy.provenance import commit_in_words
from restudy.report import page

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
    statuses = {
        Path(path).stem: pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in snakemake.input.ledger
    }
    made = page.Page(
        scale=snakemake.config["scale"],
        commit=commit_in_words(),
        sections=sections,
        counts=ledger.summary(statuses),
        ledger=statuses,
    )
    write_atomically(Path(snakemake.output[0]), page.render(made).encode())
