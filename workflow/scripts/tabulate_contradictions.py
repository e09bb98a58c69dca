from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_rows
from restudy.evidence.contradictions import contradictions, findings_in, to_text
from restudy.evidence.schema import Claim
from restudy.results.table_files import read_table, write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    verdicts = findings_in(read_table(snakemake.input.claims))
    table = contradictions(claims, verdicts)
    write_table(Path(snakemake.output.table), table)
    write_atomically(Path(snakemake.output.text), to_text(table, verdicts).encode())
