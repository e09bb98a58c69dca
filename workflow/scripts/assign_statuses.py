from pathlib import Path

from restudy.evidence.assign_statuses import count_statuses, findings, status_tables
from restudy.evidence.schema import load_catalogue
from restudy.results.table_files import read_typed, write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    rows = load_catalogue(Path(snakemake.input.evidence[0]).parent)
    judged = findings(
        rows,
        {Path(path).stem: read_typed(Path(path)) for path in snakemake.input.tables},
        experiments=snakemake.params.experiments,
        done=snakemake.params.done,
        missing_figures=snakemake.params.missing,
    )
    tables = status_tables(rows, set(snakemake.params.figures), judged)
    for path in map(Path, snakemake.output.tables):
        write_table(path, tables[path.stem])
    write_table(Path(snakemake.output.counts), count_statuses(tables))
