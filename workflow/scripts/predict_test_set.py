from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.predictions import predictions_table
from restudy.results.table_files import write_runs

with job(snakemake.log[0]):
    table = predictions_table(
        pd.read_parquet(snakemake.input.runs),
        cells=Path(snakemake.params.results) / "cells",
        prepared=Path(snakemake.input.data[0]),
    )
    write_runs(Path(snakemake.output[0]), table)
