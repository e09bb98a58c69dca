"""A figure of a source that shows the end of training over the levels of a factor, or over steps.

Training and validation are lines with intervals; the test set are points without a line, as each
is another network's one score. What the source printed are open marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from restudy.common.errors import RestudyError, bad_value
from restudy.evidence.figure_specs import Levels, Line
from restudy.figures.curve_helpers import SIGNS, SPLITS, curve_data
from restudy.figures.published_markers import Mark, draw_lines, handles, marks_of
from restudy.figures.source_panels import (
    ALONE,
    COLUMNS,
    LABEL_GAP,
    Selection,
    Tables,
    finish,
    panels,
    select,
    set_scale,
)
from restudy.figures.style import Drawing, direct_labels, styled

_LINES = {"train": "--", "validation": "-", "test": ""}
_AXES = {"units": "hidden units", "layers": "layers, with the output layer (widths of the others)"}
_STEP = "step"


@styled
def source_levels(tables: Tables, drawing: Levels, printed: Mapping[str, float]) -> Drawing:
    """Draw metrics of some runs of a study over the levels of a factor, or after some steps.

    Args:
        tables: of the study.
        drawing: what is drawn.
        printed: published value -> its number, in our units.

    Returns:
        the figure, with data ``panel`` (the metric), the factors' columns, ``step`` where that is
        what is drawn over, ``split``, ``n``, ``mean``, ``sd``, ``low``, ``high``, and
        ``published``: the id of a published value, which then stands under ``mean``.

    Raises:
        RestudyError: the tables do not have what is to be drawn.
    """
    found = select(tables, drawing)
    history = _rows(found, drawing)
    data = curve_data(history, found.factors, drawing.panels, _STEP)
    places = _places(found, drawing)
    figure, cells = panels(drawing, found)
    published: list[dict[str, Any]] = []
    drawn: list[Mark] = []
    lines: list[Line] = []
    for dataset, metric, axis in cells:
        rows = found.of_dataset(data[data["metric"] == metric], dataset)
        marks = [
            mark
            for mark in marks_of(drawing.published, printed, metric, dataset)
            if str(mark.place) in places
        ]
        values = found.of_dataset(history[history["metric"] == metric], dataset)["value"]
        set_scale(axis, metric, [*values, *(mark.y for mark in marks)])
        _draw(axis, rows.assign(x=rows[drawing.x].astype(str).map(places)), places, marks)
        _label_axis(axis, drawing, places)
        lines += draw_lines(axis, drawing.lines, printed, middle=True)
        drawn += marks
        published += [mark.row(drawing.x, found.factors, dataset) for mark in marks]
    data = pd.concat(
        [data.rename(columns={"metric": "panel"}), pd.DataFrame(published)], ignore_index=True
    )
    finish(figure, found, {}, handles(drawn, lines, printed))
    x = [_STEP] if drawing.x == _STEP else []
    return Drawing(figure, data.reindex(columns=["panel", *found.factors, *x, "split", *COLUMNS]))


def _rows(found: Selection, drawing: Levels) -> pd.DataFrame:
    """Return the rows of the history that are drawn: of some steps, or the last of each run."""
    history = found.history
    if drawing.x != _STEP:
        last = history.groupby("lane")[_STEP].transform("max")
        return history[history[_STEP] == last]
    measured = set(history.loc[history["split"] == "train", _STEP])
    for step in drawing.at:
        if step not in measured:
            allowed = ", ".join(map(str, sorted(measured)))
            raise RestudyError(bad_value(f"study {drawing.study}", "at", step, allowed))
    return history[history[_STEP].isin(drawing.at)]


def _places(found: Selection, drawing: Levels) -> dict[str, float]:
    """Return where each level or step stands on the x axis."""
    if drawing.x == _STEP:
        return {str(step): float(place) for place, step in enumerate(drawing.at)}
    levels = [str(x) for x in found.runs[drawing.x].drop_duplicates().sort_values()]
    if drawing.scale == "level":
        return {level: float(place) for place, level in enumerate(levels)}
    widths = {level: [] if level == "linear" else level.split("-") for level in levels}
    if drawing.scale == "layers":
        return {level: float(len(own) + 1) for level, own in widths.items()}
    return {level: float(sum(map(int, own))) for level, own in widths.items()}


def _draw(
    axis: Axes, rows: pd.DataFrame, places: Mapping[str, float], marks: Sequence[Mark]
) -> None:
    """Draw the means of each part of the data, beside each other so that intervals can be seen."""
    low, high = min(places.values()), max(places.values())
    aside = 0.012 * (high - low)
    labels = []
    for place, (split, line) in enumerate(_LINES.items()):
        own = rows[rows["split"] == split].sort_values("x")
        if own.empty:
            continue
        colour = ALONE[split].colour
        x = own["x"].to_numpy(float) + (place - 1) * aside
        axis.plot(x, own["mean"], SIGNS[split] + line, color=colour)
        axis.vlines(x, own["low"], own["high"], color=colour, linewidth=0.8)
        labels.append((float(own["mean"].iloc[-1]), SPLITS[split], colour))
    for mark in marks:
        colour = ALONE[mark.marks.split].colour
        x_mark = places[str(mark.place)]
        mark.draw(axis, x_mark + 1.8 * aside, colour)
    room = 0.06 * (high - low)
    axis.set_xlim(low - room, high + room)
    direct_labels(axis, 1.02, labels, gap=LABEL_GAP)


def _label_axis(axis: Axes, drawing: Levels, places: Mapping[str, float]) -> None:
    names = {
        "layers": [f"{x:.0f}\n({level})" for level, x in places.items()],
        "units": [f"{x:g}" for x in places.values()],
        "level": [f"{int(level):,}" if drawing.x == _STEP else level for level in places],
    }
    axis.set_xticks(list(places.values()), names[drawing.scale])
    axis.set_xlabel(_AXES.get(drawing.scale, drawing.x.replace("_", " ")))
