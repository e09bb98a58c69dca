from pathlib import Path

from restudy.console import job
from restudy.results.table_files import write_table
from restudy.stats.calibration import calibrate

with job(snakemake.log[0]):
    repetitions = snakemake.params.repetitions
    table = calibrate(repetitions, bootstrap_repetitions=repetitions // 10)
    write_table(Path(snakemake.output[0]), table)
