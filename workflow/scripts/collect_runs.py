from pathlib import Path

from restudy.collect import collect
from restudy.console import job

with job(snakemake.log[0]):
    collect(
        snakemake.params.description,
        snakemake.params.runs,
        cells=Path(snakemake.params.results) / "cells",
        folder=Path(snakemake.output.runs).parent,
    )
