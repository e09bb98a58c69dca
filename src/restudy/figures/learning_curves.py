"""Learning curves: loss and accuracy, or error, over epochs, and the test set at the end.

This is how any study is drawn whose file does not ask for something else, so it draws every study
that is valid: any task, any number of factors, levels and seeds, and runs that have diverged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from restudy.figures.facets import draw_facets, layout
from restudy.figures.labels import combination
from restudy.figures.panels import (
    AT_THE_RIGHT,
    SIGNS,
    SPLITS,
    Key,
    curve_data,
    diverged,
    draw_curves,
    draw_point,
    epoch_axis,
    held_out,
    key_of,
    line_handles,
    metric_axis,
    note,
    split_axis,
    text_below,
    within_reach,
)
from restudy.figures.style import (
    COLOURS,
    PAGE,
    PALE,
    Drawing,
    Look,
    direct_labels,
    fit_limits,
    looks,
    styled,
)
from restudy.results.study_tables import combinations

_METRICS = ("data_loss", "accuracy", "rmse")

MANY = 24
"""With more combinations of levels, only the best and the worst have a colour and a label."""

_SHOWN = 3
_FEW = 4
"""With more combinations the curves of the training samples are left out."""

_LONG = 22
"""Labels with more letters leave too little room for a panel beside each."""


Shown = dict[Key, Look | None]
"""How each combination is drawn, in order; None for a pale line without a name."""


CAPTION = (
    "Loss and accuracy (or root mean squared error) over the epochs. Lines are means over seeds, "
    "bands 95% t intervals; dashed lines are the training samples, solid ones the validation "
    "samples, both measured in evaluation mode after each epoch. With more than four combinations "
    "the training curves and bands are left out; with more than seven there is a panel for each "
    "combination of some factors, on one scale, and colours and kinds of lines for the others; "
    "with more than six curves in a panel it has no bands. A loss that is huge after the first "
    "epoch is cut off, which is said. With one epoch there are points instead of lines. Points at "
    "the right, with bars: the test set, used once, after the last epoch. With two seeds the "
    "intervals are a dozen times as wide as the spread and may run off the panel."
)


@styled
def learning_curves(history: pd.DataFrame, factors: Sequence[str]) -> Drawing:
    """Draw mean loss and accuracy (or RMSE) of each combination of levels over the epochs.

    Up to four combinations are drawn with their training curves and 95% intervals over seeds, up to
    seven in one panel a metric, with intervals at the end alone. Of more, or with long names, a
    factor or two have colours and kinds of lines, and the others panels of their own. A study for
    which that makes too many panels or colours is drawn in one panel, in the colours of a sequence;
    of more than ``MANY`` only the best and the worst by validation have a colour. Runs that
    diverged are left out, and the legend counts them.

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
    runs = history[["run", *factors]].drop_duplicates()
    seeds = int(runs.groupby(list(factors), observed=True).size().max()) if factors else len(runs)
    spread = f"mean and 95% interval over {seeds} seeds" if seeds > 1 else "one seed"
    over_epochs = bool(data["epoch"].min() < data["epoch"].max())
    signs = f"{spread}{AT_THE_RIGHT if over_epochs else ''}"
    counted = _count_diverged(history, lost, factors, shown)
    levels = _levels(data, factors)
    long = max(len(look.name) if look else 0 for look in shown.values()) > _LONG
    asked = layout(levels) if len(shown) > COLOURS or long else None
    if asked is not None:
        figure = draw_facets(data, kept, levels, asked, metrics, [signs, *counted])
    else:
        remarks = [signs, *remark, *counted]
        figure = _draw_together(data, kept, factors, metrics, shown, remarks)
    return Drawing(figure, data)


def _levels(data: pd.DataFrame, factors: Sequence[str]) -> dict[str, list[str]]:
    """Return the levels of each factor that varies, in the study's order."""
    found = {
        name: [str(level) for level in data[name].drop_duplicates().sort_values()]
        for name in factors
    }
    return {name: levels for name, levels in found.items() if len(levels) > 1}


