"""A figure of a source that shows training: metrics over epochs or steps, and what was printed.

Training and validation are lines, the test set is a single point behind the last epoch, as it was
used once. What the source printed are open marks at their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from restudy.evidence.figure_specs import Curves, Line
from restudy.figures import labels
from restudy.figures.curve_helpers import (
    AT_THE_RIGHT,
    SIGNS,
    SPLITS,
    curve_data,
    draw_curves,
    draw_point,
)
from restudy.figures.published_markers import Mark, draw_lines, handles, marks_of
from restudy.figures.source_panels import (
    ALONE,
    COLUMNS,
    LABEL_GAP,
    Key,
    Selection,
    Tables,
    finish,
    panels,
    select,
    set_scale,
)
from restudy.figures.style import (
    GREY,
    PALE,
    Drawing,
    Look,
    direct_labels,
    looks,
    looks_among,
    styled,
)
from restudy.results.study_tables import combinations

PENALTY = "penalty"
_LINES = {"train": "--", "validation": "-"}


@dataclass(frozen=True)
class _Panel:
    """One panel: its axes, the means in it, and how each combination of levels looks."""

    axis: Axes
    metric: str
    x: str
    rows: pd.DataFrame
    shown: Mapping[Key, Look]
    varied: list[str]

    @property
    def alone(self) -> bool:
        """Whether there is one combination only."""
        return len(self.shown) == 1

    @property
    def last(self) -> int:
        """The last epoch or step."""
        return int(self.rows[self.x].max())

    @property
    def over_time(self) -> bool:
        """Whether there is more than one epoch or step."""
        return bool(self.rows[self.x].min() < self.last)

    def curves(self) -> Iterable[tuple[Look, pd.DataFrame]]:
        """Yield each combination's means, with its look; none of a penalty that is not there."""
        for levels, rows in combinations(self.rows, self.varied):
            if self.metric != PENALTY or rows["mean"].any():
                yield self.shown[_key(levels)], rows

    def colour(self, mark: Mark) -> str:
        """Return the colour of what a printed value belongs to; grey if it is not in the panel."""
        if self.alone:
            return ALONE[mark.marks.split].colour
        levels = tuple(mark.marks.where.get(factor, "") for factor in self.varied)
        return self.shown[levels].colour if levels in self.shown else GREY


@styled
def source_curves(tables: Tables, drawing: Curves, printed: Mapping[str, float]) -> Drawing:
    """Draw metrics of some runs of a study over training, and published values beside them.

    Args:
        tables: of the study.
        drawing: what is drawn.
        printed: published value -> its number, in our units.

    Returns:
        the figure, with data ``panel`` (the metric), the factors' columns, ``split``, ``epoch`` or
        ``step``, ``n``, ``mean``, ``sd``, ``low``, ``high``, and ``published``: the id of a
        published value, which then stands under ``mean``.

    Raises:
        RestudyError: the tables do not have what is to be drawn.
    """
    found = select(tables, drawing)
    data = curve_data(found.history, found.factors, drawing.panels, drawing.x)
    shown = _looks(tables, found, drawing)
    names = {key: look.name for key, look in shown.items()}
    figure, places = panels(drawing, found)
    published: list[dict[str, Any]] = []
    drawn: list[Mark] = []
    lines: list[Line] = []
    for dataset, metric, axis in places:
        rows = found.of_dataset(data[data["metric"] == metric], dataset)
        panel = _Panel(axis, metric, drawing.x, rows, shown, found.varied)
        marks = _within_reach(panel, marks_of(drawing.published, printed, metric, dataset))
        values = found.values(metric, dataset, whole=drawing.limits == "study")
        if metric == PENALTY:  # runs without one are no line at 0
            values = [value for value in values if value]
        set_scale(axis, metric, [*values, *(mark.y for mark in marks)])
        if panel.over_time:
            _draw_over(panel, marks)
            lines += draw_lines(axis, drawing.lines, printed)
        else:
            _draw_splits(panel, marks)
        drawn += marks
        published += [mark.row(drawing.x, found.factors, dataset) for mark in marks]
    data = pd.concat(
        [data.rename(columns={"metric": "panel"}), pd.DataFrame(published)], ignore_index=True
    )
    beyond = sorted({row[drawing.x] for row in published if row[drawing.x] > found.last(drawing.x)})
    over_time = bool(found.history[drawing.x].min() < found.last(drawing.x))
    tested = [AT_THE_RIGHT.removeprefix("; ")] if over_time and len(shown) > 1 else []
    remarks = tested + [f"published at the right: after {drawing.x} {place:,}" for place in beyond]
    shown_as = [
        *([] if len(shown) == 1 else _handles()),
        *handles(drawn, lines, printed),
    ]
    finish(figure, found, names, shown_as, remarks)
    columns = ["panel", *found.factors, "split", drawing.x, *COLUMNS]
    return Drawing(figure, data.reindex(columns=columns))


