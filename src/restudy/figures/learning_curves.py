"""Learning curves: loss and accuracy, or error, over epochs, and the test set at the end.

This is how any study is drawn whose file does not ask for something else, so it draws every study
that is valid: any task, any number of factors, levels and seeds, and runs that have diverged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator, PercentFormatter

from restudy.figures.style import (
    COLOURS,
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

_METRICS = ("data_loss", "accuracy", "rmse")
_LINES = {"train": "--", "validation": "-"}
_SPLITS = {"train": "training", "validation": "validation", "test": "test"}
_SIGNS = {"train": "o", "validation": "s", "test": "D"}

MANY = 24
"""With more combinations of levels, only the best and the worst have a colour and a label."""

_SHOWN = 3
_PALE = "#C4C4C4"
_LABELS = 1.01  # where labels begin, as a share of a panel's width

Key = tuple[str, ...]
Shown = dict[Key, Look | None]
"""How each combination is drawn, in order; None for a pale line without a name."""


@styled
def learning_curves(history: pd.DataFrame, factors: Sequence[str]) -> Drawing:
    """Draw mean loss and accuracy (or RMSE) of each combination of levels over the epochs.

    Up to seven combinations are drawn with their training curves and 95% intervals over seeds; more
    without, in the colours of a sequence; of more than ``MANY`` only the best and the worst by
    validation have a colour. Runs that diverged are left out, and the legend counts them.

    Args:
        history: ``history.parquet`` of a study.
        factors: names of its factors; there may be none.

    Returns:
        the figure, with data ``metric``, the factors' columns, ``split``, ``epoch``, ``n``,
        ``mean``, ``sd``, ``low``, ``high``: of all combinations, those without a colour too.
    """
    lost = _diverged(history)
    kept = history.assign(value=history["value"].mask(lost))
    metrics = [name for name in _METRICS if name in set(history["metric"])]
    data = curve_data(kept, factors, metrics)
    shown, remark = _choose(data, factors)
    few = len(shown) <= COLOURS
    over_epochs = data["epoch"].min() < data["epoch"].max()

    names = [look.name for look in shown.values() if look]
    label_columns = len(metrics) if few else 1
    height = 3.8 if few else max(4.6, 0.17 * len(names) + 1.6)
    width = 3.8 * len(metrics) + 0.6 + 0.062 * max(map(len, names)) * label_columns
    figure = Figure(figsize=(width, height))
    panels: list[Axes] = list(figure.subplots(1, len(metrics), squeeze=False)[0])
    for axis, metric in zip(panels, metrics, strict=True):
        _prepare(axis, metric, metrics)
        fit_limits(axis, kept.loc[kept["metric"] == metric, "value"])
        found = {_key(levels): part for levels, part in _of(data, factors, metric)}
        curves = [(found[key], look) for key, look in shown.items() if key in found]
        curves.sort(key=lambda curve: curve[1] is not None)  # pale ones lie below
        labels = _draw_epochs(axis, curves, few) if over_epochs else _draw_splits(axis, curves)
        if few or axis is panels[-1]:
            _label(axis, labels, few)
        if not np.isfinite([y for y, _, _ in labels]).any():
            axis.text(0.5, 0.5, "all runs diverged", transform=axis.transAxes, ha="center")
            axis.yaxis.set_major_locator(NullLocator())
    runs = history[["lane", *factors]].drop_duplicates()
    seeds = int(runs.groupby(list(factors), observed=True).size().max()) if factors else len(runs)
    figure.legend(
        handles=_handles(few) if over_epochs else [],
        loc="outside lower center",
        ncols=3,
        title="\n".join(
            [
                f"mean and 95% interval over {seeds} seeds" if seeds > 1 else "one seed",
                *remark,
                *_count_diverged(history, lost, factors, shown),
            ]
        ),
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


def draw_curves(axis: Axes, rows: pd.DataFrame, look: Look, lines: Mapping[str, Any]) -> None:
    """Draw the mean of each split as a line, and its interval as a band; one epoch as a point."""
    for split, line in lines.items():
        curve = rows[rows["split"] == split]
        if len(curve) == 1:
            draw_point(axis, float(curve["epoch"].iloc[0]), curve, look, _SIGNS[split])
            continue
        epoch, mean, low, high = curve[["epoch", "mean", "low", "high"]].to_numpy(float).T
        axis.plot(epoch, mean, line, color=look.colour)
        bottom = np.maximum(low, axis.get_ylim()[0])  # a log scale has no zero
        axis.fill_between(epoch, bottom, high, color=look.colour, alpha=0.15, linewidth=0)


def draw_point(axis: Axes, x: float, rows: pd.DataFrame, look: Look, sign: str = "D") -> None:
    """Draw the last mean of ``rows`` as a point with its interval."""
    for row in rows.tail(1).to_dict("records"):
        bottom = max(row["low"], axis.get_ylim()[0])
        axis.plot([x, x], [bottom, row["high"]], color=look.colour, linewidth=1.2)
        axis.plot([x], [row["mean"]], sign, color=look.colour)


def _diverged(history: pd.DataFrame) -> pd.Series:
    """Tell of each row whether it is of a run that diverged, at this epoch or another."""
    losses = history[(history["split"] == "train") & (history["metric"] == "data_loss")]
    return history["lane"].isin(losses.loc[~np.isfinite(losses["value"]), "lane"])


def _choose(data: pd.DataFrame, factors: Sequence[str]) -> tuple[Shown, list[str]]:
    """Return how each combination is drawn, and what has to be said of it."""
    every = [levels for levels, _ in combinations(data, factors)]
    varied = [name for name in factors if len({levels[name] for levels in every}) > 1] or factors
    names = {_key(levels): _name(levels, varied) for levels in every}
    if len(every) <= MANY:
        alone = factors[0] if len(factors) == 1 else "combination"
        found = looks(alone, [", ".join(key) for key in names])
        drawn = zip(names.items(), found.values(), strict=True)
        return {key: look._replace(name=name) for (key, name), look in drawn}, []
    ranked, criterion = _rank(data, factors)
    best, worst = ranked[:_SHOWN], ranked[_SHOWN:][-_SHOWN:]
    labelled = [*best, *worst] or list(names)[:1]
    found = looks("combination", list(map(str, labelled)))
    chosen = dict(zip(labelled, found.values(), strict=True))
    remark = (
        f"named: the best {len(best)} and the worst {len(worst)} of {len(every)} combinations by "
        f"validation {criterion} after the last epoch; grey: the others"
    )
    shown: Shown = {
        key: chosen[key]._replace(name=name) if key in chosen else None
        for key, name in names.items()
    }
    return shown, [remark]


def _rank(data: pd.DataFrame, factors: Sequence[str]) -> tuple[list[Key], str]:
    """Return the combinations whose runs have all finished, best first, and by what.

    If there are none, those with any value.
    """
    metrics = set(data["metric"])
    metric = next(iter(metrics - {"data_loss"})) if len(metrics) == 2 else "data_loss"
    last = {
        _key(levels): part[part["split"] == "validation"].iloc[-1]
        for levels, part in _of(data, factors, metric)
    }
    most = max(row["n"] for row in last.values())
    means = {key: row["mean"] for key, row in last.items() if row["n"] == most and most > 0}
    ranked = sorted(means, key=means.__getitem__, reverse=metric == "accuracy")
    return ranked, {"data_loss": "loss", "rmse": "RMSE"}.get(metric, metric)


def _prepare(axis: Axes, metric: str, metrics: Sequence[str]) -> None:
    """Give a panel its scale and its title."""
    if metric == "accuracy":
        axis.yaxis.set_major_formatter(PercentFormatter(1))
        axis.set_title("Accuracy")
        return
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    if metric == "rmse":
        axis.set(title="Root mean squared error (log scale)", ylabel="in units of the target")
        return
    kinds = {"accuracy": "Cross-entropy", "rmse": "Mean squared error"}
    tasks = [kinds[name] for name in metrics if name in kinds]
    axis.set_title(f"{tasks[0] if len(tasks) == 1 else 'Loss'} (log scale)")


def _draw_epochs(
    axis: Axes, curves: Sequence[tuple[pd.DataFrame, Look | None]], few: bool
) -> list[tuple[float, str, str]]:
    """Draw curves over epochs, and the test points behind the last one; return the labels."""
    last = max(int(rows["epoch"].max()) for rows, _ in curves)
    step = max(0.06 * last, 0.15)
    count = sum(look is not None for _, look in curves)
    spread = 0.0 if few else 0.2 * last
    # Beside the last epoch, so that they do not hide the curves' ends.
    places = iter(last + step + np.linspace(0, spread, max(count, 1)))
    labels = []
    for rows, look in curves:
        line = rows[rows["split"] == "validation"]
        if look is None:
            axis.plot(line["epoch"], line["mean"], color=_PALE, linewidth=0.7)
            continue
        if few:
            draw_curves(axis, rows, look, _LINES)
        else:
            sign = "s" if len(line) == 1 else None
            axis.plot(line["epoch"], line["mean"], color=look.colour, linewidth=1.2, marker=sign)
        test = rows[rows["split"] == "test"]
        draw_point(axis, float(next(places)), test, look)
        labels.append((float(test["mean"].iloc[-1]), look.name, look.colour))
    axis.set_xlim(1 - 0.3 * step, last + spread + 1.6 * step)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axis.set_xticks([tick for tick in axis.get_xticks() if 1 <= tick <= last])
    axis.set_xlabel("epoch")
    return labels


def _draw_splits(
    axis: Axes, curves: Sequence[tuple[pd.DataFrame, Look | None]]
) -> list[tuple[float, str, str]]:
    """Draw the one epoch there is as points beside each other; return the labels."""
    labels = []
    offsets = np.linspace(-0.3, 0.3, len(curves)) if len(curves) > 1 else [0.0]
    for offset, (rows, look) in zip(offsets, curves, strict=True):
        for place, split in enumerate(_SPLITS):
            own = rows[rows["split"] == split]
            pale = Look(_PALE, "", "")
            draw_point(axis, place + float(offset), own, look or pale, _SIGNS[split])
        if look:
            labels.append((float(own["mean"].iloc[-1]), look.name, look.colour))
    axis.set_xticks(range(len(_SPLITS)), list(_SPLITS.values()))
    axis.set_xlim(-0.5, len(_SPLITS) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.set_xlabel(f"after epoch {curves[0][0]['epoch'].max()}")
    return labels


def _label(axis: Axes, labels: list[tuple[float, str, str]], few: bool) -> None:
    if few:
        direct_labels(axis, _LABELS, labels)
    else:
        direct_labels(axis, 1.06, labels, gap=min(0.04, 0.94 / len(labels)), leader=1.0)


def _handles(few: bool) -> list[Artist]:
    """Return the legend's entries for lines and points over epochs."""
    shown = [("training", "--", "")] if few else []
    shown += [("validation", "-", ""), ("test, after the last epoch", "", "D")]
    style: list[dict[str, Any]] = [
        {"label": name, "linestyle": line, "marker": sign} for name, line, sign in shown
    ]
    return [Line2D([], [], color=GREY, **entry) for entry in style]


