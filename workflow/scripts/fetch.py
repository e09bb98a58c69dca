import json
from pathlib import Path

from restudy.console import job
from restudy.datasets.fetch import fetch
from restudy.files import write_atomically

with job(snakemake.log[0]) as say:
    folder = snakemake.params.folder
    name = snakemake.wildcards.dataset
    say(f"{name}: fetching the raw files (details in {snakemake.log[0]})")
    files = fetch(name, folder=Path(folder) if folder else None)
    content = json.dumps({file: str(path) for file, path in files.items()}, indent=1)
    write_atomically(Path(snakemake.output[0]), content.encode())
