"""Training jobs that log into one store at once: is every metric of every run there afterwards?"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.load.studies import seeds, tracked
from bench.same.computed import images
from restudy.config.run_ids import Lane, cell_id
from restudy.results import group_files
from restudy.results.group_files import CellResults
from restudy.tracking.live_logging import LiveCell
from restudy.tracking.store import open_client, prepare
from restudy.training.train_stacks import train_lanes

STUDY = "load"
# All that a job imports: a forked process need not import it again.
_PRELOADED = ["bench.load.writers", "mlflow"]


@dataclass(frozen=True)
class Job:
    """A cell, and what it takes to train it and show it.

    Attributes:
        uri, artifacts: the store, and where the files of its experiments go.
        cells: the folder with the cells' folders.
        lanes: of the cell.
        study: the description, with all runs.
    """

    uri: str
    artifacts: Path
    cells: Path
    lanes: Sequence[Lane]
    study: dict[str, Any]

    @property
    def cell(self) -> str:
        """Id of the cell."""
        return cell_id(self.lanes[0].recipe)


@dataclass(frozen=True)
class Written:
    """What became of many jobs that logged at once.

    Attributes:
        jobs, runs, points: how many there were; points are values of metrics.
        seconds: from the first job's start to the last one's end.
        lost: runs and points that the store does not have, or has otherwise or twice, in words.
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
    todo = plan(uri, folder, jobs, lanes, epochs)
    # Forked from a process that has imported everything: they start together, and soon.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    started = time.perf_counter()
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        told = pool.map(run, todo, chunksize=1)
    seconds = time.perf_counter() - started
    lost = [f"{job.cell}: {problem}" for job, problem in zip(todo, told, strict=True) if problem]
    found = {job.cell: group_files.read(job.cells / job.cell) for job in todo}
    whole = {cell: made for cell, made in found.items() if made is not None}
    lost += list(missing(uri, whole))
    return Written(
        jobs, jobs * lanes, sum(len(expected(made)) for made in whole.values()), seconds, lost
    )


def plan(uri: str, folder: Path, jobs: int, lanes: int, epochs: int) -> list[Job]:
    """Return jobs of a study of networks of several widths, a cell for each."""
    widths = range(8, 8 + jobs)
    shared: dict[str, Any] = {
        "dataset": "mnist",
        "learning_rate": 0.1,
        "batch_size": 32,
        "epochs": epochs,
    }
    shared |= {"train_samples": 512, "validation_samples": 128}
    cells = {str(width): seeds(lanes, **shared, hidden=[width]) for width in widths}
    study = tracked(STUDY, cells, keep_weights=True, results=str(folder))
    place = folder / "mlflow/artifacts"
    return [Job(uri, place, folder / "cells", some, study) for some in cells.values()]


def run(job: Job) -> str | None:
    """Do what a training job does; return what went wrong with the store, if anything."""
    import torch

    torch.set_num_threads(1)
    live = LiveCell(job.uri, job.artifacts, lambda: [job.study], job.cell, seconds=1e-9)
    digests = {lane.id: "made up" for lane in job.lanes}
    made = train_lanes(job.lanes, images(), digests=digests, watch=live.watch)
    made.record |= {"seeds": {lane.id: lane.recipe.seed for lane in job.lanes}}
    group_files.write(made, job.cells / job.cell)
    return None if live.finish(made) else live.problem or "nothing was sent"


def expected(made: CellResults) -> pd.Series[float]:
    """Return every finite value of a cell's history, by lane, name in MLflow, and epoch."""
    table = made.history
    names = (table["split"] + "_" + table["metric"]).mask(table["metric"] == "penalty", "penalty")
    values = table.assign(name=names).set_index(["lane", "name", "epoch"])["value"]
    return values[values.abs() < float("inf")]


def missing(uri: str, cells: dict[str, CellResults]) -> Iterator[str]:
    """Yield what the store does not have of some cells, or has otherwise, each in words."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(STUDY).experiment_id
    runs: dict[tuple[str, str], list[Any]] = {}
    for one in client.search_runs([experiment], max_results=50_000):
        tags = one.data.tags
        if "restudy.lane" in tags:
            runs.setdefault((tags["restudy.cell"], tags["restudy.lane"]), []).append(one)
    for cell, made in cells.items():
        for lane, values in expected(made).groupby("lane"):
            there = runs.get((cell, str(lane)), [])
            if len(there) != 1 or there[0].info.status != "FINISHED":
                yield f"{cell}, {lane}: {[each.info.status for each in there]}"
                continue
            wanted = {key[1:]: value for key, value in values.items()}
            for name in {name for name, _ in wanted}:
                points = client.get_metric_history(there[0].info.run_id, name)
                sent = {(name, point.step): point.value for point in points}
                own = {key: value for key, value in wanted.items() if key[0] == name}
                if sent != own or len(points) != len(own):
                    yield f"{cell}, {lane}, {name}: {len(points)} of {len(own)} values"
