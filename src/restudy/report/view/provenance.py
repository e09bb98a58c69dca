"""Where a study's numbers come from: commit, code, data, versions, seeds; no times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.common.text_format import amount
from restudy.results.group_record import training_of

_SHORT = 12
"""Digits of a commit that are shown."""


def provenance(records: Mapping[str, Mapping[str, Any]], runs: pd.DataFrame) -> list[str]:
    """Return in lines what the records of a study's runs have in common, and what not.

    Two runs from the same code, data and versions have the same lines: the seconds that a record
    holds are left out.

    Args:
        records: ``group.json`` of each group, by the group's id.
        runs: ``runs.parquet`` of the study; a group may hold runs of others too.
    """
    of_runs = [
        training_of(records[group], run)
        for group, run in zip(runs["group"], runs["run"], strict=True)
    ]
    seeds = _ranges(sorted(set(map(int, runs["seed"]))))
    return [
        f"{len(runs)} runs in {amount(len(records), 'group')}, seeds {seeds}",
        *(f"{name}: {_each(map(words, of_runs))}" for name, words in _PARTS.items()),
    ]


def _commit(record: Mapping[str, Any]) -> str:
    if record["git_commit"] is None:
        return "unknown (no git checkout)"
    remark = " with uncommitted changes" if record["git_dirty"] else ""
    return f"{record['git_commit'][:_SHORT]}{remark}"


_PARTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "commit": _commit,
    "version of training": lambda record: str(record.get("training_version", "unknown")),
    "data (SHA-256 of the prepared file, seed of the split)": lambda record: (
        "{dataset} {sha256:.12} (split {split_seed})".format_map(record["data"])
    ),
    "versions": lambda record: ", ".join(
        f"{name} {version}" for name, version in record["versions"].items()
    ),
    "machine": (
        "{machine}, {device}; matrix products: {matmul_backend}; threads: {threads}".format_map
    ),
}
"""What is shown of a record -> its words."""


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
