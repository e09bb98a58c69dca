"""Learning curves of a study of several factors: a panel for each combination of some of them.

The levels of one factor have colours, those of another may have kinds of lines, and the rest have
panels of their own, side by side on the same scale. So every combination is seen, and what it is
can be read off without tracing a line to a label among twenty.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from restudy.figures import labels
from restudy.figures.panels import (
    SPLITS,
    draw_curves,
    draw_point,
    epoch_axis,
    handle,
    held_out,
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
    SMALL,
    TEXT,
    Look,
    fit_limits,
    looks,
    sequence,
)
from restudy.results.study_tables import combinations

_LINES: tuple[Literal["-", "--", ":"], ...] = ("-", "--", ":")
_MOST_COLOURS, _MOST_PANELS, _ABREAST = 12, 16, 4
_HEIGHT = 1.25
"""Of a panel without what stands above and below it, in inches."""

_FEW = 3
"""With up to so many colours, and no kinds of lines, there are curves of the training samples."""

_BANDS = 6
"""With more curves in a panel the bands are left out; the points at the end have intervals."""

_ENTRY, _LETTER = 0.4, 0.56 * SMALL / 72
"""Width of an entry of the legend, and of each of its letters, in inches."""


Curve = tuple[pd.DataFrame, Look, str]
"""The means of a combination of levels, its look, and its kind of line."""


@dataclass(frozen=True)
class Layout:
    """What the factors of a study are drawn as.

    Attributes:
        colour: the factor whose levels have colours.
        line: that whose levels have kinds of lines, if any.
        panels: those whose combinations have panels of their own.
    """

    colour: str
    line: str | None
    panels: tuple[str, ...]


def layout(levels: Mapping[str, Sequence[str]]) -> Layout | None:
    """Return what factors are drawn as; None if there are too few or too many for panels.

    The factor with the most levels has colours. The others have panels; where these would be more
    than stand side by side, the one with the fewest levels has kinds of lines instead. Data sets
    always have panels of their own.

    Args:
        levels: of each factor that varies, in the study's order.
    """
    coloured = [name for name in levels if name != "dataset"]
    if len(levels) < 2 or not coloured:
        return None
    colour = max(reversed(coloured), key=lambda name: len(levels[name]))
    rest = [name for name in levels if name != colour]
    line = None
    if math.prod(len(levels[name]) for name in rest) > _ABREAST:
        able = [name for name in rest if name in coloured and len(levels[name]) <= len(_LINES)]
        line = min(able, key=lambda name: len(levels[name]), default=None)
        if line is not None and len(rest) > 1:
            rest.remove(line)
        else:
            line = None
    many = math.prod(len(levels[name]) for name in rest) > _MOST_PANELS
    if many or len(levels[colour]) > _MOST_COLOURS:
        return None
    return Layout(colour, line, tuple(rest))


def draw_facets(
    data: pd.DataFrame,
    kept: pd.DataFrame,
    levels: Mapping[str, Sequence[str]],
    asked: Layout,
    metrics: Sequence[str],
    remarks: Sequence[str],
) -> Figure:
    """Draw curves of the validation samples, and the test set at the end, panel by panel.

    With few colours there are curves of the training samples too.

    Args:
        data: means and intervals, as :func:`restudy.figures.panels.curve_data` gives them.
        kept: the single runs' values, which the panels hold.
        levels: of each factor that varies.
        asked: what the factors are drawn as.
        metrics: those drawn, each in a row of panels.
        remarks: what is said below, a line each.
    """
    cells = list(combinations(data[list(asked.panels)].drop_duplicates(), asked.panels))
    blocks = -(-len(cells) // _ABREAST)
    columns = -(-len(cells) // blocks)
    heads = [_head(cell, asked, PAGE / columns) for cell, _ in cells]
    tall = max(head.count("\n") for head in heads)
    rows = blocks * len(metrics)
    over_epochs = bool(data["epoch"].min() < data["epoch"].max())
    shown = _looks(asked.colour, levels[asked.colour])
    splits = [held_out(data)]
    if over_epochs and asked.line is None and len(shown) <= _FEW:
        splits = ["train", *splits]
    every = [split for split in SPLITS if (data["split"] == split).any()]
    drawn = kept[kept["split"].isin([*splits, "test"] if over_epochs else every)]
    values = {name: within_reach(drawn, name) for name in metrics}
    lines = f"; lines: {SPLITS[splits[0]]}" if over_epochs and len(splits) == 1 else ""
    cut = [remark for _, remark in values.values() if remark]
    lines_below = [f"{remarks[0]}{lines}", *remarks[1:], *cut]
    handles, abreast = _in_rows(_handles(asked, shown, levels, splits))
    figure = Figure(figsize=(PAGE, 1))
    below = text_below(figure, lines_below, handles, abreast)
    figure.set_figheight(rows * _HEIGHT + blocks * (0.2 + 0.13 * tall) + 0.3 + 0.14 * below)
    ends = [int(_rows(data, cell)["epoch"].max()) for cell, _ in cells]
    # Panels that end at other epochs, as those of many steps and of few, have axes of their own.
    alike = len(set(ends)) == 1
    grid = figure.subplots(rows, columns, squeeze=False, sharex=alike, sharey="none")
    for place, (cell, _) in enumerate(cells):
        block, column = divmod(place, columns)
        for row, metric in enumerate(metrics):
            axis = grid[block * len(metrics) + row, column]
            metric_axis(axis, metric, metrics, beside=True)
            fit_limits(axis, values[metric][0])
            here = _rows(data[data["metric"] == metric], cell)
            curves = list(_curves(here, asked, shown, levels))
            if over_epochs:
                _draw_epochs(axis, curves, splits, ends[place])
            else:
                _draw_points(axis, curves, every)
            if not np.isfinite(here["mean"]).any():
                note(axis, "all runs diverged", empty=False)
            if row == 0:
                axis.set_title(heads[place])
            if not alike:
                axis.tick_params(labelbottom=row == len(metrics) - 1)
            if column:
                axis.set_ylabel("")
                axis.tick_params(labelleft=False)
            if place + columns >= len(cells) and row == len(metrics) - 1:
                axis.set_xlabel("epoch" if over_epochs else f"after epoch {data['epoch'].max()}")
                axis.tick_params(labelbottom=True)
    for axis in grid[-len(metrics) :, len(cells) - (blocks - 1) * columns :].flat:
        axis.set_axis_off()
    return figure


def _head(cell: Mapping[str, Any], asked: Layout, width: float) -> str:
    letters = int((width - 0.25) * 72 / (0.6 * TEXT))
    return textwrap.fill(labels.plain(labels.combination(cell, asked.panels)), letters)


def _rows(table: pd.DataFrame, cell: Mapping[str, Any]) -> pd.DataFrame:
    for factor, level in cell.items():
        table = table[table[factor] == level]
    return table


def _looks(factor: str, levels: Sequence[str]) -> dict[str, Look]:
    """Return how the levels of the coloured factor are drawn: numbers in a sequence."""
    ordered = len(levels) > 2 and all(map(_is_number, levels))
    found = sequence(levels) if ordered or len(levels) > COLOURS else looks(factor, levels)
    return {level: look._replace(name=labels.name(factor, level)) for level, look in found.items()}


def _is_number(level: str) -> bool:
    return level.replace(".", "", 1).replace("e-", "", 1).isdigit()


def _draw_epochs(axis: Axes, curves: Sequence[Curve], splits: Sequence[str], last: int) -> None:
    """Draw curves over epochs, and the test set as points beside each other behind the last one."""
    step = max(0.07 * last, 0.15)
    room = min(0.3, 0.06 * (len(curves) - 1)) * last
    for place, (own, look, line) in enumerate(curves):
        kinds = {splits[-1]: line, **dict.fromkeys(splits[:-1], "--")}
        draw_curves(axis, own, look, kinds, bands=len(curves) <= _BANDS)
        aside = room * place / max(len(curves) - 1, 1)
        draw_point(axis, last + step + aside, own[own["split"] == "test"], look)
    axis.axvline(last + 0.5 * step, color=PALE, linewidth=0.5)
    epoch_axis(axis, last, step, last + room + 1.7 * step, 5)


def _draw_points(axis: Axes, curves: Sequence[Curve], splits: Sequence[str]) -> None:
    """Draw the one epoch there is: a column of points for each part of the data."""
    for place, (own, look, _) in enumerate(curves):
        aside = 0.7 * (place / (len(curves) - 1) - 0.5) if len(curves) > 1 else 0.0
        for column, split in enumerate(splits):
            draw_point(axis, column + aside, own[own["split"] == split], look)
    split_axis(axis, [SPLITS[split] for split in splits])


def _curves(
    rows: pd.DataFrame,
    asked: Layout,
    shown: Mapping[str, Look],
    levels: Mapping[str, Sequence[str]],
) -> Iterator[Curve]:
    """Yield the rows of each curve of a panel, its look, and its kind of line."""
    lines = dict(zip(levels[asked.line], _LINES, strict=False)) if asked.line else {"": "-"}
    for line, kind in lines.items():
        table = rows[rows[asked.line].astype(str) == line] if asked.line else rows
        for level, look in shown.items():
            own = table[table[asked.colour].astype(str) == level]
            if len(own):
                yield own, look, kind


def _handles(
    asked: Layout,
    shown: Mapping[str, Look],
    levels: Mapping[str, Sequence[str]],
    splits: Sequence[str],
) -> list[Artist]:
    """Return the legend's entries: the names of the factors, each before its levels."""
    found = [handle(f"{asked.colour.replace('_', ' ')}:")]
    found += [
        handle(labels.plain(look.name), color=look.colour, marker=look.marker, linestyle="-")
        for look in shown.values()
    ]
    if asked.line:
        found.append(handle(f"{asked.line.replace('_', ' ')}:"))
        for level, line in zip(levels[asked.line], _LINES, strict=False):
            found.append(handle(labels.plain(labels.name(asked.line, level)), linestyle=line))
    elif len(splits) > 1:
        found += line_handles(dict(zip(splits, ("--", "-"), strict=True)))
    return found


def _in_rows(handles: Sequence[Artist]) -> tuple[list[Artist], int]:
    """Return the legend's entries so that they are read along rows, and how many a row has.

    A legend is filled column by column, each as wide as its widest entry.
    """
    widths = [_ENTRY + len(str(handle.get_label())) * _LETTER for handle in handles]
    columns = len(handles)
    while columns > 1 and sum(max(widths[i::columns]) for i in range(columns)) > PAGE:
        columns -= 1
    rows = -(-len(handles) // columns)
    nothing = [handle(" ")] * (rows * columns - len(handles))
    filled = [*handles, *nothing]
    return [filled[row * columns + column] for column in range(columns) for row in range(rows)], (
        columns
    )
