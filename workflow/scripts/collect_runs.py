from pathlib import Path

from restudy.console import job
from restudy.results.collect import collect

with job(snakemake.log[0]):
    collect(
        snakemake.params.description,
        snakemake.params.runs,
        cells=Path(snakemake.params.results) / "cells",
        folder=Path(snakemake.output.runs).parent,
    )
