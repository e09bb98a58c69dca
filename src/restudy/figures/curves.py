"""What figures of training have in common: means over seeds as lines, bands, points and scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from restudy.figures.style import Look
from restudy.stats.intervals import mean_interval

SPLITS = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of a data set, in words."""

SIGNS = {"train": "o", "validation": "s", "test": "D"}
"""The marker of a part, where it is drawn as points."""


def curve_data(
    history: pd.DataFrame, factors: Sequence[str], metrics: Sequence[str], x: str = "epoch"
) -> pd.DataFrame:
    """Return mean and 95% interval over seeds of some metrics, per combination, split and place.

    A diverged run has no value from then on; ``n`` tells how many runs a mean is of.

    Args:
        history: ``history.parquet`` of a study.
        factors: names of its factors.
        metrics: those wanted.
        x: ``epoch`` or ``step``.

    Returns:
        ``metric``, the factors' columns, ``split``, ``x`` under its own name, ``n``, ``mean``,
        ``sd``, ``low``, ``high``.
    """
    columns = ["metric", *factors, "split", x]
    rows = history[history["metric"].isin(metrics)]
    records = [
        (*key, *mean_interval(values))
        for key, values in rows.groupby(columns, observed=True, sort=True)["value"]
    ]
    found = pd.DataFrame(records, columns=[*columns, "n", "mean", "sd", "low", "high"])
    return found.astype({name: history[name].dtype for name in factors})


def diverged(history: pd.DataFrame) -> pd.Series:
    """Tell of each row whether it is of a run that diverged, at this epoch or another."""
    losses = history[(history["split"] == "train") & (history["metric"] == "data_loss")]
    return history["lane"].isin(losses.loc[~np.isfinite(losses["value"]), "lane"])


def draw_curves(
    axis: Axes, rows: pd.DataFrame, look: Look, lines: Mapping[str, Any], x: str = "epoch"
) -> None:
    """Draw the mean of each split as a line, and its interval as a band; one place as a point."""
    for split, line in lines.items():
        curve = rows[rows["split"] == split]
        if len(curve) == 1:
            draw_point(axis, float(curve[x].iloc[0]), curve, look, SIGNS[split])
            continue
        place, mean, low, high = curve[[x, "mean", "low", "high"]].to_numpy(float).T
        axis.plot(place, mean, line, color=look.colour)
        bottom = np.maximum(low, axis.get_ylim()[0])  # a log scale has no zero
        axis.fill_between(place, bottom, high, color=look.colour, alpha=0.15, linewidth=0)


def draw_point(axis: Axes, x: float, rows: pd.DataFrame, look: Look, sign: str = "D") -> None:
    """Draw the last mean of ``rows`` as a point with its interval."""
    for row in rows.tail(1).to_dict("records"):
        bottom = max(row["low"], axis.get_ylim()[0])
        axis.plot([x, x], [bottom, row["high"]], color=look.colour, linewidth=1.2)
        axis.plot([x], [row["mean"]], sign, color=look.colour)


def percent_scale(axis: Axes) -> None:
    """Give a panel of accuracies its scale."""
    axis.yaxis.set_major_formatter(PercentFormatter(1))


def log_scale(axis: Axes, ticks: Sequence[float] = (1, 2, 5)) -> None:
    """Give a panel of losses its scale: logarithmic, with plain numbers at ``ticks`` a decade."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=ticks))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
