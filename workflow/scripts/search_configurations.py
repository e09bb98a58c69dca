from pathlib import Path

from restudy.common.files import write_atomically
from restudy.evidence import search_tables
from restudy.evidence.configuration_search import solve
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.schema import Published, load_rows
from restudy.evidence.search_specs import Puzzle
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    puzzles = load_rows(Path(snakemake.input.puzzles), Puzzle)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    solved = solve(puzzles, rows, studies)
    table, concluded = (
        search_tables.forensics_table(solved),
        search_tables.conclusions(solved),
    )
    write_table(Path(snakemake.output.table), table)
    write_table(Path(snakemake.output.conclusions), concluded)
    text = search_tables.to_text(solved, snakemake.params.scale)
    write_atomically(Path(snakemake.output.text), text.encode())
