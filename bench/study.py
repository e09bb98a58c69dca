"""Seconds of a study: the pipeline beside one process per run, two processes side by side.

Usage: ``python -m bench.study [--quick] [--results FOLDER]``. Writes ``study.csv`` and ``.md`` into
``results/bench``. 60 runs of the grid study at the default scale go through ``snakemake --cores 2``
in a temporary folder: training, MLflow, tables, figure and report. The peer is Lightning with its
MLflow logger in a process for each run; some of the runs are measured, the others extrapolated.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow import MlflowClient

from bench import study_table
from bench.one_run import EXPERIMENT
from bench.workspace import CORES, Workspace, part_of_grid
from restudy.common.files import write_atomically
from restudy.config.recipe import Recipe
from restudy.results.table_files import to_csv
from restudy.tracking.store import create_store

EVERY = 6
"""One run in so many is measured as a process of its own."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.study",
        description="Seconds of a study: the pipeline beside one process per run.",
    )
    parser.add_argument("--quick", action="store_true", help="four small runs: does it work")
    parser.add_argument("--results", type=Path, default=Path("results/bench"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    every = 2 if options.quick else EVERY
    with tempfile.TemporaryDirectory() as folder:
        place = Workspace.make(Path(folder), part_of_grid(options.quick))
        recipes = [run.recipe for run in place.plan().runs]
        print(f"Preparing data for {len(recipes)} runs, not measured", flush=True)
        place.snakemake(str(place.data.relative_to(place.folder)))
        print("Running the pipeline", flush=True)
        pipeline = place.snakemake()
        sample = recipes[::every]
        print(f"Running {len(sample)} of the runs, each in a process of its own", flush=True)
        processes = one_process_each(place, sample)
    table = study_table.tabulate(len(recipes), pipeline, len(sample), processes)
    write_atomically(options.results / "study.csv", to_csv(table))
    text = study_table.to_text(table, recipes[0])
    write_atomically(options.results / "study.md", text.encode())
    print(text)


def one_process_each(place: Workspace, recipes: Sequence[Recipe]) -> float:
    """Train each recipe in a process of its own, some side by side; return the seconds of all."""
    store = f"sqlite:///{place.folder / 'peer.db'}"
    create_store(store)  # two processes that make a new store, or an experiment, at once fail
    MlflowClient(store).create_experiment(EXPERIMENT)
    command = [sys.executable, "-m", "bench.one_run"]
    calls = [
        [*command, json.dumps(recipe.differences()), str(place.data), store] for recipe in recipes
    ]
    started = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        for _ in pool.map(place.timed, calls):
            pass
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
