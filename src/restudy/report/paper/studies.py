"""What the paper says of the studies: how much was run, what differs, what matters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.datasets.registry import DATASETS
from restudy.report.paper.words import (
    TIMES,
    amount,
    brief,
    estimate,
    joined,
    percent,
    sentence,
    spelled,
)
from restudy.stats.variance import HIGHER, RESIDUAL
from restudy.tables import MINUS, OVERALL

MATTERS = 0.05
"""A factor whose share of variance surely lies above this is named in the text."""

_NO_NUMBER = {name: [""] for name in ("n", "n_pairs", "n_missing", "mean", "sd", "low", "high")}
_WORDS = {"r2": "R²", "rmse": "RMSE"}


@dataclass(frozen=True)
class Ran:
    """A study of this run.

    Attributes:
        description: ``study.json``.
        runs: ``runs.parquet``: ``cell, lane, seed, status, dataset``.
        comparison: :func:`restudy.tables.comparison_table`.
    """

    description: Mapping[str, Any]
    runs: pd.DataFrame
    comparison: pd.DataFrame


def read_study(folder: Path, comparison: Path) -> Ran:
    """Read what the paper needs of a study.

    Args:
        folder: with ``study.json`` and ``runs.parquet``.
        comparison: the table of its comparisons.
    """
    description = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    columns = ["cell", "lane", "seed", "status", "dataset"]
    runs = pd.read_parquet(folder / "runs.parquet", columns=columns)
    texts = dict.fromkeys([*description["factors"], "factor", "level", "baseline", "metric"], str)
    table = pd.read_csv(comparison, dtype=texts, keep_default_na=False, na_values=_NO_NUMBER)
    return Ran(description, runs, table)


def read_matters(path: Path) -> pd.DataFrame:
    """Read the table that :func:`restudy.matters.matters_table` makes from its file."""
    return pd.read_csv(path).fillna({"dataset": ""})


def extent(studies: Sequence[Ran]) -> dict[str, str]:
    """Return how much was run: studies, networks, data sets, seeds, cuts, in words."""
    if not studies:
        return {"studies": "no studies", "networks": "no networks"} | dict.fromkeys(
            ("data", "seeds", "cut", "diverged"), ""
        )
    columns = ["cell", "lane", "status", "dataset", "seed"]
    every = pd.concat([study.runs[columns].astype({"dataset": str}) for study in studies])
    runs = every.drop_duplicates(["cell", "lane"])  # studies share runs
    seeds = [study.runs["seed"].nunique() for study in studies]
    cut = sum(bool(study.description["reductions"]) for study in studies)
    diverged = int((runs["status"] == "diverged").sum())
    titles = [set_.title for name, set_ in DATASETS.items() if name in set(runs["dataset"])]
    return {
        "studies": amount(len(studies), "study", "studies"),
        "networks": amount(len(runs), "trained network"),
        "data": joined(titles),
        "seeds": _seeds(min(seeds), max(seeds)),
        "cut": sentence(
            f"this scale cuts {_cut(cut, len(studies))}: fewer seeds, samples, epochs or levels "
            "than are written down for the full one"
        )
        if cut
        else "",
        "diverged": sentence(
            f"{diverged:,} of the networks diverged, which is a result too, without metrics"
        )
        if diverged
        else "",
    }


def contrasts(studies: Sequence[Ran], source: str) -> list[dict[str, str]]:
    """Return the paired differences in the studies that repeat a source's experiments.

    Studies that imitate a source's mistakes are left out. Where a study varies other factors too,
    the differences are means over them.
    """
    return [
        row
        for study in studies
        if study.description["source"] == source and not study.description["as_published"]
        for row in _contrasts(study)
    ]


def variance(name: str, table: pd.DataFrame) -> list[str]:
    """Say in a sentence for each data set what explains the variance of its test accuracy.

    Args:
        name: the study.
        table: :func:`restudy.matters.matters_table` of it.
    """
    return [_variance(name, dataset, rows) for dataset, rows in _by_dataset(table)]


def most(table: pd.DataFrame) -> str:
    """Say what explains most on each data set, in few words; nothing if nothing is known."""
    told = []
    for dataset, rows in _by_dataset(table):
        known = rows[rows["share"].notna() & (rows["source"] != HIGHER)]
        if len(known):
            first = known.iloc[int(known["share"].to_numpy().argmax())]
            place = f" on {_title(dataset)}" if dataset else ""
            told.append(f"{_term(first['source'])}{place} ({percent(first['share'])})")
    if not told:
        return ""
    return sentence(f"most of the variance in test accuracy is explained by {joined(told)}")


def _cut(cut: int, every: int) -> str:
    if cut == every:
        return f"all {every:,} studies" if every > 1 else "the study"
    return f"{cut:,} of the {every:,} studies"


def _contrasts(study: Ran) -> list[dict[str, str]]:
    description, table = study.description, study.comparison
    factors = list(description["factors"])
    means = table[(table[factors] == OVERALL).any(axis=1)] if len(table) else table
    return [
        {
            "source": str(description["source"]),
            "study": str(description["name"]),
            "contrast": f"{row['level']} {MINUS} {row['baseline']}",
            "factor": _term(row["factor"]),
            "where": _title(row["dataset"]) if _named(row.get("dataset")) else "",
            "metric": _metric(row["metric"]),
            **_difference(row),
        }
        for row in (means if len(means) else table).to_dict("records")
    ]


def _by_dataset(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each data set, in their order; that of a study of one has no name."""
    for dataset in dict.fromkeys(table["dataset"]):
        yield str(dataset), table[table["dataset"] == dataset]