def _draw_together(
    data: pd.DataFrame,
    kept: pd.DataFrame,
    factors: Sequence[str],
    metrics: Sequence[str],
    shown: Shown,
    remarks: Sequence[str],
) -> Figure:
    """Draw all combinations in one panel for each metric."""
    few = len(shown) <= COLOURS
    over_epochs = bool(data["epoch"].min() < data["epoch"].max())
    names = [look.name for look in shown.values() if look]
    height = 2.2 if few else max(2.6, 0.125 * len(names) + 0.9)
    figure = Figure(figsize=(PAGE, height))
    panels: list[Axes] = list(figure.subplots(1, len(metrics), squeeze=False)[0])
    training = len(shown) <= _FEW or not over_epochs
    splits = SPLITS if training else (held_out(data), "test")
    for axis, metric in zip(panels, metrics, strict=True):
        metric_axis(axis, metric, metrics)
        values, remark = within_reach(kept[kept["split"].isin(list(splits))], metric)
        fit_limits(axis, values)
        remarks = [*remarks, *filter(None, [remark])]
        found = {key_of(levels): part for levels, part in _of(data, factors, metric)}
        curves = [(found[key], look) for key, look in shown.items() if key in found]
        curves.sort(key=lambda curve: curve[1] is not None)  # pale ones lie below
        if over_epochs:
            labels = _draw_epochs(axis, curves, few=few, training=training)
        else:
            labels = _draw_splits(axis, curves)
        if (few and max(map(len, names)) <= _LONG) or axis is panels[-1]:
            direct_labels(axis, 1.06, labels, gap=0.09 if few else 0.06, leader=1.0)
        if not np.isfinite([y for y, _, _ in labels]).any():
            note(axis, "all runs diverged")
    kinds = {"train": "--", held_out(data): "-"} if training else {held_out(data): "-"}
    handles = line_handles(kinds) if over_epochs else []
    below = text_below(figure, remarks, handles, 3) - bool(handles)
    figure.set_figheight(height + 0.125 * (below - 1))
    return figure


def _choose(data: pd.DataFrame, factors: Sequence[str]) -> tuple[Shown, list[str]]:
    """Return how each combination is drawn, and what has to be said of it."""
    every = [levels for levels, _ in combinations(data, factors)]
    varied = [name for name in factors if len({levels[name] for levels in every}) > 1] or factors
    names = {key_of(levels): combination(levels, varied) for levels in every}
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
        f"{held_out(data)} {criterion} after the last epoch; grey: the others"
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
        key_of(levels): part[part["split"] == held_out(part)].iloc[-1]
        for levels, part in _of(data, factors, metric)
    }
    most = max(row["n"] for row in last.values())
    means = {key: row["mean"] for key, row in last.items() if row["n"] == most and most > 0}
    ranked = sorted(means, key=means.__getitem__, reverse=metric == "accuracy")
    return ranked, {"data_loss": "loss", "rmse": "RMSE"}.get(metric, metric)


def _draw_epochs(
    axis: Axes, curves: Sequence[tuple[pd.DataFrame, Look | None]], *, few: bool, training: bool
) -> list[tuple[float, str, str]]:
    """Draw curves over epochs, and the test points behind the last one; return the labels."""
    last = max(int(rows["epoch"].max()) for rows, _ in curves)
    step = max(0.06 * last, 0.15)
    count = sum(look is not None for _, look in curves)
    spread = step * (count - 1) / 2 if few else 0.2 * last
    # Beside the last epoch, so that they do not hide the curves' ends.
    places = iter(last + step + np.linspace(0, spread, max(count, 1)))
    labels = []
    for rows, look in curves:
        split = held_out(rows)
        line = rows[rows["split"] == split]
        if look is None:
            axis.plot(line["epoch"], line["mean"], color=PALE, linewidth=0.7)
            continue
        if few:
            lines = {"train": "--", split: "-"} if training else {split: "-"}
            draw_curves(axis, rows, look, lines, bands=training)
        else:
            sign = "s" if len(line) == 1 else None
            axis.plot(line["epoch"], line["mean"], color=look.colour, linewidth=0.9, marker=sign)
        test = rows[rows["split"] == "test"]
        draw_point(axis, float(next(places)), test, look)
        labels.append((float(test["mean"].iloc[-1]), look.name, look.colour))
    epoch_axis(axis, last, step, last + spread + 1.6 * step, 8)
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
            pale = Look(PALE, "", "")
            draw_point(axis, place + float(offset), own, look or pale, SIGNS[split])
        if look:
            labels.append((float(own["mean"].iloc[-1]), look.name, look.colour))
    split_axis(axis, list(SPLITS.values()))
    axis.set_xlabel(f"after epoch {curves[0][0]['epoch'].max()}")
    return labels


def _count_diverged(
    history: pd.DataFrame, lost: pd.Series, factors: Sequence[str], shown: Shown
) -> list[str]:
    """Say how many runs diverged: of each combination, or in all if that would be a long list."""
    runs = history.assign(lost=lost)[["run", *factors, "lost"]].drop_duplicates()
    counts = {
        key_of(levels): (int(part["lost"].sum()), len(part))
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
        whose = f"{look.name}: " if look and len(shown) > 1 else ""
        lines.append(f"{whose}{some} of {total} runs diverged, left out")
    return lines


def _of(
    data: pd.DataFrame, factors: Sequence[str], metric: str
) -> Iterable[tuple[dict[str, Any], pd.DataFrame]]:
    return combinations(data[data["metric"] == metric], factors)
