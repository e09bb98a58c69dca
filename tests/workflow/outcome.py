"""What became of a run of the pipeline in a checkout: numbers, runs in MLflow, words."""

import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd

from restudy.evidence import timing_claims
from restudy.results import group_files

TABLES = ("summary", "comparison", "winners", "timing")
NOTHING = "Nothing to be done"


def groups(checkout, pattern="*"):
    return {path.name: path for path in sorted((checkout.results / "groups").glob(pattern))}


def trained(output):
    """Return what the jobs said: group -> (runs trained, runs)."""
    found = re.findall(r"^(\S+): (\d+) of (\d+) runs trained", output, re.MULTILINE)
    return {group: (int(new), int(runs)) for group, new, runs in found}


def numbers(checkout):
    """Return the bytes of everything that holds results and no times."""
    kept = [
        *(
            f"groups/*/{name}"
            for name in (group_files.HISTORY, group_files.SUMMARY, group_files.WEIGHTS)
        ),
        *(f"studies/*/{name}" for name in ("runs.parquet", "history.parquet")),
        "studies/houses/predictions.parquet",
        "tables/*.csv",
        *(f"tables/*/{name}.csv" for name in TABLES if name != "timing"),
        "figures/*",
        "data/*.safetensors",
    ]
    files = [path for pattern in kept for path in checkout.results.glob(pattern)]
    # Verdicts on measured times, and figures with them.
    timed = [*timing_claims.TABLES, *_figures_of_times(checkout)]
    files = [path for path in files if path.name not in timed]
    return {str(path.relative_to(checkout.results)): path.read_bytes() for path in files}


def _figures_of_times(checkout):
    for file in checkout.results.glob("studies/*/study.json"):
        if json.loads(file.read_text())["figure"] == "batch_size":
            yield from (f"{file.parent.name}.{kind}" for kind in ("svg", "pdf", "csv"))


def tracked(checkout):
    """Return the runs in the MLflow store that are not deleted, one entry for each run."""
    file = (checkout.results / "mlflow/mlflow.db").as_uri()
    with closing(sqlite3.connect(f"{file}?mode=ro", uri=True)) as store:
        return store.execute(
            "SELECT e.name, g.value, one.value, r.status FROM runs r "
            "JOIN experiments e ON e.experiment_id = r.experiment_id "
            "JOIN tags g ON g.run_uuid = r.run_uuid AND g.key = 'restudy.group' "
            "JOIN tags one ON one.run_uuid = r.run_uuid AND one.key = 'restudy.run' "
            "WHERE r.lifecycle_stage = 'active' ORDER BY 1, 2, 3"
        ).fetchall()


def planned_runs(checkout):
    """Return what :func:`tracked` should return, by the studies' tables."""
    tables = (checkout.results / "studies").glob("*/runs.parquet")
    rows = pd.concat([pd.read_parquet(path, columns=["study", "group", "run"]) for path in tables])
    return sorted((*row, "FINISHED") for row in rows.itertuples(index=False, name=None))


def records(checkout):
    found = (checkout.results / "groups").glob("*/group.json")
    return {path.parent.name: path.read_bytes() for path in found}


def training(checkout):
    """Return the jobs that have trained: the target of each -> its groups."""
    return {
        str(path.relative_to(checkout.folder)): {
            Path(file).parent.name for file in json.loads(path.read_text())
        }
        for path in (checkout.results / "training").glob("*.json")
    }


def jobs_of(checkout, wanted):
    """Return the targets of the jobs that have trained some groups."""
    return sorted(target for target, some in training(checkout).items() if some & set(wanted))


def unfinished(checkout):
    try:
        return [run for run in tracked(checkout) if run[-1] == "RUNNING"]
    except sqlite3.OperationalError:  # no store yet, or it is being made
        return []


def wait_for(condition, process, seconds=200):
    """Wait until a condition holds; complain if the process ends before."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the pipeline ended too early"
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)
