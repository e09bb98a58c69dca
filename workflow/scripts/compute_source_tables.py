from pathlib import Path

from restudy.console import job
from restudy.evidence.ledger import Published, load_rows
from restudy.experiments.project import project
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input[0]), Published)
    own = project()
    for name, path in zip(snakemake.params.names, snakemake.output, strict=True):
        table = own.function(own.tables[name])(rows)
        write_atomically(Path(path), to_csv(table))
