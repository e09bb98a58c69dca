"""What MLflow gets when all is done: summaries of the studies, and their best networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from restudy.tracking.descriptions import Study
from restudy.tracking.registry import best_of, register
from restudy.tracking.store import StoreError, describe, open_client
from restudy.tracking.summaries import Verdict, files_of, read_verdicts, summarise

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass
class FinishReport:
    """What was found and done.

    Attributes:
        present: summaries and networks that were there and right.
        summaries: those that were written now.
        models: those that were registered now.
        missing: summaries and networks that are not there still.
        problem: why, or None.
    """

    present: int = 0
    summaries: int = 0
    models: int = 0
    missing: int = 0
    problem: str | None = None


def finish(
    uri: str,
    results: Path,
    studies: Iterable[Study],
    pictures: Mapping[str, Sequence[str]],
) -> FinishReport:
    """Bring summaries and registered networks up to date, after :func:`.sync.sync`.

    Only one process may do this at a time. A store that is down is reported, not raised.

    Args:
        uri: the store.
        results: the folder that everything is written to.
        studies: descriptions, with ``runs``, as for :mod:`restudy.tracking.run_records`.
        pictures: study -> names of other figures that its runs are drawn in.
    """
    studies = list(studies)
    verdicts = read_verdicts(results / "report/view.json")
    best = {study["name"]: best_of(study, results / "groups") for study in studies}
    planned = len(studies) + sum(one is not None for one in best.values())
    report = FinishReport()
    try:
        client = open_client(uri)
        for study in studies:
            name = study["name"]
            experiment = _experiment(client, name)
            files = files_of(name, pictures.get(name, ()), results)
            added = summarise(client, experiment, study, files, _of(study, verdicts))
            report.summaries += added
            report.present += not added
            found = best[name]
            if found is not None:
                added = register(client, experiment, study, found, results)
                report.models += added
                report.present += not added
    except Exception as error:  # whatever the store raises
        report.problem = describe(error)
    report.missing = planned - report.present - report.summaries - report.models
    return report


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None or found.lifecycle_stage != "active":
        raise StoreError(f"the store has no experiment {name}")
    return str(found.experiment_id)


def _of(study: Study, verdicts: Mapping[str, Verdict]) -> list[Verdict]:
    return [verdicts[claim] for claim in study.get("claims", []) if claim in verdicts]