def _variance(name: str, dataset: str, rows: pd.DataFrame) -> str:
    where = f"on {_title(dataset)}" if dataset else f"in {name}"
    known = rows[rows["share"].notna()].sort_values("share", ascending=False, kind="stable")
    if known.empty:
        return sentence(f"{where}, it is not yet known: there are too few seeds")
    strong = known[(known["low"] > MATTERS) & (known["source"] != HIGHER)].to_dict("records")
    if not strong:
        return sentence(f"{where}, nothing surely explains more than {percent(MATTERS)}")
    shares = [
        f"{_term(row['source'])}{'' if place else ' explains'} {percent(row['share'])} "
        f"({percent(row['low'])} to {percent(row['high'])})"
        for place, row in enumerate(strong)
    ]
    better = [
        f"{_term(row['source'])} {row['best']} ({brief(row['best_mean'], 4)} against "
        f"{brief(row['worst_mean'], 4)} with {row['worst']})"
        for row in strong
        if isinstance(row["best"], str)
    ]
    choice = f"; on average the better choice is {joined(better)}" if better else ""
    return sentence(f"{where}, {joined(shares)} of the variance in test accuracy{choice}")


def _metric(name: str) -> str:
    """Return a metric's name in words; nothing for the one that goes without saying."""
    if name == "test_accuracy":
        return ""
    return " ".join(_WORDS.get(part, part) for part in name.split("_"))


def _difference(row: Mapping[Any, Any]) -> dict[str, str]:
    ends = (float(row[name]) for name in ("mean", "low", "high"))
    difference, interval = estimate(*ends, signed=True)
    return {"difference": difference, "interval": interval, "n": f"{row['n']:.0f}"}


def _named(dataset: Any) -> bool:
    return dataset not in (None, "", OVERALL)


def _term(name: str) -> str:
    if name == RESIDUAL:
        return "the seed"
    return name.replace("_", " ").replace(" x ", f" {TIMES} ")


def _title(dataset: str) -> str:
    return DATASETS[dataset].title if dataset in DATASETS else dataset


def _seeds(low: int, high: int) -> str:
    few = spelled(low) if low == high else f"{spelled(low)} to {spelled(high)}"
    return f"{few} seed{'' if high == 1 else 's'}"
