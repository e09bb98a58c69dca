from pathlib import Path

import pandas as pd

from restudy.collect import read_description
from restudy.console import job
from restudy.datasets.load import load
from restudy.evidence.drawings import drawing
from restudy.figures import sources, style
from restudy.figures.study_panels import Tables
from restudy.files import write_atomically

with job(snakemake.log[0]):
    figure = snakemake.params.figure
    asked, output = drawing(figure["draw"]), snakemake.output
    tables = data = description = None
    if history := snakemake.input.get("history"):
        runs = pd.read_parquet(snakemake.input.runs)
        description = read_description(Path(history).parent)
        tables = Tables(runs, pd.read_parquet(history), description)
    if prepared := snakemake.input.get("data"):
        data = load(Path(prepared))
    drawn = sources.draw(asked, figure["printed"], tables, data)
    style.save(drawn, *map(Path, (output.svg, output.pdf, output.csv)))
    said = sources.caption(figure["id"], figure["source"], asked, description)
    write_atomically(Path(output.caption), f"{said}\n".encode())
