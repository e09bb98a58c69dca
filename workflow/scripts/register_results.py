import json
from dataclasses import asdict
from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_settings
from restudy.runtime.job_log import job

with job(snakemake.log[0]) as say:
    import torch

    from restudy.tracking.register_results import finish
    from restudy.tracking.store import read_tracked, tracking_uri

    torch.set_num_threads(snakemake.threads)
    settings = load_settings(snakemake.config)
    results = Path(settings.results)
    uri = tracking_uri(settings.tracking.uri, results)
    params = snakemake.params
    report = finish(uri, results, read_tracked(results), params.pictures)
    if report.problem:
        say(
            f"warning: MLflow: {report.missing} summaries and best networks are missing in the "
            f"store ({report.problem}); the next run of the pipeline tries again"
        )
    content = {**asdict(report), "attempt": params.attempt}
    write_atomically(Path(snakemake.output[0]), json.dumps(content, indent=1).encode())
