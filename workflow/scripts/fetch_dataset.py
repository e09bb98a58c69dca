import json
from pathlib import Path

from restudy.common.files import write_atomically
from restudy.data.fetch import fetch
from restudy.runtime.job_log import job

with job(snakemake.log[0], shown=True) as say:
    folder = snakemake.params.folder
    name = snakemake.wildcards.dataset
    files = fetch(name, folder=Path(folder) if folder else None)
    say(f"{name}: {len(files)} raw file(s), checked, in {next(iter(files.values())).parent}")
    content = json.dumps({file: str(path) for file, path in files.items()}, indent=1)
    write_atomically(Path(snakemake.output[0]), content.encode())
