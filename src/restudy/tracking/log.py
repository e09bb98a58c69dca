"""Writing a group's runs to a store, once each.

In a study's experiment a group is a run, and the study's runs in it are its children. What is
there and right is left alone; what is stale, half-written or there twice is deleted and written
again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.numpy import save

from restudy.results.group_files import RECORD, WEIGHTS, GroupResults
from restudy.tracking import run_records
from restudy.tracking.curves import learning_curves
from restudy.tracking.run_records import GROUP, PARENT, RUN, Point, RunContent, Study

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

CURVES = "learning_curves.png"
_PAGE = 1000
# What a store takes in one call.
_MOST_METRICS, _MOST_OTHERS = 1000, 100


@dataclass
class Started:
    """The runs that a training job has begun in one experiment.

    Attributes:
        parent: id of the group's run.
        runs: run -> id of its run.
        sent: run -> last epoch that the store has.
    """

    parent: str
    runs: dict[str, str] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """How the runs in a store compare with those that should be there.

    Attributes:
        kept: run -> id of its run, finished and right.
        others: MLflow ids of finished runs that no study asks for now; they stay.
        parent: id of the group's run if it is right.
        superfluous: ids of runs to delete.
    """

    kept: dict[str, str]
    others: list[str]
    parent: str | None
    superfluous: list[str]


def log_group(
    client: MlflowClient,
    experiment: str,
    study: Study,
    group: str,
    results: GroupResults,
    *,
    ended: float | None = None,
    started: Started | None = None,
    existing: Sequence[Run] | None = None,
) -> int:
    """Make a study's view of a group complete.

    Args:
        client: of an open store.
        experiment: id of the study's experiment.
        study: its description, with ``runs`` (see :mod:`restudy.tracking.run_records`).
        group: the group's id.
        results: the group's results; runs that are not the study's are passed over.
        ended: when training ended, in seconds; None: now.
        started: runs to complete, instead of writing new ones.
        existing: the experiment's runs of this group; None: look them up.

    Returns:
        how many runs were written.
    """
    runs = run_records.run_contents(study, group, results, ended)
    if not runs:
        return 0
    parent = run_records.group_content(study, group, results, runs)
    if existing is None:
        existing = find_runs(client, experiment, group)
    begun = started or Started("")
    wanted = {run: run_records.identity(content.tags) for run, content in runs.items()}
    standing = compare(existing, wanted, begun)
    for run_id in standing.superfluous:
        client.delete_run(run_id)
    if standing.parent and len(standing.kept) == len(runs):
        return 0
    parent_id = begun.parent or create(client, experiment, parent)
    for run_id in [*standing.kept.values(), *standing.others]:
        client.set_tag(run_id, PARENT, parent_id)
    data = _data_inputs(results)
    missing = [run for run in runs if run not in standing.kept]
    for run in missing:
        run_id = begun.runs.get(run) or create(client, experiment, runs[run], parent_id)
        with tempfile.TemporaryDirectory() as folder:
            if run in results.weights:
                # Not save_file: it makes a file that only its owner can read, wherever it goes.
                (Path(folder) / WEIGHTS).write_bytes(save(results.weights[run]))
            _complete(
                client,
                run_id,
                runs[run],
                data,
                Path(folder),
                begun=run in begun.runs,
                sent=begun.sent.get(run, 0),
            )
    with tempfile.TemporaryDirectory() as folder:
        history = results.history[results.history["run"].isin(runs)]
        if history["epoch"].nunique() > 1:
            groups = run_records.varying_levels(run_records.runs_of(study, group))
            (Path(folder) / CURVES).write_bytes(learning_curves(history, groups, title=group))
        (Path(folder) / RECORD).write_text(json.dumps(results.record, indent=1), encoding="utf-8")
        _complete(client, parent_id, parent, data, Path(folder), begun=started is not None)
    return len(missing)


def compare(
    existing: Iterable[Run], wanted: Mapping[str, Mapping[str, str]], started: Started
) -> Standing:
    """Compare the runs of a group in an experiment with those that should be there.

    Args:
        existing: all that are not deleted.
        wanted: run -> its identity tags.
        started: runs of a job that is not done yet, which are neither right nor superfluous.
    """
    kept: dict[str, str] = {}
    others, superfluous = [], []
    parent = None
    parent_tags = run_records.group_identity_tags(wanted)
    for mlflow_run in existing:
        run_id, tags, run = (
            mlflow_run.info.run_id,
            mlflow_run.data.tags,
            mlflow_run.data.tags.get(RUN),
        )
        finished = mlflow_run.info.status == "FINISHED"
        if run_id == started.parent or run_id in started.runs.values():
            continue
        if run is None:
            right = finished and _has(tags, parent_tags) and not (parent or started.parent)
            parent = run_id if right else parent
        elif run in wanted:
            right = finished and run not in kept and run not in started.runs
            right = right and run_records.identity(tags) == wanted[run]
            if right:
                kept[run] = run_id
        else:
            right = finished
            if right:
                others.append(run_id)
        if not right:
            superfluous.append(run_id)
    # Its means and its picture are those of other runs.
    if parent and len(kept) < len(wanted):
        superfluous.append(parent)
        parent = None
    return Standing(kept, others, parent, superfluous)


def find_runs(client: MlflowClient, experiment: str, group: str | None = None) -> list[Run]:
    """Return the runs of an experiment (and a group) that are not deleted."""
    where = f"tags.`{GROUP}` = '{group}'" if group else ""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs([experiment], where, max_results=_PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def create(
    client: MlflowClient, experiment: str, content: RunContent, parent: str | None = None
) -> str:
    """Begin a run, with the tags that it is found by, and return its id."""
    tags = content.tags | ({PARENT: parent} if parent else {})
    mlflow_run = client.create_run(experiment, content.started, tags, content.name)
    return str(mlflow_run.info.run_id)


def send(
    client: MlflowClient,
    run_id: str,
    points: Sequence[Point],
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Send metrics, parameters and tags in as few calls as a store allows."""
    from mlflow.entities import Metric, Param, RunTag

    metrics = [Metric(p.name, p.value, p.time, p.epoch) for p in points]
    others = (
        [Param(*item) for item in (params or {}).items()],
        [RunTag(*item) for item in (tags or {}).items()],
    )
    # At least one call's worth of parts, so that the first takes parameters and tags along.
    for place, part in enumerate(_parts(metrics, _MOST_METRICS - 2 * _MOST_OTHERS)):
        first = others if place == 0 else ([], [])
        client.log_batch(run_id, part, *first)


