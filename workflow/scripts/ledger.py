from pathlib import Path

from restudy.console import job
from restudy.evidence import ledger
from restudy.evidence.judging import read_claim_tests, verdicts_of
from restudy.evidence.published import read_published_table, statuses_of
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    rows = ledger.load_ledger(Path(snakemake.input.evidence[0]).parent)
    judged = statuses_of(read_published_table(Path(snakemake.input.published)))
    verdicts = verdicts_of(rows.claims, read_claim_tests(Path(snakemake.input.claim_tests[0])))
    open_rows = {row.id for row in rows.published if row.status is None}
    tables = ledger.statuses(
        rows,
        set(snakemake.params.figures),
        {id_: status for id_, status in judged.items() if id_ in open_rows}
        | verdicts
        | ledger.experiments_run(snakemake.params.experiments)
        | {
            id_: ledger.Status(ledger.NOT_YET, why) for id_, why in snakemake.params.missing.items()
        },
    )
    for path in map(Path, snakemake.output.tables):
        write_atomically(path, to_csv(tables[path.stem]))
    counts = ledger.summary(tables).reset_index()
    write_atomically(Path(snakemake.output.counts), to_csv(counts))
