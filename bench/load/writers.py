"""Training jobs that log into one store at once: is every metric of every run there afterwards?"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.load.made_up import runs_of, tracked_study
from bench.same.computed import images
from restudy.config.run_ids import RunSpec, group_id
from restudy.results import group_files
from restudy.results.group_files import GroupResults
from restudy.tracking.live_logging import LiveGroup
from restudy.tracking.store import open_client, prepare
from restudy.training.train_stacks import train_runs

STUDY = "load"


@dataclass(frozen=True)
class Written:
    """Result of many jobs that logged at once.

    Attributes:
        jobs, runs, points: how many there were; points are values of metrics.
        seconds: from the first job's start to the last one's end.
        lost: runs and points that the store lacks, or has with another value or twice.
    """

    jobs: int
    runs: int
    points: int
    seconds: float
    lost: list[str]


def measure(uri: str, folder: Path, *, jobs: int = 8, runs: int = 3, epochs: int = 5) -> Written:
    """Train groups at once, each in a process of its own that sends metrics after every epoch.

    Args:
        uri: a store; it is made if it is not there.
        folder: an empty one, for groups and artifacts.
        jobs: how many, one group each.
        runs: seeds of each group.
        epochs: of each run.
    """
    problem = prepare(uri)
    assert problem is None, problem  # noqa: S101
    shared: dict[str, Any] = {"dataset": "mnist", "learning_rate": 0.1, "batch_size": 32}
    shared |= {"epochs": epochs, "train_samples": 512, "validation_samples": 128}
    groups = {str(width): runs_of(runs, **shared, hidden=[width]) for width in range(8, 8 + jobs)}
    study = tracked_study(STUDY, groups, keep_weights=True, results=str(folder))
    # Forked from a process that has imported everything: they start together, and soon.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.load.writers", "mlflow"])
    started = time.perf_counter()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        calls = [(uri, folder, study, some) for some in groups.values()]
        problems = pool.starmap(_run, calls, chunksize=1)
    seconds = time.perf_counter() - started
    ids = [group_id(some[0].recipe) for some in groups.values()]
    lost = [f"{id_}: {problem}" for id_, problem in zip(ids, problems, strict=True) if problem]
    read = {id_: group_files.read(folder / "groups" / id_) for id_ in ids}
    found = {id_: made for id_, made in read.items() if made is not None}
    lost += missing(uri, found)
    points = sum(len(_expected(made)) for made in found.values())
    return Written(jobs, jobs * runs, points, seconds, lost)


def _run(uri: str, folder: Path, study: dict[str, Any], runs: Sequence[RunSpec]) -> str | None:
    """Do what a training job does; return what went wrong with the store, if anything."""
    import torch

    torch.set_num_threads(1)
    group = group_id(runs[0].recipe)
    live = LiveGroup(uri, folder / "mlflow/artifacts", lambda: [study], group, seconds=1e-9)
    digests = {run.id: "made up" for run in runs}
    made = train_runs(runs, images(), digests=digests, watch=live.watch)
    made.record |= {"seeds": {run.id: run.recipe.seed for run in runs}}
    group_files.write(made, folder / "groups" / group)
    return None if live.finish(made) else live.problem or "nothing was sent"


def _expected(made: GroupResults) -> pd.Series[float]:
    """Return every finite value of a group's history, by run, name in MLflow, and epoch."""
    table = made.history
    names = (table["split"] + "_" + table["metric"]).mask(table["metric"] == "penalty", "penalty")
    values = table.assign(name=names).set_index(["run", "name", "epoch"])["value"]
    return values[values.abs() < float("inf")]


def missing(uri: str, groups: Mapping[str, GroupResults]) -> Iterator[str]:
    """Yield what the store lacks of some groups, or has with another value or twice."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(STUDY).experiment_id
    runs: dict[tuple[str | None, str | None], list[Any]] = {}
    for one in client.search_runs([experiment], max_results=50_000):
        place = one.data.tags.get("restudy.group"), one.data.tags.get("restudy.run")
        runs.setdefault(place, []).append(one)
    for group, made in groups.items():
        for run, values in _expected(made).groupby("run"):
            there = runs.get((group, str(run)), [])
            if len(there) != 1 or there[0].info.status != "FINISHED":
                yield f"{group}, {run}: {[each.info.status for each in there]}"
                continue
            for name, own in values.droplevel("run").groupby("name"):
                points = client.get_metric_history(there[0].info.run_id, name)
                sent = {(name, point.step): point.value for point in points}
                if sent != own.to_dict() or len(points) != len(own):
                    yield f"{group}, {run}, {name}: {len(points)} of {len(own)} values"
