import json
from dataclasses import asdict
from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_settings
from restudy.runtime.job_log import job
from restudy.tracking.store import artifact_root, read_tracked, tracking_uri
from restudy.tracking.sync import sync

with job(snakemake.log[0]) as say:
    settings = load_settings(snakemake.config)
    results = Path(settings.results)
    uri = tracking_uri(settings.tracking.uri, results)
    report = sync(uri, artifact_root(uri, results), results / "groups", read_tracked(results))
    if report.problem:
        say(
            f"warning: MLflow: {report.missing} runs are missing in the store "
            f"({report.problem}); the next run of the pipeline tries again"
        )
    content = {**asdict(report), "attempt": snakemake.params.attempt}
    write_atomically(Path(snakemake.output[0]), json.dumps(content, indent=1).encode())
