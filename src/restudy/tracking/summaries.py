"""The summary of a study: a run that holds its figures, its tables and the verdicts it led to.

It is written once all of that is there, and again when any of it has changed. MLflow shows its
files as pictures and tables, and the experiment's description gets its picture and verdicts too.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from restudy.common.digests import digest
from restudy.evidence.statuses import label
from restudy.tracking import descriptions
from restudy.tracking.descriptions import Study
from restudy.tracking.run_records import DIGEST, KIND, claims_tag, common_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient

SUMMARY = "summary"
TABLES = ("summary", "comparison", "winners")
"""Of each study; those of times would be others after each training."""


@dataclass(frozen=True)
class Verdict:
    """What became of a claim."""

    claim: str
    status: str
    statement: str


def read_verdicts(view: Path) -> dict[str, Verdict]:
    """Read what became of each claim from ``view.json``, without measured times."""
    claims = json.loads(view.read_bytes())["claims"]
    return {one["id"]: Verdict(one["id"], one["status"], one["statement"]) for one in claims}


def files_of(study: str, pictures: Sequence[str], results: Path) -> dict[str, Path]:
    """Return the files of a study's summary: the name in MLflow -> where it is.

    Args:
        study: its name.
        pictures: names of other figures that its runs are drawn in.
        results: the folder that everything is written to.
    """
    files = {f"{study}.svg": results / f"figures/{study}.svg"}
    files |= {f"figures/{name}.svg": results / f"figures/{name}.svg" for name in pictures}
    return files | {
        f"tables/{table}.csv": results / f"tables/{study}/{table}.csv" for table in TABLES
    }


def summarise(
    client: MlflowClient,
    experiment: str,
    study: Study,
    files: Mapping[str, Path],
    verdicts: Sequence[Verdict],
) -> bool:
    """Bring a study's summary up to date.

    Args:
        client: of an open store.
        experiment: id of the study's experiment.
        study: its description, as for :mod:`restudy.tracking.run_records`.
        files: as :func:`files_of` says; the first is the study's figure.
        verdicts: of the claims that are tested on it.

    Returns:
        whether anything was written.
    """
    tags = _tags(study, files, verdicts)
    found = client.search_runs([experiment], f"tags.`{KIND}` = '{SUMMARY}'")
    right = [
        mlflow_run
        for mlflow_run in found
        if mlflow_run.info.status == "FINISHED" and mlflow_run.data.tags.get(DIGEST) == tags[DIGEST]
    ]
    kept = right[0].info.run_id if right else None
    for mlflow_run in found:
        if mlflow_run.info.run_id != kept:
            client.delete_run(mlflow_run.info.run_id)
    run_id = kept or _write(client, experiment, study, tags, files)
    outcome = _outcome(experiment, run_id, next(iter(files)), verdicts)
    places = descriptions.bullets(descriptions.places(study))
    about = f"{study['title']}\n\n{study['question']}\n\n{outcome}\n\nWhere it is:\n\n{places}"
    told = _tell(client, run_id, about)
    note = descriptions.with_outcome(descriptions.experiment_note(study), outcome)
    experiment_tags = client.get_experiment(experiment).tags
    if experiment_tags.get(descriptions.NOTE) != note:
        client.set_experiment_tag(experiment, descriptions.NOTE, note)
        told = True
    return told or not kept


def _tags(study: Study, files: Mapping[str, Path], verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Return the tags of the run; one stands for all that is in it."""
    contents = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    common = {**common_tags(study, SUMMARY), **claims_tag(study)}
    told = [[verdict.claim, verdict.status, verdict.statement] for verdict in verdicts]
    return {**common, DIGEST: digest([common, contents, told])}


def _write(
    client: MlflowClient,
    experiment: str,
    study: Study,
    tags: dict[str, str],
    files: Mapping[str, Path],
) -> str:
    now = round(1000 * time.time())
    name = f"{SUMMARY} of {study['name']}"
    run_id = str(client.create_run(experiment, now, tags, name).info.run_id)
    with tempfile.TemporaryDirectory() as folder:
        for file, path in files.items():
            target = Path(folder) / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        client.log_artifacts(run_id, folder)
    client.set_terminated(run_id, "FINISHED", now)
    return run_id


def _tell(client: MlflowClient, run_id: str, note: str) -> bool:
    """Set a run's description; return whether it was another."""
    if client.get_run(run_id).data.tags.get(descriptions.NOTE) == note:
        return False
    client.set_tag(run_id, descriptions.NOTE, note)
    return True


def _outcome(experiment: str, run_id: str, picture: str, verdicts: Sequence[Verdict]) -> str:
    """Return what came out, with links that the server of the store can follow."""
    run = f"#/experiments/{experiment}/runs/{run_id}"
    parts = [f"![The study's figure](get-artifact?path={picture}&run_uuid={run_id})"]
    parts.append(f"Figures and tables: [summary]({run}/artifacts).")
    if verdicts:
        lines = [f"{one.claim}: **{label(one.status)}**. {one.statement}" for one in verdicts]
        parts.append(f"Claims that are tested on it:\n\n{descriptions.bullets(lines)}")
    return "\n\n".join(parts)
