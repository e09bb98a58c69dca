from pathlib import Path

from restudy.console import job
from restudy.evidence import published
from restudy.evidence.exact import exact_values
from restudy.evidence.ledger import Published, load_rows
from restudy.evidence.measuring import read_studies
from restudy.files import write_atomically
from restudy.results.table_files import read_table, write_table

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    facts, *tables = map(read_table, (*snakemake.input.facts, *snakemake.input.tables))
    table = published.published_table(rows, studies, exact_values(facts, tables))
    write_table(Path(snakemake.output.table), table)
    text = published.to_text(table, snakemake.params.scale)
    write_atomically(Path(snakemake.output.text), text.encode())
