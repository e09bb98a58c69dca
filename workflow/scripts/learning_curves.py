import json
from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.figures import style
from restudy.figures.learning_curves import learning_curves

with job(snakemake.log[0]):
    description = json.loads(Path(snakemake.input.description).read_text())
    history = pd.read_parquet(snakemake.input.history)
    drawing = learning_curves(history, list(description["factors"]))
    style.save(drawing, *map(Path, snakemake.output))
