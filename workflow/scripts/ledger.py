from pathlib import Path

from restudy.console import job
from restudy.evidence import ledger
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    rows = ledger.load_ledger(Path(snakemake.input.evidence[0]).parent)
    tables = ledger.statuses(rows, set(snakemake.params.figures))
    for path in map(Path, snakemake.output.tables):
        write_atomically(path, to_csv(tables[path.stem]))
    counts = ledger.summary(tables).reset_index()
    write_atomically(Path(snakemake.output.counts), to_csv(counts))
