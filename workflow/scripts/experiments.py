from pathlib import Path

from restudy.console import job
from restudy.datasets.load import load
from restudy.experiments.running import run
from restudy.files import write_atomically

with job(snakemake.log[0]):
    data = {one.name: one for one in (load(Path(path)) for path in snakemake.input.data)}
    for name, path in zip(snakemake.params.names, snakemake.output, strict=True):
        table = run(name, data)
        write_atomically(Path(path), table.to_parquet(index=False))
