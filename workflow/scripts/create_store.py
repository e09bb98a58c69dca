import json
from pathlib import Path

from restudy.console import job
from restudy.files import write_atomically
from restudy.tracking.store import artifact_root, prepare

with job(snakemake.log[0]) as say:
    uri, studies = snakemake.params.uri, snakemake.params.studies
    results = Path(snakemake.output[0]).parents[1]
    problem = prepare(uri, artifact_root(uri, results), studies)
    if problem:
        say(f"warning: MLflow: {problem}; training goes on, and the runs are added later")
    content = json.dumps({"uri": uri, "studies": studies}, indent=1)
    write_atomically(Path(snakemake.output[0]), content.encode())
