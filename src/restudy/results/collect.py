"""From cells to studies: the tables that figures, tables and verdicts read.

======================  =========================================================================
``runs.parquet``        one row per run: ``study, cell, lane``, a column per factor, then the
                        columns of the cells' summaries
``history.parquet``     the cells' histories, with ``cell`` and a column per factor
``timing.parquet``      the same for times
``study.json``          what the study is: title, question, factors and their levels, seeds
``cells.json``          the SHA-256 of each of its cells' ``cell.json``: which results these are
======================  =========================================================================

A factor's column is a categorical whose categories are its levels in the study's order. A factor
named after a recipe field takes that field's column; the field's value is the label then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.results import group_files
from restudy.results.table_files import write_runs

RUNS, HISTORY, TIMING, DESCRIPTION, CELLS = (
    "runs.parquet",
    "history.parquet",
    "timing.parquet",
    "study.json",
    "cells.json",
)


def collect(
    description: Mapping[str, Any], runs: list[dict[str, Any]], cells: Path, folder: Path
) -> None:
    """Write a study's tables.

    Args:
        description: ``name, title, question, source, as_published, scale, factors`` (name ->
            labels), ``reductions``, ``compare``.
        runs: for each run ``cell``, ``lane`` and ``levels`` (factor -> label).
        cells: the folder with the cells' folders.
        folder: where the tables go.

    Raises:
        RestudyError: a cell has no results, or a run is missing in them.
    """
    factors = {name: list(labels) for name, labels in description["factors"].items()}
    places = pd.DataFrame(
        [{"cell": run["cell"], "lane": run["lane"], **run["levels"]} for run in runs]
    )
    for name, labels in factors.items():
        places[name] = pd.Categorical(places[name], categories=labels, ordered=True)
    parts = {cell: _read_tables(cells / cell) for cell in places["cell"].unique()}

    def table(name: str) -> pd.DataFrame:
        rows = pd.concat(
            [part[name].assign(cell=cell) for cell, part in parts.items()], ignore_index=True
        )
        kept = rows.drop(columns=[factor for factor in factors if factor in rows])
        return places.merge(kept, on=["cell", "lane"], how="left", validate="one_to_many")

    summary = table("summary")
    missing = summary.loc[summary["status"].isna(), ["cell", "lane"]]
    if len(missing):
        cell, lane = missing.iloc[0]
        raise RestudyError(f"{cells / cell}: lane {lane} of study {description['name']} is missing")
    summary.insert(0, "study", description["name"])
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in ((RUNS, summary), (HISTORY, table("history")), (TIMING, table("timing"))):
        write_runs(folder / file, content)
    write_atomically(folder / DESCRIPTION, json.dumps(description, indent=1).encode())
    records = {cell: (cells / cell / group_files.RECORD).read_bytes() for cell in parts}
    checksums = {cell: hashlib.sha256(record).hexdigest() for cell, record in records.items()}
    write_atomically(folder / CELLS, json.dumps(checksums, indent=1).encode())


def read_description(folder: Path) -> dict[str, Any]:
    """Read what a study is."""
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))


def _read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a cell, without its weights, which are a thousand times as large."""
    found = group_files.read_complete(folder)
    return {"summary": found.summary, "history": found.history, "timing": found.timing}
