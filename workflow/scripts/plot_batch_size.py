from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.figures import style
from restudy.figures.batch_size import batch_size

with job(snakemake.log[0]):
    drawing = batch_size(
        pd.read_parquet(snakemake.input.runs), pd.read_parquet(snakemake.input.timing)
    )
    style.save(drawing, *map(Path, snakemake.output))
