from pathlib import Path

import pandas as pd

from restudy.collect import RUNS
from restudy.console import job
from restudy.evidence import curves
from restudy.evidence.disputes import Dispute
from restudy.evidence.ledger import Claim, load_rows
from restudy.evidence.measuring import read_studies
from restudy.figures.dispute import caption, dispute
from restudy.figures.style import save
from restudy.files import write_atomically

with job(snakemake.log[0]):
    claims = {row.id: row for row in load_rows(Path(snakemake.input.claims), Claim)}
    rows = {row.id: row for row in load_rows(Path(snakemake.input.disputes), Dispute)}
    asked = rows[snakemake.wildcards.dispute]
    folders = [Path(path).parent for path in snakemake.input.descriptions]
    studies = read_studies(folders)
    runs = {
        name: pd.read_parquet(folder / RUNS) for name, folder in zip(studies, folders, strict=True)
    }
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.input.experiments}
    found = curves.of_panels(asked.panels, studies, runs, experiments)
    output = {name: Path(path) for name, path in snakemake.output.items()}
    save(dispute(found.data, asked, claims), output["svg"], output["pdf"], output["csv"])
    write_atomically(output["caption"], caption(asked, claims, found.cuts).encode())
