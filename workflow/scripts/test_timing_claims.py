from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.evidence import timing
from restudy.evidence.contradictions import statuses_in
from restudy.evidence.judging import judge, read_claim_tests
from restudy.evidence.ledger import Claim, load_rows
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    tests = judge(claims, {}, {}, experiments, timed=True)
    others = read_claim_tests(Path(snakemake.input.claim_tests[0]))
    judged = timing.timed_claims(claims, others, tests)
    ledger = pd.read_csv(snakemake.input.claims, dtype=str, keep_default_na=False)
    pairs = timing.timed_contradictions(claims, statuses_in(ledger), judged)
    write_atomically(Path(snakemake.output.tests), to_csv(tests))
    write_atomically(Path(snakemake.output.claims), to_csv(judged))
    write_atomically(Path(snakemake.output.contradictions), to_csv(pairs))
