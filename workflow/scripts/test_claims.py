from pathlib import Path

import pandas as pd

from restudy.config.loading import load_rows
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.schema import Claim
from restudy.evidence.verdicts import evaluate_tests
from restudy.results.collect import RUNS
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    folders = [Path(path).parent for path in snakemake.input.descriptions]
    studies = read_studies(folders)
    runs = {
        name: pd.read_parquet(folder / RUNS) for name, folder in zip(studies, folders, strict=True)
    }
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    judged = evaluate_tests(claims, studies, runs, experiments)
    write_table(Path(snakemake.output[0]), judged)
