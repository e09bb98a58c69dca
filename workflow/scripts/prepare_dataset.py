import json
from pathlib import Path

from restudy.data.prepare import prepare
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    raw = json.loads(Path(snakemake.input[0]).read_text())
    prepare(
        snakemake.wildcards.dataset,
        {name: Path(path) for name, path in raw.items()},
        Path(snakemake.output[0]),
        snakemake.params.split_seed,
    )
