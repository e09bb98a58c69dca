from pathlib import Path

import pandas as pd

from restudy.common.files import write_atomically
from restudy.config.loading import load_rows
from restudy.evidence import contradiction_curves
from restudy.evidence.contradiction_specs import ContradictionFigure
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.schema import Claim
from restudy.figures.contradiction import caption, contradiction
from restudy.figures.style import save
from restudy.results.collect import RUNS
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    read, output = snakemake.input, snakemake.output
    claims = {row.id: row for row in load_rows(Path(read.claims), Claim)}
    rows = {row.id: row for row in load_rows(Path(read.contradictions), ContradictionFigure)}
    folders = [Path(path).parent for path in read.descriptions]
    studies = read_studies(folders)
    runs = {
        name: pd.read_parquet(folder / RUNS) for name, folder in zip(studies, folders, strict=True)
    }
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    written = zip(output.svg, output.pdf, output.csv, output.txt, strict=True)
    for name, (svg, pdf, csv, text) in zip(snakemake.params.names, written, strict=True):
        found = contradiction_curves.panel_curves(rows[name].panels, studies, runs, experiments)
        save(contradiction(found.data, rows[name], claims), Path(svg), Path(pdf), Path(csv))
        write_atomically(Path(text), caption(rows[name], claims, found.reductions).encode())
