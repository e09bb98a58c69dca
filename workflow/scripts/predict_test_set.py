from pathlib import Path

import pandas as pd

from restudy.results.predictions import predictions_table
from restudy.results.table_files import write_runs
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    table = predictions_table(
        pd.read_parquet(snakemake.input.runs),
        groups=Path(snakemake.params.results) / "groups",
        prepared=Path(snakemake.input.data[0]),
    )
    write_runs(Path(snakemake.output[0]), table)
