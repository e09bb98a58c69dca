from pathlib import Path

import pandas as pd

from restudy.figures import style
from restudy.figures.batch_size import batch_size
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    drawing = batch_size(
        pd.read_parquet(snakemake.input.runs), pd.read_parquet(snakemake.input.timing)
    )
    style.save(drawing, *map(Path, snakemake.output))
