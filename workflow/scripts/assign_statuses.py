from pathlib import Path

import pandas as pd

from restudy.evidence import schema
from restudy.evidence.assign_statuses import standing
from restudy.evidence.erratum_effects import read_demonstrations
from restudy.evidence.printed_differences import read_contrasts
from restudy.evidence.published import read_published_table
from restudy.evidence.verdicts import read_claim_tests
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = schema.load_ledger(Path(snakemake.input.evidence[0]).parent)
    judged = standing(
        rows,
        published_table=read_published_table(Path(snakemake.input.published)),
        claim_tests=read_claim_tests(Path(snakemake.input.claim_tests[0])),
        errata_shown=read_demonstrations(Path(snakemake.input.errata_shown)),
        contrasts=read_contrasts(Path(snakemake.input.contrasts)),
        puzzles=pd.read_csv(snakemake.input.puzzles),
        experiments=snakemake.params.experiments,
        done=snakemake.params.done,
        missing_figures=snakemake.params.missing,
    )
    tables = schema.statuses(rows, set(snakemake.params.figures), judged)
    for path in map(Path, snakemake.output.tables):
        write_table(path, tables[path.stem])
    counts = schema.summary(tables).reset_index()
    write_table(Path(snakemake.output.counts), counts)
