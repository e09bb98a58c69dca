from pathlib import Path

from restudy.console import job
from restudy.evidence import unit_tests
from restudy.evidence.ledger import Published, load_rows
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input[0]), Published)
    for name, table in (
        ("tests", unit_tests.unit_tests(rows)),
        ("bugs", unit_tests.bug_candidates(rows)),
        ("momentum", unit_tests.momentum_candidates(rows)),
    ):
        write_atomically(Path(snakemake.output[name]), to_csv(table))
