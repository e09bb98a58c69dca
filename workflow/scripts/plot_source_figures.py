from pathlib import Path

import pandas as pd

from restudy.common.files import write_atomically
from restudy.data.load import load
from restudy.evidence.figure_specs import drawing
from restudy.figures import sources, style
from restudy.figures.source_runs import Tables
from restudy.results.collect import read_description
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    read = snakemake.input
    studies = {
        Path(runs).parent.name: Tables(
            pd.read_parquet(runs), pd.read_parquet(history), read_description(Path(runs).parent)
        )
        for runs, history in zip(read.runs, read.histories, strict=True)
    }
    data = {Path(prepared).stem: load(Path(prepared)) for prepared in read.data}
    written = zip(*(snakemake.output[kind] for kind in ("svg", "pdf", "csv", "txt")), strict=True)
    for figure, (svg, pdf, csv, caption) in zip(snakemake.params.figures, written, strict=True):
        asked = drawing(figure["draw"])
        tables = studies.get(getattr(asked, "study", None))
        drawn = sources.draw(
            asked, figure["printed"], tables, data.get(getattr(asked, "dataset", None))
        )
        style.save(drawn, Path(svg), Path(pdf), Path(csv))
        said = sources.caption(figure["id"], figure["source"], asked, tables and tables.description)
        write_atomically(Path(caption), f"{said}\n".encode())
