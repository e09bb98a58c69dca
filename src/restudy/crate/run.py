"""What a crate says of a finished run: read from its results folder, without the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.errors import RestudyError
from restudy.reference.contents import PAGE, PAPER
from restudy.reference.finished import read_record
from restudy.run_record import read_run_record

PARTS = {
    "report": (
        "The report, as a page, as a paper and as data",
        (PAGE, PAPER, "report/paper.json", "report/view.json"),
    ),
    "tables": ("Tables: the ledger with its statuses, summaries, tests", ("tables/**/*.*",)),
    "figures": ("Figures, with the numbers drawn", ("figures/*.*",)),
    "studies": (
        "One row per run of each study",
        ("studies/*/runs.parquet", "studies/*/study.json"),
    ),
    "experiments": ("Tables of the small experiments", ("experiments/*.parquet",)),
    "cells": (
        "Records of the training jobs: code, data, versions, machine",
        ("cells/*/cell.json",),
    ),
}
"""Folder of the results -> what it is, and which of its files belong to a crate.

What is left out is large and can be made again: weights, histories, prepared data, MLflow.
"""
SBOM = "sbom.cdx.json"


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        results: its folder.
        scale: of the run.
        commit: of the report, as the report has it.
        started, ended: of the first job and of the last one that were needed.
        records: ``cell.json`` of each cell, by id.
        files: folder of the results -> its files, sorted; only folders that have some.
    """

    results: Path
    scale: str
    commit: str
    started: datetime
    ended: datetime
    records: dict[str, dict[str, Any]]
    files: dict[str, list[Path]]

    def different(self, *keys: str) -> list[Any]:
        """Return the different values that the records have under keys within keys."""
        found: dict[str, Any] = {}
        for record in self.records.values():
            value: Any = record
            for key in keys:
                value = value[key]
            found[json.dumps(value, sort_keys=True)] = value
        return [found[key] for key in sorted(found)]


def read_run(results: Path) -> Run:
    """Read a finished run.

    Raises:
        RestudyError: there is none, or it is not finished.
    """
    record = read_run_record(results)
    for name in (PAGE, PAPER):
        if not (results / name).is_file():
            raise RestudyError(f"{results / name}: is missing: the run is not finished")
    records = dict(_records(results))
    started, ended = _times(results)
    files = {
        part: sorted(
            path for pattern in patterns for path in results.glob(pattern) if path.is_file()
        )
        for part, (_, patterns) in PARTS.items()
    }
    return Run(
        results,
        record.scale,
        record.commit_in_words(),
        started,
        ended,
        records,
        {part: paths for part, paths in files.items() if paths},
    )


def _records(results: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the records of the cells that the run's studies ask for."""
    paths = sorted(results.glob("studies/*/runs.parquet"))
    tables = [pd.read_parquet(path, columns=["cell"]) for path in paths]
    for cell in sorted({cell for table in tables for cell in table["cell"]}):
        record = read_record(results, cell)
        if record is None:
            raise RestudyError(
                f"{results / 'cells' / cell}: has no record: the run is not finished"
            )
        yield cell, record


def _times(results: Path) -> tuple[datetime, datetime]:
    """Return when the first job began and the last one ended.

    By the files in which Snakemake notes a job's seconds, written when it ends. A run done in
    several sittings spans them all; a job that was done again counts when it was done last.

    Raises:
        RestudyError: there are no such files.
    """
    began, ended = [], []
    for path in results.glob("benchmarks/**/*.tsv"):
        end = path.stat().st_mtime
        ended.append(end)
        began.append(end - float(pd.read_csv(path, sep="\t")["s"].sum()))
    if not ended:
        raise RestudyError(
            f"{results / 'benchmarks'}: is empty: nobody knows when the run was done"
        )
    return datetime.fromtimestamp(min(began), UTC), datetime.fromtimestamp(max(ended), UTC)
