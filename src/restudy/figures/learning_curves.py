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
from matplotlib.ticker import MaxNLocator, NullLocator

from restudy.figures.curves import (
    SIGNS,
    SPLITS,
    curve_data,
    diverged,
    draw_curves,
    draw_point,
    log_scale,
    percent_scale,
)
from restudy.figures.style import (
    COLOURS,
    GREY,
    Drawing,
    Look,
    direct_labels,
    fit_limits,
    looks,
    styled,
)
from restudy.figures.words import combination, plain
from restudy.tables import combinations

_METRICS = ("data_loss", "accuracy", "rmse")

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
    lost = diverged(history)
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
        handles=_handles(few, _held_out(data)) if over_epochs else [],
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


def _choose(data: pd.DataFrame, factors: Sequence[str]) -> tuple[Shown, list[str]]:
    """Return how each combination is drawn, and what has to be said of it."""
    every = [levels for levels, _ in combinations(data, factors)]
    varied = [name for name in factors if len({levels[name] for levels in every}) > 1] or factors
    names = {_key(levels): combination(levels, varied) for levels in every}
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
        f"{_held_out(data)} {criterion} after the last epoch; grey: the others"
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
        _key(levels): part[part["split"] == _held_out(part)].iloc[-1]
        for levels, part in _of(data, factors, metric)
    }
    most = max(row["n"] for row in last.values())
    means = {key: row["mean"] for key, row in last.items() if row["n"] == most and most > 0}
    ranked = sorted(means, key=means.__getitem__, reverse=metric == "accuracy")
    return ranked, {"data_loss": "loss", "rmse": "RMSE"}.get(metric, metric)


def _prepare(axis: Axes, metric: str, metrics: Sequence[str]) -> None:
    """Give a panel its scale and its title."""
    if metric == "accuracy":
        percent_scale(axis)
        axis.set_title("Accuracy")
        return
    log_scale(axis)
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
        held_out = _held_out(rows)
        line = rows[rows["split"] == held_out]
        if look is None:
            axis.plot(line["epoch"], line["mean"], color=_PALE, linewidth=0.7)
            continue
        if few:
            draw_curves(axis, rows, look, {"train": "--", held_out: "-"})
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
        for place, split in enumerate(SPLITS):
            own = rows[rows["split"] == split]
            pale = Look(_PALE, "", "")
            draw_point(axis, place + float(offset), own, look or pale, SIGNS[split])
        if look:
            labels.append((float(own["mean"].iloc[-1]), look.name, look.colour))
    axis.set_xticks(range(len(SPLITS)), list(SPLITS.values()))
    axis.set_xlim(-0.5, len(SPLITS) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.set_xlabel(f"after epoch {curves[0][0]['epoch'].max()}")
    return labels


def _label(axis: Axes, labels: list[tuple[float, str, str]], few: bool) -> None:
    if few:
        direct_labels(axis, _LABELS, labels)
    else:
        direct_labels(axis, 1.06, labels, gap=min(0.04, 0.94 / len(labels)), leader=1.0)


def _held_out(rows: pd.DataFrame) -> str:
    """Return the split that curves are drawn of beside training: a source may have had no other."""
    return "validation" if (rows["split"] == "validation").any() else "test"


def _handles(few: bool, held_out: str) -> list[Artist]:
    """Return the legend's entries for lines and points over epochs."""
    shown = [("training", "--", "")] if few else []
    shown += [(SPLITS[held_out], "-", ""), ("test, after the last epoch", "", "D")]
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
        whose = f"{plain(look.name)}: " if look and len(shown) > 1 else ""
        lines.append(f"{whose}{some} of {total} runs diverged, left out")
    return lines


def _of(
    data: pd.DataFrame, factors: Sequence[str], metric: str
) -> Iterable[tuple[dict[str, Any], pd.DataFrame]]:
    return combinations(data[data["metric"] == metric], factors)


def _key(levels: Mapping[str, Any]) -> Key:
    return tuple(map(str, levels.values()))
