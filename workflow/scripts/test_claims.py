from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.evidence.judging import judge
from restudy.evidence.ledger import Claim, load_rows
from restudy.evidence.measuring import read_studies
from restudy.results.collect import RUNS
from restudy.results.table_files import write_table

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    folders = [Path(path).parent for path in snakemake.input.descriptions]
    studies = read_studies(folders)
    runs = {
        name: pd.read_parquet(folder / RUNS) for name, folder in zip(studies, folders, strict=True)
    }
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    judged = judge(claims, studies, runs, experiments)
    write_table(Path(snakemake.output[0]), judged)
