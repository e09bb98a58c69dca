import json
from pathlib import Path

import pandas as pd

from restudy.common.files import write_atomically
from restudy.results.table_files import write_table
from restudy.results.variance_components import advice, variance_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    runs = pd.read_parquet(snakemake.input.runs)
    factors = list(json.loads(Path(snakemake.input.description).read_text())["factors"])
    table = variance_table(runs, factors)
    write_table(Path(snakemake.output.table), table)
    lines = "".join(f"* {line}\n" for line in advice(table))
    write_atomically(Path(snakemake.output.text), lines.encode())
