"""Training jobs that log into one store at once: is every metric of every run there afterwards?"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.load.made_up import lanes_of, tracked_study
from bench.same.computed import images
from restudy.config.run_ids import Lane, cell_id
from restudy.results import group_files
from restudy.results.group_files import CellResults
from restudy.tracking.live_logging import LiveCell
from restudy.tracking.store import open_client, prepare
from restudy.training.train_stacks import train_lanes

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


def measure(uri: str, folder: Path, *, jobs: int = 8, lanes: int = 3, epochs: int = 5) -> Written:
    """Train cells at once, each in a process of its own that sends metrics after every epoch.

    Args:
        uri: a store; it is made if it is not there.
        folder: an empty one, for cells and artifacts.
        jobs: how many, one cell each.
        lanes: seeds of each cell.
        epochs: of each run.
    """
    problem = prepare(uri)
    assert problem is None, problem  # noqa: S101
    shared: dict[str, Any] = {"dataset": "mnist", "learning_rate": 0.1, "batch_size": 32}
    shared |= {"epochs": epochs, "train_samples": 512, "validation_samples": 128}
    cells = {str(width): lanes_of(lanes, **shared, hidden=[width]) for width in range(8, 8 + jobs)}
    study = tracked_study(STUDY, cells, keep_weights=True, results=str(folder))
    # Forked from a process that has imported everything: they start together, and soon.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.load.writers", "mlflow"])
    started = time.perf_counter()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        calls = [(uri, folder, study, some) for some in cells.values()]
        problems = pool.starmap(_run, calls, chunksize=1)
    seconds = time.perf_counter() - started
    ids = [cell_id(some[0].recipe) for some in cells.values()]
    lost = [f"{id_}: {problem}" for id_, problem in zip(ids, problems, strict=True) if problem]
    read = {id_: group_files.read(folder / "cells" / id_) for id_ in ids}
    found = {id_: made for id_, made in read.items() if made is not None}
    lost += missing(uri, found)
    points = sum(len(_expected(made)) for made in found.values())
    return Written(jobs, jobs * lanes, points, seconds, lost)


def _run(uri: str, folder: Path, study: dict[str, Any], lanes: Sequence[Lane]) -> str | None:
    """Do what a training job does; return what went wrong with the store, if anything."""
    import torch

    torch.set_num_threads(1)
    cell = cell_id(lanes[0].recipe)
    live = LiveCell(uri, folder / "mlflow/artifacts", lambda: [study], cell, seconds=1e-9)
    digests = {lane.id: "made up" for lane in lanes}
    made = train_lanes(lanes, images(), digests=digests, watch=live.watch)
    made.record |= {"seeds": {lane.id: lane.recipe.seed for lane in lanes}}
    group_files.write(made, folder / "cells" / cell)
    return None if live.finish(made) else live.problem or "nothing was sent"


def _expected(made: CellResults) -> pd.Series[float]:
    """Return every finite value of a cell's history, by lane, name in MLflow, and epoch."""
    table = made.history
    names = (table["split"] + "_" + table["metric"]).mask(table["metric"] == "penalty", "penalty")
    values = table.assign(name=names).set_index(["lane", "name", "epoch"])["value"]
    return values[values.abs() < float("inf")]


def missing(uri: str, cells: Mapping[str, CellResults]) -> Iterator[str]:
    """Yield what the store lacks of some cells, or has with another value or twice."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(STUDY).experiment_id
    runs: dict[tuple[str | None, str | None], list[Any]] = {}
    for one in client.search_runs([experiment], max_results=50_000):
        place = one.data.tags.get("restudy.cell"), one.data.tags.get("restudy.lane")
        runs.setdefault(place, []).append(one)
    for cell, made in cells.items():
        for lane, values in _expected(made).groupby("lane"):
            there = runs.get((cell, str(lane)), [])
            if len(there) != 1 or there[0].info.status != "FINISHED":
                yield f"{cell}, {lane}: {[each.info.status for each in there]}"
                continue
            for name, own in values.droplevel("lane").groupby("name"):
                points = client.get_metric_history(there[0].info.run_id, name)
                sent = {(name, point.step): point.value for point in points}
                if sent != own.to_dict() or len(points) != len(own):
                    yield f"{cell}, {lane}, {name}: {len(points)} of {len(own)} values"
