from pathlib import Path

from restudy.results.collect import collect
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    collect(
        snakemake.params.description,
        snakemake.params.runs,
        groups=Path(snakemake.params.results) / "groups",
        folder=Path(snakemake.output.runs).parent,
    )
