import json
from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.figures import style
from restudy.figures.grid import grid

with job(snakemake.log[0]):
    description = json.loads(Path(snakemake.input.description).read_text())
    drawing = grid(pd.read_parquet(snakemake.input.runs), list(description["factors"]))
    style.save(drawing, *map(Path, snakemake.output))
