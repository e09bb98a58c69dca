"""Ids of runs in MLflow, and the run of an id."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from restudy.common.errors import RestudyError
from restudy.tracking.log import find_runs
from restudy.tracking.run_records import GROUP, RUN
from restudy.tracking.store import describe, open_client, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run_ids(
    studies: Iterable[str], results: Path, uri: str | None = None
) -> tuple[dict[tuple[str, str, str], str], str]:
    """Return (study, group, run) -> id; and the error, if the store cannot be read."""
    found = {}
    try:
        client = _open(results, uri)
        for study in sorted(set(studies)):
            experiment = client.get_experiment_by_name(study)
            for run in find_runs(client, experiment.experiment_id) if experiment else ():
                tags = run.data.tags
                if RUN in tags:
                    found[study, tags[GROUP], tags[RUN]] = str(run.info.run_id)
    except Exception as error:  # whatever the store raises: results do not depend on it
        return {}, describe(error)
    return found, ""


def run_of(id_: str, results: Path, uri: str | None = None) -> str:
    """Return ``GROUP/RUN``, or the group, of an MLflow run.

    Raises:
        RestudyError: the store cannot be read, or has no such run.
    """
    try:
        tags = _open(results, uri).get_run(id_).data.tags
    except Exception as error:  # whatever the store raises
        raise RestudyError(f"MLflow run {id_}: {describe(error)}") from error
    if GROUP not in tags:
        raise RestudyError(f"MLflow run {id_}: is none of this pipeline's")
    return f"{tags[GROUP]}/{tags[RUN]}" if RUN in tags else str(tags[GROUP])


def _open(results: Path, uri: str | None) -> MlflowClient:
    # A person waits, so a server that is down is not asked for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return open_client(tracking_uri(uri, results))
