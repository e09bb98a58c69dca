from pathlib import Path

from restudy.console import job
from restudy.run_record import write_run_record

with job(snakemake.log[0]):
    write_run_record(Path(snakemake.output[0]), **snakemake.params.call)
