from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_rows
from restudy.evidence import published
from restudy.evidence.deterministic_values import deterministic_values
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.schema import Published
from restudy.results.table_files import read_table, write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    facts, *tables = map(read_table, (*snakemake.input.facts, *snakemake.input.tables))
    table = published.published_table(rows, studies, deterministic_values(facts, tables))
    write_table(Path(snakemake.output.table), table)
    text = published.to_text(table, snakemake.params.scale)
    write_atomically(Path(snakemake.output.text), text.encode())
