from pathlib import Path

from restudy.common.files import write_atomically
from restudy.data.load import load
from restudy.experiments.running import run
from restudy.runtime.job_log import job
from restudy.runtime.job_records import write_record

with job(snakemake.log[0]):
    data = {one.name: one for one in (load(Path(path)) for path in snakemake.input.data)}
    tables = [Path(path) for path in snakemake.params.tables]
    for path in tables:
        write_atomically(path, run(path.stem, data).to_parquet(index=False))
    write_record(Path(snakemake.output[0]), tables, Path(snakemake.params.results))
