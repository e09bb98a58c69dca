from pathlib import Path

from restudy.console import job
from restudy.files import write_atomically
from restudy.stats.calibration import calibrate
from restudy.tables import to_csv

with job(snakemake.log[0]):
    table = calibrate(snakemake.params.repetitions)
    write_atomically(Path(snakemake.output[0]), to_csv(table))
