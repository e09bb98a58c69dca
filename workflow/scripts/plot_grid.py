import json
from pathlib import Path

import pandas as pd

from restudy.figures import style
from restudy.figures.factorial_heatmap import grid
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    description = json.loads(Path(snakemake.input.description).read_text())
    drawing = grid(pd.read_parquet(snakemake.input.runs), list(description["factors"]))
    style.save(drawing, *map(Path, snakemake.output))
