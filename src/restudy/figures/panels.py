"""Parts that figures share: means over seeds as lines and points; panels, scales, legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from restudy.figures.labels import plain, wrapped
from restudy.figures.style import COLUMN, GREY, PAGE, Look, fit_limits, headline
from restudy.stats.intervals import mean_interval

Key = tuple[str, ...]
"""The levels of a combination, as text."""

SPLITS = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of a data set, in words."""

SIGNS = {"train": "o", "validation": "s", "test": "D"}
"""The marker of a part, where it is drawn as points."""

AT_THE_RIGHT = "; at the right: the test set, after the last epoch"
"""The remark on the points behind the curves."""

_DECADES, _THOUSAND, _FAR = 2.5, 1000, 30.0
WIDE = 8.0
"""Where the largest value of a panel is so many times the smallest, its scale is logarithmic."""


def key_of(levels: Mapping[str, Any]) -> Key:
    """Return the key of a combination of levels."""
    return tuple(map(str, levels.values()))


def panels(count: int, columns: int, height: float, title: str) -> tuple[Figure, list[Axes]]:
    """Return a figure of ``count`` panels with a title; a panel is ``height`` inches high."""
    rows = -(-count // columns)
    figure = Figure(figsize=(PAGE if columns > 1 else COLUMN, rows * height + 0.2))
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    headline(figure, title)
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, axes[:count]


def text_below(
    figure: Figure, lines: Sequence[str], handles: Sequence[Artist] = (), columns: int = 1
) -> int:
    """Write text below the panels, as the title of a legend; return its lines and rows of entries.

    Args:
        figure: the figure, whose width is final.
        lines: the text, to be broken at the figure's width.
        handles: the legend's entries.
        columns: entries beside each other.
    """
    text = plain(wrapped(lines, float(figure.get_figwidth()) - 0.2))
    figure.legend(
        handles=list(handles),
        loc="outside lower left",
        alignment="left",
        ncols=columns,
        title=text,
    )
    return 1 + text.count("\n") + -(-len(handles) // columns)


def handle(label: str, **options: Any) -> Artist:
    """Return an entry of a legend: a name alone, or with a sign as ``options`` say."""
    return Line2D([], [], label=label, **({"color": GREY, "linestyle": ""} | options))


def line_handles(kinds: Mapping[str, str]) -> list[Artist]:
    """Return the entries of a legend for kinds of lines: part of the data -> line."""
    return [handle(SPLITS[split], linestyle=line) for split, line in kinds.items()]


def note(axis: Axes, text: str, *, empty: bool = True) -> None:
    """Write in the middle of a panel why it shows nothing; ``empty``: without a scale."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center")
    if empty:
        axis.yaxis.set_major_locator(NullLocator())


def epoch_axis(axis: Axes, last: int, step: float, right: float, ticks: int) -> None:
    """Scale an x axis of epochs or steps.

    Args:
        axis: the panel.
        last: the last epoch or step; no tick lies behind it.
        step: distance of what is drawn behind the last epoch.
        right: where the axis ends.
        ticks: about so many ticks at most.
    """
    axis.set_xlim(1 - 0.3 * step, right)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=ticks))
    axis.set_xticks([tick for tick in axis.get_xticks() if 1 <= tick <= last])


def split_axis(axis: Axes, names: Sequence[str], room: float = 0.5) -> None:
    """Scale an x axis with a place for each part of the data."""
    axis.set_xticks(range(len(names)), names)
    axis.set_xlim(-room, len(names) - 1 + room)
    axis.grid(visible=False, axis="x")


def draw_means(axis: Axes, x: ArrayLike, rows: pd.DataFrame, line: str, colour: str) -> None:
    """Draw means in matplotlib's format ``line``, with their intervals as bars."""
    axis.plot(x, rows["mean"], line, color=colour)
    axis.vlines(x, rows["ci_low"], rows["ci_high"], color=colour, linewidth=0.8)


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
    found = pd.DataFrame(records, columns=[*columns, "n", "mean", "sd", "ci_low", "ci_high"])
    return found.astype({name: history[name].dtype for name in factors})


def diverged(history: pd.DataFrame) -> pd.Series:
    """Tell of each row whether it is of a run that diverged, at this epoch or another."""
    losses = history[(history["split"] == "train") & (history["metric"] == "data_loss")]
    return history["run"].isin(losses.loc[~np.isfinite(losses["value"]), "run"])


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
        place, mean, low, high = curve[[x, "mean", "ci_low", "ci_high"]].to_numpy(float).T
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
        bottom = max(row["ci_low"], axis.get_ylim()[0])
        axis.plot([x, x], [bottom, row["ci_high"]], color=look.colour, linewidth=0.8)
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


def value_scale(axis: Axes, values: ArrayLike, *, percent: bool) -> bool:
    """Give a panel the scale and the limits of ``values``; return whether it is logarithmic."""
    x = np.asarray(values, np.float64)
    x = x[np.isfinite(x)]
    logarithmic = not percent and x.min() > 0 and x.max() > WIDE * x.min()
    if percent:
        percent_scale(axis)
    elif logarithmic:
        log_scale(axis)
    fit_limits(axis, x)
    return bool(logarithmic)


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
