from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.figures import style
from restudy.figures.housing import housing

with job(snakemake.log[0]):
    drawing = housing(
        pd.read_parquet(snakemake.input.runs),
        pd.read_parquet(snakemake.input.history),
        pd.read_parquet(snakemake.input.predictions[0]),
    )
    style.save(drawing, *map(Path, snakemake.output))
