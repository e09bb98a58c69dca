"""Learning curves of a classification study: loss and accuracy over epochs, test at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from restudy.figures.style import (
    GREY,
    NAMED,
    Drawing,
    Look,
    direct_labels,
    fit_limits,
    looks,
    styled,
)
from restudy.stats.intervals import mean_interval
from restudy.tables import combinations

_PANELS = {"data_loss": "Cross-entropy (log scale)", "accuracy": "Accuracy"}
_LINES = {"train": "--", "validation": "-"}


@styled
def learning_curves(history: pd.DataFrame, factors: Sequence[str]) -> Drawing:
    """Draw mean loss and accuracy of each combination of levels, with 95% intervals over seeds.

    Args:
        history: ``history.parquet`` of a classification study.
        factors: names of its factors; together they have at most seven combinations.

    Returns:
        the figure, with data ``metric``, the factors' columns, ``split``, ``epoch``, ``n``,
        ``mean``, ``sd``, ``low``, ``high``.

    Raises:
        RestudyError: a combination has no colour.
    """
    data = curve_data(history, factors, list(_PANELS))
    shown = combination_looks(history, factors)
    last = int(data["epoch"].max())
    figure = Figure(figsize=(9.5, 3.8))
    axes: list[Axes] = list(figure.subplots(1, 2))
    for axis, (metric, title) in zip(axes, _PANELS.items(), strict=True):
        panel = data[data["metric"] == metric]
        if metric == "data_loss":
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter("{x:g}")
            axis.yaxis.set_minor_formatter(NullFormatter())
        else:
            axis.yaxis.set_major_formatter(PercentFormatter(1))
        fit_limits(axis, history.loc[history["metric"] == metric, "value"])
        labels = []
        for (_, rows), look in zip(combinations(panel, factors), shown, strict=True):
            draw_curves(axis, rows, look, _LINES)
            test = rows[rows["split"] == "test"]
            # Beside the last epoch, so that it does not hide the curves' ends.
            draw_point(axis, last + _step(last), test, look)
            if len(test):
                labels.append((float(test["mean"].iloc[-1]), look.name, look.colour))
        axis.set_xlim(1 - 0.3 * _step(last), last + 1.6 * _step(last))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set(title=title, xlabel="epoch")
        direct_labels(axis, 1.01, labels)
    figure.legend(
        handles=[
            Line2D([], [], color=GREY, linestyle="--", label="training"),
            Line2D([], [], color=GREY, linestyle="-", label="validation"),
            Line2D(
                [], [], color=GREY, linestyle="", marker="D", label="test, after the last epoch"
            ),
        ],
        loc="outside lower center",
        ncols=3,
        title=f"mean and 95% interval over {data['n'].max()} seeds",
        title_fontsize=8.5,
    )
    return Drawing(figure, data)


def curve_data(
    history: pd.DataFrame, factors: Sequence[str], metrics: Sequence[str]
) -> pd.DataFrame:
    """Return mean and 95% interval over seeds of some metrics, per combination, split and epoch.

    A diverged run has no value from then on; ``n`` tells how many runs a mean is of.
    """
    columns = ["metric", *factors, "split", "epoch"]
    rows = history[history["metric"].isin(metrics)]
    records = [
        (*key, *mean_interval(values))
        for key, values in rows.groupby(columns, observed=True, sort=True)["value"]
    ]
    found = pd.DataFrame(records, columns=[*columns, "n", "mean", "sd", "low", "high"])
    return found.astype({name: history[name].dtype for name in factors})


def combination_looks(table: pd.DataFrame, factors: Sequence[str]) -> list[Look]:
    """Return how each combination of levels in ``table`` is drawn, in order."""
    found = [levels for levels, _ in combinations(table, factors)]
    if len(factors) == 1:
        return list(looks(factors[0], [str(levels[factors[0]]) for levels in found]).values())
    return list(looks("combination", [_name(levels) for levels in found]).values())


def draw_curves(axis: Axes, rows: pd.DataFrame, look: Look, lines: Mapping[str, Any]) -> None:
    """Draw the mean of each split as a line, and its interval as a band."""
    for split, line in lines.items():
        curve = rows[rows["split"] == split]
        epoch, mean, low, high = curve[["epoch", "mean", "low", "high"]].to_numpy(float).T
        axis.plot(epoch, mean, line, color=look.colour)
        bottom = np.maximum(low, axis.get_ylim()[0])  # a log scale has no zero
        axis.fill_between(epoch, bottom, high, color=look.colour, alpha=0.15, linewidth=0)


def draw_point(axis: Axes, x: float, rows: pd.DataFrame, look: Look) -> None:
    """Draw the last mean of ``rows`` as a point with its interval."""
    for row in rows.tail(1).to_dict("records"):
        axis.plot([x, x], [row["low"], row["high"]], color=look.colour, linewidth=1.2)
        axis.plot([x], [row["mean"]], "D", color=look.colour)


def _step(last: int) -> float:
    """Return the distance from the last epoch to the test point."""
    return max(0.06 * last, 0.15)


def _name(levels: Mapping[str, Any]) -> str:
    words = []
    for factor, level in levels.items():
        if factor in NAMED:
            words.append(looks(factor, [str(level)])[str(level)].name)
        else:
            words.append(f"{factor.replace('_', ' ')} {level}")
    return ", ".join(words)
