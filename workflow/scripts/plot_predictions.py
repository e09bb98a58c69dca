from pathlib import Path

import pandas as pd

from restudy.figures import style
from restudy.figures.predicted_vs_actual import housing
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    drawing = housing(
        pd.read_parquet(snakemake.input.runs),
        pd.read_parquet(snakemake.input.history),
        pd.read_parquet(snakemake.input.predictions[0]),
    )
    style.save(drawing, *map(Path, snakemake.output))
