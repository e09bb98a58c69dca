from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.evidence.contradictions import contradictions, statuses_in, text
from restudy.evidence.ledger import Claim, load_rows
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    verdicts = statuses_in(pd.read_csv(snakemake.input.claims, dtype=str, keep_default_na=False))
    table = contradictions(claims, verdicts)
    write_atomically(Path(snakemake.output.table), to_csv(table))
    write_atomically(Path(snakemake.output.text), text(table).encode())