def _count_diverged(
    history: pd.DataFrame, lost: pd.Series, factors: Sequence[str], shown: Shown
) -> list[str]:
    """Say how many runs diverged: of each combination, or in all if that would be a long list."""
    runs = history.assign(lost=lost)[["lane", *factors, "lost"]].drop_duplicates()
    counts = {
        _key(levels): (int(part["lost"].sum()), len(part))
        for levels, part in combinations(runs, factors)
        if part["lost"].any()
    }
    if len(counts) > _SHOWN or any(shown[key] is None for key in counts):
        return [
            f"{runs['lost'].sum()} of {len(runs)} runs diverged, in {len(counts)} of {len(shown)} "
            "combinations, and are left out"
        ]
    lines = []
    for key, (some, total) in counts.items():
        look = shown[key]
        whose = f"{_plain(look.name)}: " if look and len(shown) > 1 else ""
        lines.append(f"{whose}{some} of {total} runs diverged, left out")
    return lines


def _plain(name: str) -> str:
    return name.replace("$", r"\$")  # no formula


def _of(
    data: pd.DataFrame, factors: Sequence[str], metric: str
) -> Iterable[tuple[dict[str, Any], pd.DataFrame]]:
    return combinations(data[data["metric"] == metric], factors)


def _key(levels: Mapping[str, Any]) -> Key:
    return tuple(map(str, levels.values()))


def _name(levels: Mapping[str, Any], varied: Sequence[str]) -> str:
    """Return a combination in words; factors that never vary go without saying."""
    words = []
    for factor in varied:
        level = str(levels[factor])
        if factor in NAMED:
            words.append(looks(factor, [level])[level].name)
        elif level[:1].isalpha() and level not in ("none", "all", "full", "True", "False"):
            words.append(level)  # says what it is
        else:
            words.append(f"{factor.replace('_', ' ')} {level}")
    return ", ".join(words)
