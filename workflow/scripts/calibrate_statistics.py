from pathlib import Path

from restudy.results.table_files import write_table
from restudy.runtime.job_log import job
from restudy.stats.calibration import calibrate

with job(snakemake.log[0]):
    table = calibrate(snakemake.params.repetitions)
    write_table(Path(snakemake.output[0]), table)
