import json
from dataclasses import asdict
from pathlib import Path

from restudy.config.loading import load_settings
from restudy.console import job
from restudy.files import write_atomically

with job(snakemake.log[0]) as say:
    import torch

    from restudy.tracking.finish import finish
    from restudy.tracking.store import tracking_uri

    torch.set_num_threads(snakemake.threads)
    settings = load_settings(snakemake.config)
    results = Path(settings.results)
    uri = tracking_uri(settings.tracking.uri, results)
    params = snakemake.params
    report = finish(uri, results, params.studies, params.pictures)
    if report.problem:
        say(
            f"warning: MLflow: {report.missing} summaries and best networks are missing in the "
            f"store ({report.problem}); the next run of the pipeline tries again"
        )
    content = {**asdict(report), "attempt": params.attempt}
    write_atomically(Path(snakemake.output[0]), json.dumps(content, indent=1).encode())
