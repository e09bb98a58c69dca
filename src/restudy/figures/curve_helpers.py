"""What figures of training have in common: means over seeds as lines, bands, points and scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from restudy.figures.style import Look
from restudy.stats.intervals import mean_interval

SPLITS = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of a data set, in words."""

SIGNS = {"train": "o", "validation": "s", "test": "D"}
"""The marker of a part, where it is drawn as points."""


_DECADES, _THOUSAND = 2.5, 1000


AT_THE_RIGHT = "; at the right: the test set, after the last epoch"
"""What has to be said of the points behind the curves."""


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
    axis: Axes,
    rows: pd.DataFrame,
    look: Look,
    lines: Mapping[str, Any],
    x: str = "epoch",
    *,
    bands: bool = True,
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
        if bands:
            axis.fill_between(place, bottom, high, color=look.colour, alpha=0.15, linewidth=0)


def draw_point(axis: Axes, x: float, rows: pd.DataFrame, look: Look, sign: str = "D") -> None:
    """Draw the last mean of ``rows`` as a point with its interval.

    The point has the level's own marker, if it has one: colours are not all that tells levels
    apart. ``sign`` is for points of a level without.
    """
    for row in rows.tail(1).to_dict("records"):
        bottom = max(row["low"], axis.get_ylim()[0])
        axis.plot([x, x], [bottom, row["high"]], color=look.colour, linewidth=0.8)
        axis.plot([x], [row["mean"]], look.marker or sign, color=look.colour)


def held_out(rows: pd.DataFrame) -> str:
    """Return the split that curves are drawn of beside training: a source may have had no other."""
    return "validation" if (rows["split"] == "validation").any() else "test"


def metric_axis(axis: Axes, metric: str, metrics: Sequence[str], *, beside: bool = False) -> None:
    """Give a panel the scale of a metric and say what it is: above, or beside its axis.

    Args:
        axis: the panel.
        metric: ``accuracy``, ``data_loss`` or ``rmse``.
        metrics: all that the figure shows; they tell which task it is of.
        beside: whether the panels of a row show the same metric, so that it stands at the left.
    """
    kinds = {"accuracy": "cross-entropy", "rmse": "mean squared error"}
    tasks = [kinds[name] for name in metrics if name in kinds]
    names = {
        "accuracy": "accuracy",
        "data_loss": tasks[0] if len(tasks) == 1 else "loss",
        "rmse": "root mean squared error",
    }
    if metric == "accuracy":
        percent_scale(axis)
    else:
        log_scale(axis)
    if beside:
        axis.set_ylabel(names[metric])
        return
    name = names[metric][0].upper() + names[metric][1:]
    axis.set_title(name if metric == "accuracy" else f"{name} (log scale)")
    if metric == "rmse":
        axis.set_ylabel("in units of the target")


_FAR = 30.0


def within_reach(runs: pd.DataFrame, metric: str) -> tuple[np.ndarray, str]:
    """Return the values that a panel has to hold, and what has to be said of others.

    A loss that is huge after the first epoch would squeeze all the rest: then it is cut off.

    Args:
        runs: rows of a history, of single runs.
        metric: that of the panel.
    """
    own = runs[runs["metric"] == metric]
    values, later = (rows["value"].to_numpy(float) for rows in (own, own[own["epoch"] > 1]))
    if metric == "accuracy" or not np.isfinite(later).any():
        return values, ""
    most, reach = np.nanmax(values), _FAR * np.nanmax(later)
    if most <= reach:
        return values, ""
    return later, f"cut off: values up to {_plainly(float(f'{most:.1g}'), 0)} after the first epoch"


def percent_scale(axis: Axes) -> None:
    """Give a panel of accuracies its scale: in percent, with no more digits than there are."""
    axis.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g}%"))


class Decades(LogLocator):
    """Ticks of a logarithmic scale: at 1, 2 and 5 over few decades, at 1 over many."""

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the ticks between two values."""
        decades = np.log10(max(vmax, 1e-300) / max(vmin, 1e-300))
        self.set_params(subs=(1, 2, 5) if decades < _DECADES else (1,), numticks=8)
        return super().tick_values(vmin, vmax)


def log_scale(axis: Axes) -> None:
    """Give a panel of losses its scale: logarithmic, with plain numbers at its ticks."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(Decades())
    axis.yaxis.set_major_formatter(FuncFormatter(_plainly))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _plainly(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= _THOUSAND else f"{value:g}"
