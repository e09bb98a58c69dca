"""Where a study's numbers come from: commit, code, data, versions, seeds; no times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.results.group_record import training_of

_SHORT = 12
"""Digits of a commit or digest that are shown."""


def provenance(records: Mapping[str, Mapping[str, Any]], runs: pd.DataFrame) -> list[str]:
    """Return in lines what the records of a study's runs have in common, and what not.

    Two runs from the same code, data and versions have the same lines: the seconds that a record
    holds are left out.

    Args:
        records: ``cell.json`` of each cell, by the cell's id.
        runs: ``runs.parquet`` of the study; a cell may hold runs of others too.
    """
    of_runs = [
        training_of(records[cell], lane)
        for cell, lane in zip(runs["cell"], runs["lane"], strict=True)
    ]
    cells = f"{len(records)} cell{'' if len(records) == 1 else 's'}"
    return [
        f"{len(runs)} runs in {cells}, seeds {_ranges(sorted(set(map(int, runs['seed']))))}",
        f"commit: {_each(map(_commit, of_runs))}",
        f"version of training: {_each(map(_version, of_runs))}",
        f"data (SHA-256 of the prepared file, seed of the split): {_each(map(_data, of_runs))}",
        f"versions: {_each(map(_versions, of_runs))}",
        f"machine: {_each(map(_machine, of_runs))}",
    ]


def _commit(record: Mapping[str, Any]) -> str:
    if record["git_commit"] is None:
        return "unknown (no git checkout)"
    remark = " with uncommitted changes" if record["git_dirty"] else ""
    return f"{record['git_commit'][:_SHORT]}{remark}"


def _version(record: Mapping[str, Any]) -> str:
    return str(record.get("training_version", "unknown"))


def _data(record: Mapping[str, Any]) -> str:
    data = record["data"]
    return f"{data['dataset']} {data['sha256'][:_SHORT]} (split {data['split_seed']})"


def _versions(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in record["versions"].items())


def _machine(record: Mapping[str, Any]) -> str:
    return (
        f"{record['machine']}, {record['device']}; arithmetic: {record['arithmetic']}; "
        f"threads: {record['threads']}"
    )


def _each(values: Iterable[str]) -> str:
    """Return the different values, each with its number of runs if there are several."""
    counts = Counter(values)
    if len(counts) <= 1:
        return "".join(counts)
    return "; ".join(f"{value} ({number} runs)" for value, number in sorted(counts.items()))


def _ranges(numbers: Sequence[int]) -> str:
    """Return ``0 to 4, 7`` for 0, 1, 2, 3, 4, 7."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs)
