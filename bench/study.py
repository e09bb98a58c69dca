"""Seconds of a study: the pipeline beside one process per run, two processes side by side.

Writes ``study.csv`` and ``.md``. 60 runs of the grid study at the default scale go through
``snakemake --cores 2`` in a temporary folder: training, MLflow, tables, figure and report. The peer
is Lightning with its MLflow logger in a process for each run; some of the runs are measured, the
others extrapolated.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from mlflow import MlflowClient

from bench.harness import make_parser, write_table
from bench.workspace import CORES, Workspace, part_of_grid
from restudy.config.recipe import Recipe
from restudy.config.run_ids import label
from restudy.tracking.store import create_store

PEER = "Lightning, a process per run"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and write the table."""
    about = "Seconds of a study: the pipeline beside one process per run."
    options = make_parser("study", about, "four small runs: does it work").parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Workspace.make(Path(folder), part_of_grid(options.quick))
        recipes = [run.recipe for run in place.plan().runs]
        print(f"Preparing data for {len(recipes)} runs, not measured", flush=True)
        place.snakemake(str(place.data.relative_to(place.folder)))
        print("Running the pipeline", flush=True)
        pipeline = place.snakemake()
        sample = recipes[:: 2 if options.quick else 6]
        print(f"Running {len(sample)} of the runs, each in a process of its own", flush=True)
        processes = one_process_each(place, sample)
    table = tabulate(len(recipes), pipeline, len(sample), processes)
    columns = {
        "way": ("way", "{}"),
        "seconds": (f"seconds for {len(recipes)} runs", "{:.1f}"),
        "times_as_fast": ("times as fast", "{:.1f}x"),
        "measured_runs": ("runs measured", "{}"),
        "measured_seconds": ("in seconds", "{:.1f}"),
    }
    first = recipes[0]
    notes = [
        f"{len(recipes)} runs of the grid study: {first.dataset}, {first.n_train:,} samples, "
        f"{first.epochs} epochs, hidden layers {label(first.hidden)}. Wall time with "
        f"{CORES} processes side by side, one thread each; the data are prepared before.",
        "restudy: all that `snakemake` does, from its start to the report: training, evaluation, "
        "MLflow, tables, figure, page.",
        "A process per run: Lightning with a DataLoader, fused SGD and its MLflow logger, "
        f"evaluation on validation and test set. Extrapolated: {len(sample)} runs, evenly spread "
        f"over the study, were measured and their time multiplied by "
        f"{len(recipes) / len(sample):g}.",
    ]
    print(write_table(options.results / "study", table, "Seconds of a study", columns, notes))


def one_process_each(place: Workspace, recipes: Sequence[Recipe]) -> float:
    """Train each recipe in a process of its own, some side by side; return the seconds of all."""
    store = f"sqlite:///{place.folder / 'peer.db'}"
    create_store(store)  # two processes that make a new store, or an experiment, at once fail
    MlflowClient(store).create_experiment(PEER)
    command = [sys.executable, "-m", "bench.one_run", PEER]
    calls = [
        [*command, json.dumps(recipe.differences()), str(place.data), store] for recipe in recipes
    ]
    started = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(place.timed, calls))
    return time.perf_counter() - started


def tabulate(runs: int, pipeline: float, measured: int, processes: float) -> pd.DataFrame:
    """Return one row for the pipeline and one for a process per run.

    Args:
        runs: number of runs of the study.
        pipeline: seconds that the pipeline took for all of them.
        measured: how many were run as a process each.
        processes: seconds that these took.
    """
    for_all = processes * runs / measured
    return pd.DataFrame(
        [
            ("restudy, snakemake", runs, pipeline, pipeline, for_all / pipeline),
            (PEER, measured, processes, for_all, 1.0),
        ],
        columns=["way", "measured_runs", "measured_seconds", "seconds", "times_as_fast"],
    ).assign(runs=runs)


if __name__ == "__main__":
    main()
