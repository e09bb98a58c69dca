from pathlib import Path

import pandas as pd

from restudy.config.loading import load_rows
from restudy.evidence import timing_claims
from restudy.evidence.contradictions import findings_in
from restudy.evidence.schema import Claim
from restudy.evidence.verdicts import evaluate_tests
from restudy.results.table_files import read_table, read_typed, write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    claims = load_rows(Path(snakemake.input.evidence), Claim)
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    tests = evaluate_tests(claims, {}, {}, experiments, timed=True)
    others = read_typed(Path(snakemake.input.claim_tests[0]))
    judged = timing_claims.timed_claims(claims, others, tests)
    verdicts = findings_in(read_table(snakemake.input.claims))
    pairs = timing_claims.timed_contradictions(claims, verdicts, judged)
    write_table(Path(snakemake.output.tests), tests)
    write_table(Path(snakemake.output.claims), judged)
    write_table(Path(snakemake.output.contradictions), pairs)
