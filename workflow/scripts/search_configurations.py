from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_rows
from restudy.evidence import search_tables
from restudy.evidence.configuration_search import search_configurations
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.schema import Published
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input.evidence), Published)
    searches = load_rows(Path(snakemake.input.searches), ConfigurationSearch)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    results = search_configurations(searches, rows, studies)
    write_table(Path(snakemake.output.table), search_tables.candidate_table(results))
    write_table(Path(snakemake.output.conclusions), search_tables.conclusion_table(results))
    text = search_tables.to_text(results, snakemake.params.scale)
    write_atomically(Path(snakemake.output.text), text.encode())
