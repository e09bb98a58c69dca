import json
from pathlib import Path

from restudy.common.files import write_atomically
from restudy.config.loading import load_settings
from restudy.runtime.job_log import job
from restudy.tracking.store import prepare, tracking_uri

with job(snakemake.log[0]) as say:
    # From the config and not from params: another store is no reason to train again.
    settings = load_settings(snakemake.config)
    problem = prepare(tracking_uri(settings.tracking.uri, Path(settings.results)))
    if problem:
        say(f"warning: MLflow: {problem}; training goes on, and the runs are added later")
    content = json.dumps({"note": "the MLflow store was made before training"})
    write_atomically(Path(snakemake.output[0]), content.encode())
