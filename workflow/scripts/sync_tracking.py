import json
from dataclasses import asdict
from pathlib import Path

from restudy.console import job
from restudy.files import write_atomically
from restudy.tracking.store import artifact_root
from restudy.tracking.sync import sync

with job(snakemake.log[0]) as say:
    store = json.loads(Path(snakemake.input.store[0]).read_text())
    results = Path(snakemake.output[0]).parents[1]
    report = sync(
        store["uri"], artifact_root(store["uri"], results), results / "cells", store["studies"]
    )
    if report.problem:
        say(
            f"warning: MLflow: {report.missing} runs are missing in the store "
            f"({report.problem}); the next run of the pipeline tries again"
        )
    content = {**asdict(report), "attempt": snakemake.params.attempt}
    write_atomically(Path(snakemake.output[0]), json.dumps(content, indent=1).encode())
