from pathlib import Path

from restudy.config.loading import load_rows
from restudy.data.load import load
from restudy.evidence.deterministic_values import facts_table
from restudy.evidence.schema import Published
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    data = [load(Path(path)) for path in snakemake.input.data]
    table = facts_table(rows, {one.name: one for one in data})
    write_table(Path(snakemake.output[0]), table)
