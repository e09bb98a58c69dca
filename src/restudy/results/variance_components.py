"""What matters most: how much of the variation of a study's runs each factor explains, and advice.

Every line of advice is made from a row of the table, so that no advice is without its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import pandas as pd

from restudy.results.study_tables import combinations
from restudy.results.table_files import make_table
from restudy.stats.share_intervals import share_intervals
from restudy.stats.variance import HIGHER, RESIDUAL

DATASET = "dataset"
LITTLE = 0.05
"""A factor whose share surely lies below this hardly matters."""


class Weight(StrEnum):
    """What the interval of a share of the variance says of a factor."""

    UNKNOWN = "unknown"
    MATTERS = "matters"
    MAY_MATTER = "may matter"
    HARDLY_MATTERS = "hardly matters"


def weigh(row: Mapping[Any, Any]) -> Weight:
    """Return what a row of a :func:`variance_table` says of its factor."""
    if pd.isna(row["omega_squared"]):
        return Weight.UNKNOWN
    if row["ci_high"] < LITTLE:
        return Weight.HARDLY_MATTERS
    return Weight.MATTERS if row["ci_low"] > LITTLE else Weight.MAY_MATTER


def variance_table(
    runs: pd.DataFrame, factors: Sequence[str], value: str = "test_accuracy"
) -> pd.DataFrame:
    """Return what explains the variance of ``value``, for each data set by itself.

    Args:
        runs: ``runs.parquet`` of a study that crosses all levels of its factors.
        factors: names of its factors.
        value: a column, of which more is better.

    Returns:
        one row per data set and term, largest share first, with the columns declared: ``source``
        (a factor, two of them joined by " x ", the pooled higher interactions, or the seeds),
        ``share`` (omega^2) with its 95% interval, for a factor alone the levels with the ``best``
        and ``worst`` mean and these means, and the number of ``seeds``.
    """
    named = [name for name in factors if name != DATASET]
    parts = []
    for levels, part in combinations(runs, [DATASET] if DATASET in factors else []):
        varying = [name for name in named if len(part[name].unique()) > 1]
        shares = share_intervals(part, varying, value).sort_values("omega_squared", ascending=False)
        means = {name: part.groupby(name, observed=True)[value].mean() for name in varying}
        for row in shares.to_dict("records"):
            mean = means.get(row["source"])
            row["dataset"] = levels.get(DATASET, "")
            row["seeds"] = part["seed"].nunique()
            if mean is not None and mean.notna().any():
                row |= {"best": str(mean.idxmax()), "best_mean": mean.max()}
                row |= {"worst": str(mean.idxmin()), "worst_mean": mean.min()}
            parts.append(row)
    return make_table("grid/variance_components", parts)


def advice(table: pd.DataFrame) -> list[str]:
    """Say in a line each what a :func:`variance_table` means for somebody who builds a network."""
    return [_line(row) for _, row in table.iterrows() if row["source"] != HIGHER]


def _line(row: pd.Series[Any]) -> str:
    name = str(row["source"]).replace("_", " ")
    where = f"{row['dataset']}: " if row["dataset"] else ""
    weight = weigh(row.to_dict())
    if weight is Weight.UNKNOWN:
        return f"{where}{name}: too few seeds to say"
    # An estimate below 0 is what no effect at all gives half the time.
    share, low, high = (
        max(0.0, 100 * row[name]) for name in ("omega_squared", "ci_low", "ci_high")
    )
    size = f"{share:.0f}% ({low:.0f}% to {high:.0f}%) of the variance"
    if row["source"] == RESIDUAL:
        rest = "" if weight is Weight.HARDLY_MATTERS else ": compare nothing on one run"
        return f"{where}the seed {weight}, {size}{rest}"
    if " x " in name:
        return f"{where}the interaction {name} {weight}, {size}"
    best, worst = (
        f"{row['best']} ({row['best_mean']:.4f})",
        f"{row['worst']} ({row['worst_mean']:.4f})",
    )
    if weight is Weight.MATTERS:
        return f"{where}choose {name} {best} rather than {worst}: it makes {size}"
    return f"{where}{name} {weight}, {size}: {best} to {worst}"
