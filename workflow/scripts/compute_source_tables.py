from pathlib import Path

from restudy.config.loading import load_rows
from restudy.evidence.schema import Published
from restudy.experiments.project import project
from restudy.experiments.tables import declared
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_rows(Path(snakemake.input[0]), Published)
    own = project()
    for name, path in zip(snakemake.params.names, snakemake.output, strict=True):
        write_table(Path(path), own.function(own.tables[name])(rows), declared(name))
