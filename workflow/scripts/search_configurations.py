from pathlib import Path

from restudy.console import job
from restudy.evidence import forensics_tables
from restudy.evidence.forensics import solve
from restudy.evidence.ledger import Published, load_rows
from restudy.evidence.measuring import read_studies
from restudy.evidence.puzzles import Puzzle
from restudy.files import write_atomically
from restudy.results.table_files import write_table

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    puzzles = load_rows(Path(snakemake.input.puzzles), Puzzle)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    solved = solve(puzzles, rows, studies)
    table, concluded = (
        forensics_tables.forensics_table(solved),
        forensics_tables.conclusions(solved),
    )
    write_table(Path(snakemake.output.table), table)
    write_table(Path(snakemake.output.conclusions), concluded)
    text = forensics_tables.to_text(solved, snakemake.params.scale)
    write_atomically(Path(snakemake.output.text), text.encode())
