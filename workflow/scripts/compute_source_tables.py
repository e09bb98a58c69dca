from pathlib import Path

from restudy.common.files import write_atomically
from restudy.evidence.schema import Published, load_rows
from restudy.experiments.project import project
from restudy.results.declarations import EVIDENCE_TABLES
from restudy.results.table_files import to_csv, write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input[0]), Published)
    own = project()
    for name, path in zip(snakemake.params.names, snakemake.output, strict=True):
        table = own.function(own.tables[name])(rows)
        if name in EVIDENCE_TABLES:
            write_table(Path(path), table)
        else:  # a project's own, declared there
            write_atomically(Path(path), to_csv(table))
