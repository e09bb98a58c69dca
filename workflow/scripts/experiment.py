from pathlib import Path

from restudy.console import job
from restudy.datasets.load import load
from restudy.experiments.registry import run
from restudy.files import write_atomically

with job(snakemake.log[0]):
    data = [load(Path(path)) for path in snakemake.input.data]
    table = run(snakemake.wildcards.experiment, {one.name: one for one in data})
    write_atomically(Path(snakemake.output[0]), table.to_parquet(index=False))