def _complete(
    client: MlflowClient,
    run_id: str,
    content: RunContent,
    data: list[DatasetInput],
    files: Path,
    *,
    begun: bool,
    sent: int = 0,
) -> None:
    """Send what is still missing in a run, and end it.

    Args:
        client: of the store.
        run_id: the run.
        content: all of it.
        data: what it was trained and tested on.
        files: a folder; what is in it becomes the run's artifacts.
        begun: whether a training job made the run.
        sent: last epoch that the store has.
    """
    points = [point for point in content.points if point.epoch > sent]
    # Runs that were made just now have their tags; those of a job in training have fewer.
    send(client, run_id, points, content.params, content.tags if begun else {})
    _send_data(client, run_id, data)
    if any(files.iterdir()):
        client.log_artifacts(run_id, str(files))
    client.set_terminated(run_id, "FINISHED", content.ended)


def _send_data(client: MlflowClient, run_id: str, data: list[DatasetInput]) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.log_inputs(run_id, data)
    except MlflowException:
        # Of two jobs that bring a data set into an experiment at once, one fails: it was not
        # there when that one looked. Now it is.
        client.log_inputs(run_id, data)


def _data_inputs(results: GroupResults) -> list[DatasetInput]:
    """Return the data set as MLflow has it: a name, a digest, and what it was used for."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    data = results.record.get("data")
    if not data:
        return []
    name, digest = data["dataset"], data["sha256"][:8]
    found = []
    for context in ("train", "test"):
        rows = int(results.summary[f"n_{context}"].iloc[0])
        source = json.dumps({"uri": name, "sha256": data["sha256"]})
        profile = json.dumps({"num_rows": rows, "split_seed": data.get("split_seed")})
        # MLflow keeps one use of a data set: each part needs a name of its own.
        dataset = Dataset(f"{name}-{context}", digest, "local", source, None, profile)
        found.append(DatasetInput(dataset, [InputTag("mlflow.data.context", context)]))
    return found


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    yield items[:size]
    for start in range(size, len(items), size):
        yield items[start : start + size]


def _has(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(tags.get(key) == value for key, value in wanted.items())
