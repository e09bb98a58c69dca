"""What the paper says of the studies: how much was run, what differs, what matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.common.text_format import (
    MINUS,
    TIMES,
    amount,
    brief,
    estimate,
    joined,
    percent,
    sentence,
    spelled,
)
from restudy.data.registry import DATASETS
from restudy.report.view.model import StudyView, View
from restudy.results.study_tables import OVERALL
from restudy.stats.variance import HIGHER, RESIDUAL

LITTLE = 0.05
"""A factor whose share of variance surely lies above this is named in the text."""

_WORDS = {"r2": "R²", "rmse": "RMSE"}


def extent(view: View) -> dict[str, str]:
    """Return how much was run: studies, networks, data sets, seeds, reductions, in words."""
    seeds = [study.seeds for study in view.studies]
    n, diverged = len(seeds), view.extent.diverged
    reduced = sum(bool(study.description["reductions"]) for study in view.studies)
    which = f"{reduced:,} of the {n:,} studies"
    if reduced == n:
        which = f"all {n:,} studies" if n > 1 else "the study"
    return {
        "studies": amount(n, "study", "studies"),
        "networks": amount(view.extent.networks, "trained network"),
        "data": joined(
            [data.title for name, data in DATASETS.items() if name in view.extent.datasets]
        ),
        "seeds": _seeds(seeds) if seeds else "",
        "reduced": sentence(
            f"this scale reduces {which}: fewer seeds, samples, epochs or levels than are written "
            "down for the full one"
        )
        if reduced
        else "",
        "diverged": sentence(
            f"{diverged:,} of the networks diverged, which is a result too, without metrics"
        )
        if diverged
        else "",
    }


def _seeds(seeds: Sequence[int]) -> str:
    low, high = min(seeds), max(seeds)
    few = spelled(low) if low == high else f"{spelled(low)} to {spelled(high)}"
    return f"{few} seed{'' if high == 1 else 's'}"


def contrasts(view: View, source: str) -> list[dict[str, str]]:
    """Return the paired differences in the studies that repeat a source's experiments.

    Studies that imitate a source's mistakes are left out. Where a study varies other factors too,
    the differences are means over them.
    """
    return [
        row
        for study in view.studies
        if study.description["source"] == source and not study.description["as_published"]
        for row in _contrasts(study, view.frame(f"{study.name}/comparison"))
    ]


def variance(name: str, table: pd.DataFrame) -> list[str]:
    """Return a sentence for each data set: what explains the variance of its test accuracy.

    Args:
        name: the study.
        table: :func:`restudy.results.variance_components.variance_table` of it.
    """
    return [_variance(name, dataset, rows) for dataset, rows in _by_dataset(table)]


def largest_shares(table: pd.DataFrame) -> str:
    """Return what explains most on each data set, in few words; empty if nothing is known."""
    told = []
    for dataset, rows in _by_dataset(table):
        known = rows[rows["omega_squared"].notna() & (rows["source"] != HIGHER)]
        if len(known):
            first = known.iloc[int(known["omega_squared"].to_numpy().argmax())]
            place = f" on {_title(dataset)}" if dataset else ""
            told.append(f"{_term(first['source'])}{place} ({percent(first['omega_squared'])})")
    if not told:
        return ""
    return sentence(f"most of the variance in test accuracy is explained by {joined(told)}")


def _contrasts(study: StudyView, table: pd.DataFrame) -> list[dict[str, str]]:
    description = study.description
    means = table[(table[study.factors] == OVERALL).any(axis=1)]
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
    known = rows[rows["omega_squared"].notna()].sort_values(
        "omega_squared", ascending=False, kind="stable"
    )
    if known.empty:
        return sentence(f"{where}, it is not yet known: there are too few seeds")
    strong = known[(known["ci_low"] > LITTLE) & (known["source"] != HIGHER)].to_dict("records")
    if not strong:
        return sentence(f"{where}, nothing surely explains more than {percent(LITTLE)}")
    shares = [
        f"{_term(row['source'])}{'' if place else ' explains'} {percent(row['omega_squared'])} "
        f"({percent(row['ci_low'])} to {percent(row['ci_high'])})"
        for place, row in enumerate(strong)
    ]
    better = [
        f"{_term(row['source'])} {row['best']} ({brief(row['best_mean'], 4)} against "
        f"{brief(row['worst_mean'], 4)} with {row['worst']})"
        for row in strong
        if row["best"]
    ]
    choice = f"; on average the better choice is {joined(better)}" if better else ""
    return sentence(f"{where}, {joined(shares)} of the variance in test accuracy{choice}")


def _metric(name: str) -> str:
    """Return a metric's name in words; nothing for the one that goes without saying."""
    if name == "test_accuracy":
        return ""
    return " ".join(_WORDS.get(part, part) for part in name.split("_"))


def _difference(row: Mapping[Any, Any]) -> dict[str, str]:
    ends = (float(row[name]) for name in ("mean", "ci_low", "ci_high"))
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
