"""From groups to studies: the tables that figures, tables and verdicts read.

======================  =========================================================================
``runs.parquet``        one row per run: ``study, group, run``, a column per factor, then the
                        columns of the groups' summaries
``history.parquet``     the groups' histories, with ``group`` and a column per factor
``timing.parquet``      the same for times
``study.json``          what the study is: title, question, factors and their levels, seeds
``groups.json``          the SHA-256 of each of its groups' ``group.json``: which results these are
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

RUNS, HISTORY, TIMING, DESCRIPTION, GROUPS = (
    "runs.parquet",
    "history.parquet",
    "timing.parquet",
    "study.json",
    "groups.json",
)


def collect(
    description: Mapping[str, Any], runs: list[dict[str, Any]], groups: Path, folder: Path
) -> None:
    """Write a study's tables.

    Args:
        description: ``name, title, question, source, as_published, scale, factors`` (name ->
            labels), ``reductions``, ``compare``.
        runs: for each run ``group``, ``run`` and ``levels`` (factor -> label).
        groups: the folder with the groups' folders.
        folder: where the tables go.

    Raises:
        RestudyError: a group has no results, or a run is missing in them.
    """
    factors = {name: list(labels) for name, labels in description["factors"].items()}
    places = pd.DataFrame(
        [{"group": run["group"], "run": run["run"], **run["levels"]} for run in runs]
    )
    for name, labels in factors.items():
        places[name] = pd.Categorical(places[name], categories=labels, ordered=True)
    parts = {group: _read_tables(groups / group) for group in places["group"].unique()}

    def table(name: str) -> pd.DataFrame:
        rows = pd.concat(
            [part[name].assign(group=group) for group, part in parts.items()], ignore_index=True
        )
        kept = rows.drop(columns=[factor for factor in factors if factor in rows])
        return places.merge(kept, on=["group", "run"], how="left", validate="one_to_many")

    summary = table("summary")
    missing = summary.loc[summary["status"].isna(), ["group", "run"]]
    if len(missing):
        group, lost = missing.iloc[0]
        raise RestudyError(
            f"{groups / group}: run {lost} of study {description['name']} is missing"
        )
    summary.insert(0, "study", description["name"])
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in ((RUNS, summary), (HISTORY, table("history")), (TIMING, table("timing"))):
        write_runs(folder / file, content)
    write_atomically(folder / DESCRIPTION, json.dumps(description, indent=1).encode())
    records = {group: (groups / group / group_files.RECORD).read_bytes() for group in parts}
    checksums = {group: hashlib.sha256(record).hexdigest() for group, record in records.items()}
    write_atomically(folder / GROUPS, json.dumps(checksums, indent=1).encode())


def read_description(folder: Path) -> dict[str, Any]:
    """Read what a study is."""
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))


def _read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a group, without its weights, which are a thousand times as large."""
    found = group_files.read_complete(folder)
    return {"summary": found.summary, "history": found.history, "timing": found.timing}
