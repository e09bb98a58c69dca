"""Where a reference comes from: scale, commit, versions, machine, hours, data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.planning.plan import Plan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.reference.configuration import read_configuration
from restudy.reference.contents import ORIGIN
from restudy.reference.finished import read_record
from restudy.results.group_files import TIMING
from restudy.results.run_record import read_run_record


def describe_origin(plan: Plan, results: Path) -> dict[str, Any]:
    """Return where a finished run comes from, as ``reference.json`` says it.

    Args:
        plan: of the run's scale.
        results: its folder.
    """
    records = [record for cell in plan.cells if (record := read_record(results, cell))]
    configuration, own = read_configuration(results), read_run_record(results)
    studies = {name: configuration["studies"][name] for name in plan.studies}
    return {
        **configuration,
        "studies": studies,
        "runs": sum(len(cell.lanes) for cell in plan.cells.values()),
        "commit": own.commit_in_words(),
        "training_version": TRAINING_VERSION,
        "trained_at": _each(record["git_commit"] for record in records),
        "versions": {
            name: ", ".join(_each(record["versions"][name] for record in records))
            for name in (records[0]["versions"] if records else ())
        },
        "machine": {
            "system": ", ".join(_each(record["machine"] for record in records)),
            "processor": own.machine.processor,
            "cores": own.machine.cores,
            "devices": _each(record["device"] for record in records),
        },
        "hours": {"jobs": job_hours(results), "training": training_hours(plan, results)},
        "data": {
            record["data"]["dataset"]: {
                "sha256": record["data"]["sha256"],
                "split_seed": record["data"]["split_seed"],
            }
            for record in sorted(records, key=lambda record: str(record["data"]["dataset"]))
        },
    }


def report_commit(results: Path) -> str:
    """Return the commit that the report of a run says it is of.

    Raises:
        RestudyError: the run is not finished.
    """
    return read_run_record(results).commit_in_words()


def job_hours(results: Path) -> float:
    """Return the hours of all jobs together: by Snakemake's records, the last time each ran."""
    seconds = 0.0
    for path in results.glob("benchmarks/**/*.tsv"):
        seconds += float(pd.read_csv(path, sep="\t")["s"].sum())
    return round(seconds / 3600, 2)


def training_hours(plan: Plan, results: Path) -> float:
    """Return the hours of training and evaluation alone; a run's share of its stack's seconds."""
    seconds = 0.0
    for cell in plan.cells:
        table = pd.read_parquet(results / "cells" / cell / TIMING)
        spent = (table["train_seconds"] + table["evaluation_seconds"]) / table["lanes_in_stack"]
        seconds += float(spent.sum())
    return round(seconds / 3600, 2)


def read_origin(reference: Path) -> dict[str, Any]:
    """Return what ``reference.json`` says.

    Raises:
        RestudyError: there is no reference, or it cannot be read.
    """
    path = reference / ORIGIN
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RestudyError(f"{reference}: there is no reference here") from None
    except (OSError, ValueError) as error:
        raise RestudyError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, dict) or not {"scale", "studies", "experiments"} <= found.keys():
        raise RestudyError(f"{path}: is no description of a reference; make it anew")
    return found


def in_words(origin: dict[str, Any]) -> str:
    """Return scale, commit, machine and hours in a sentence."""
    machine, hours = origin["machine"], origin["hours"]
    number = machine["cores"]
    return (
        f"Scale {origin['scale']}, {origin['runs']:,} runs, of commit {origin['commit']}, on "
        f"{number} core{'s'[: number - 1]} of {machine['processor']}: {hours['jobs']:.1f} hours of "
        f"jobs, {hours['training']:.1f} of them training."
    )


def _each(values: Iterable[Any]) -> list[str]:
    return sorted({str(value) for value in values})
