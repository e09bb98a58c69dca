"""What was found in the studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.common.text_format import MINUS, TIMES, estimate
from restudy.data.registry import DATASETS
from restudy.report.view.model import Table
from restudy.report.view.tables import Tables, as_texts
from restudy.results.study_tables import OVERALL, readable_comparison, readable_summary
from restudy.stats.variance import RESIDUAL

MANY = 12
"""With more paired differences, those of single combinations are apart."""
_WORDS = {"r2": "R²", "rmse": "RMSE"}


def study_tables(description: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    """Return means and paired differences of a study, as fields of its view.

    Args:
        description: ``study.json``.
        tables: result tables.
    """
    name, levels = description["name"], description["factors"]
    comparison = tables[f"{name}/comparison"]
    first, rest = _comparisons(comparison, list(levels))
    repeats = description["source"] is not None and not description["as_published"]
    return {
        "means": _means(tables[f"{name}/summary"], levels),
        "comparisons": first,
        "more_comparisons": rest,
        "contrasts": tuple(_contrasts(description, comparison)) if repeats else (),
    }


def term(name: str) -> str:
    """Return a source of variance in words."""
    if name == RESIDUAL:
        return "the seed"
    return name.replace("_", " ").replace(" x ", f" {TIMES} ")


def data_title(dataset: str) -> str:
    """Return the title of a data set."""
    return DATASETS[dataset].title if dataset in DATASETS else dataset


def _means(summary: pd.DataFrame, factors: Mapping[str, Any]) -> Table:
    """Return the means of each combination of levels, in the order of the levels."""
    ordered = {
        factor: pd.Categorical(summary[factor], levels, ordered=True)
        for factor, levels in factors.items()
    }
    return as_texts(readable_summary(summary.assign(**ordered), list(factors)))


def _comparisons(table: pd.DataFrame, factors: Sequence[str]) -> tuple[Table, Table]:
    """Return the paired differences to show first, and those of single combinations, if many."""
    overall = (table[factors] == OVERALL).any(axis=1)
    if len(table) <= MANY or not overall.any():
        overall[:] = True
    first, rest = (
        as_texts(readable_comparison(rows, factors)) for rows in (table[overall], table[~overall])
    )
    return first, rest


def _contrasts(description: Mapping[str, Any], table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the paired differences; where other factors vary, means over these factors."""
    means = table[(table[list(description["factors"])] == OVERALL).any(axis=1)]
    return [
        {
            "source": str(description["source"]),
            "study": str(description["name"]),
            "contrast": f"{row['level']} {MINUS} {row['baseline']}",
            "factor": term(row["factor"]),
            "where": data_title(row["dataset"]) if _named(row.get("dataset")) else "",
            "metric": _metric(row["metric"]),
            **_difference(row),
        }
        for row in (means if len(means) else table).to_dict("records")
    ]


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
