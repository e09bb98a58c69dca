from pathlib import Path

from restudy.results.run_record import write_run_record
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    write_run_record(Path(snakemake.output[0]), **snakemake.params.call)
