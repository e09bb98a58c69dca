import json
from pathlib import Path

import pandas as pd

from restudy.figures import style
from restudy.figures.learning_curves import learning_curves
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    studies = zip(snakemake.input.histories, snakemake.input.descriptions, strict=True)
    output = snakemake.output
    written = zip(output.svg, output.pdf, output.csv, strict=True)
    for (history, description), files in zip(studies, written, strict=True):
        factors = list(json.loads(Path(description).read_text())["factors"])
        drawing = learning_curves(pd.read_parquet(history), factors)
        style.save(drawing, *map(Path, files))