def _looks(tables: Tables, found: Selection, drawing: Curves) -> dict[Key, Look]:
    """Return how each combination of levels is drawn, and what it is called."""
    names = {
        _key(levels): labels.combination(levels, found.varied)
        for levels, _ in combinations(found.runs, found.varied)
    }
    drawn = [", ".join(key) for key in names]
    if len(found.varied) == 1:
        (factor,) = found.varied
        styles = looks_among(factor, drawn, tables.description["factors"][factor]).values()
    else:
        styles = looks("combination", drawn).values()
    return {
        key: look._replace(name=drawing.names.get(", ".join(key), name))
        for (key, name), look in zip(names.items(), styles, strict=True)
    }


def _within_reach(panel: _Panel, marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks up to our last epoch or step, and of those beyond it the furthest.

    With one place only, those at that place, or else the furthest.
    """
    furthest = max((int(mark.place) for mark in marks), default=0)
    if panel.over_time:
        return [mark for mark in marks if int(mark.place) <= panel.last or mark.place == furthest]
    at_once = [mark for mark in marks if mark.place == panel.last]
    return at_once or [mark for mark in marks if mark.place == furthest]


def _draw_over(panel: _Panel, marks: Sequence[Mark]) -> None:
    """Draw curves, and behind the last epoch the test set and what was printed of later ones."""
    axis, last = panel.axis, panel.last
    step = max(0.06 * last, 0.15)
    labels = []
    for place, (look, rows) in enumerate(panel.curves()):
        splits = [split for split in _LINES if (rows["split"] == split).any()]
        for split in splits:
            line = _LINES[split] if len(splits) > 1 else "-"
            draw_curves(axis, rows, ALONE[split] if panel.alone else look, {split: line}, panel.x)
        test = rows[rows["split"] == "test"]
        aside = last + step * (1 + 0.5 * place)
        draw_point(axis, aside, test, ALONE["test"] if panel.alone else look)
        labels += _labels(panel, look, rows)
    width = step * (1.1 + 0.5 * len(panel.shown))
    for mark in marks:
        within = int(mark.place) <= last
        mark.draw(axis, float(mark.place) if within else last + width, panel.colour(mark))
    width += 0.7 * step * any(int(mark.place) > last for mark in marks)
    axis.axvline(last + 0.5 * step, color=PALE, linewidth=0.5)
    axis.set_xlim(min(1.0, 1 - 0.3 * step), last + width)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axis.set_xticks([tick for tick in axis.get_xticks() if 1 <= tick <= last])
    axis.set_xlabel(panel.x)
    direct_labels(axis, 1.02, labels, gap=LABEL_GAP)


def _draw_splits(panel: _Panel, marks: Sequence[Mark]) -> None:
    """Draw the one place there is as points beside each other: a column for each split."""
    axis = panel.axis
    splits = [split for split in SPLITS if (panel.rows["split"] == split).any()]
    labels = []
    count = len(panel.shown)
    for place, (look, rows) in enumerate(panel.curves()):
        aside = 0.4 * (place - (count - 1) / 2) / count
        for column, split in enumerate(splits):
            part = rows[rows["split"] == split]
            own = ALONE[split] if panel.alone else look
            draw_point(axis, column + aside, part, own, SIGNS[split])
        if not panel.alone:
            labels += _labels(panel, look, rows)
    for mark in marks:
        if mark.marks.split in splits:
            mark.draw(axis, splits.index(mark.marks.split) + 0.3, panel.colour(mark))
    # A penalty is of the weights, and of no part of the data.
    names = [SPLITS[split] if panel.metric != PENALTY else "" for split in splits]
    axis.set_xticks(range(len(splits)), names)
    axis.set_xlim(-0.6, len(splits) - 0.4)
    axis.grid(visible=False, axis="x")
    axis.set_xlabel(f"after {panel.x} {panel.last:,}")
    direct_labels(axis, 1.02, labels, gap=LABEL_GAP)


def _labels(panel: _Panel, look: Look, rows: pd.DataFrame) -> list[tuple[float, str, str]]:
    """Return the labels of a combination: of its parts if it is alone, else one with its name."""
    ends = {
        str(split): float(part["mean"].iloc[-1])
        for split, part in rows.groupby("split", observed=True)
    }
    if panel.alone and panel.metric == PENALTY:
        return []  # of the weights, and of no part of the data
    if panel.alone:
        return [(y, SPLITS[split], ALONE[split].colour) for split, y in ends.items()]
    height = ends.get("validation", ends.get("train", np.nan))
    return [(height, look.name, look.colour)]


def _handles() -> list[Artist]:
    """Return the legend's entries for the parts of the data, where labels do not name them."""
    shown: list[dict[str, Any]] = [
        {"label": "training", "linestyle": "--"},
        {"label": "validation", "linestyle": "-"},
    ]
    return [Line2D([], [], color=GREY, **entry) for entry in shown]


def _key(levels: Mapping[str, Any]) -> Key:
    return tuple(map(str, levels.values()))
