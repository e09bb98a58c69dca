"""Panels of a source's figure that show training: a metric over epochs or steps, printed values.

Training and validation are lines, the test set is a single point behind the last epoch, as it was
used once. What the source printed are open marks at their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from restudy.figures.panels import (
    SIGNS,
    SPLITS,
    Key,
    draw_curves,
    draw_point,
    epoch_axis,
    key_of,
    split_axis,
)
from restudy.figures.published_markers import Mark
from restudy.figures.style import BLACK, BLUE, GREEN, GREY, PALE, Look, direct_labels
from restudy.results.study_tables import combinations

PENALTY = "penalty"

ALONE = {
    "train": Look(GREEN, "", ""),
    "validation": Look(BLUE, "", ""),
    "test": Look(BLACK, "", ""),
}
"""The colours of the parts of the data, where there is only one kind of network."""

LABEL_GAP = 0.092
"""Least distance of labels as a share of a panel's height."""

_LINES = {"train": "--", "validation": "-"}


@dataclass(frozen=True)
class Panel:
    """One panel: its axes, the means in it, and how each combination of levels looks.

    Attributes:
        axis, metric, x: the axes, and what is drawn over ``epoch`` or ``step``.
        rows: means and intervals.
        shown: the look of each combination of the levels of ``varied``.
    """

    axis: Axes
    metric: str
    x: str
    rows: pd.DataFrame
    shown: Mapping[Key, Look]
    varied: Sequence[str]

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

    def curves(self) -> Iterator[tuple[Look, pd.DataFrame]]:
        """Yield each combination's means, with its look; none of a penalty that is not there."""
        for levels, rows in combinations(self.rows, self.varied):
            if self.metric != PENALTY or rows["mean"].any():
                yield self.shown[key_of(levels)], rows

    def look(self, look: Look, split: str) -> Look:
        """Return how a part of the data of a combination is drawn."""
        return ALONE[split] if self.alone else look

    def draw_mark(self, mark: Mark, x: float) -> None:
        """Draw a printed value in the colour of what it belongs to; grey if that is not drawn."""
        levels = tuple(mark.marks.filter.get(factor, "") for factor in self.varied)
        look = self.shown.get(levels, Look(GREY, "", ""))
        mark.draw(self.axis, x, self.look(look, mark.marks.split).colour)

    def within_reach(self, marks: Sequence[Mark]) -> list[Mark]:
        """Return the marks up to our last epoch or step, and of those beyond it the furthest.

        With one place only, those at that place, or else the furthest.
        """
        furthest = max((int(mark.place) for mark in marks), default=0)
        at_the_end = [mark for mark in marks if mark.place == furthest]
        if self.over_time:
            return [mark for mark in marks if int(mark.place) <= self.last or mark in at_the_end]
        return [mark for mark in marks if mark.place == self.last] or at_the_end

    def labels(self, look: Look, rows: pd.DataFrame) -> list[tuple[float, str, str]]:
        """Return the labels of a combination: of its parts if it is alone, else its name."""
        ends = {
            str(split): float(part["mean"].iloc[-1])
            for split, part in rows.groupby("split", observed=True)
        }
        if not self.alone:
            height = ends.get("validation", ends.get("train", np.nan))
            return [(height, look.name, look.colour)]
        if self.metric == PENALTY:
            return []  # of the weights, and of no part of the data
        return [(y, SPLITS[split], ALONE[split].colour) for split, y in ends.items()]


def draw_training(panel: Panel, marks: Sequence[Mark]) -> None:
    """Draw a metric over training, or at the one epoch or step there is."""
    names = _draw_over_time(panel, marks) if panel.over_time else _draw_splits(panel, marks)
    direct_labels(panel.axis, 1.02, names, gap=LABEL_GAP)


def _draw_over_time(panel: Panel, marks: Sequence[Mark]) -> list[tuple[float, str, str]]:
    """Draw curves, and behind the last epoch the test set and what was printed of later ones."""
    axis, last = panel.axis, panel.last
    step = max(0.06 * last, 0.15)
    names = []
    for place, (look, rows) in enumerate(panel.curves()):
        splits = [split for split in _LINES if (rows["split"] == split).any()]
        for split in splits:
            line = _LINES[split] if len(splits) > 1 else "-"
            draw_curves(axis, rows, panel.look(look, split), {split: line}, panel.x)
        test = rows[rows["split"] == "test"]
        draw_point(axis, last + step * (1 + 0.5 * place), test, panel.look(look, "test"))
        names += panel.labels(look, rows)
    width = step * (1.1 + 0.5 * len(panel.shown))
    for mark in marks:
        panel.draw_mark(mark, float(mark.place) if int(mark.place) <= last else last + width)
    width += 0.7 * step * any(int(mark.place) > last for mark in marks)
    axis.axvline(last + 0.5 * step, color=PALE, linewidth=0.5)
    epoch_axis(axis, last, step, last + width, 6)
    axis.set_xlabel(panel.x)
    return names


def _draw_splits(panel: Panel, marks: Sequence[Mark]) -> list[tuple[float, str, str]]:
    """Draw the one place there is as points beside each other: a column for each split."""
    splits = [split for split in SPLITS if (panel.rows["split"] == split).any()]
    names = []
    count = len(panel.shown)
    for place, (look, rows) in enumerate(panel.curves()):
        aside = 0.4 * (place - (count - 1) / 2) / count
        for column, split in enumerate(splits):
            part = rows[rows["split"] == split]
            draw_point(panel.axis, column + aside, part, panel.look(look, split), SIGNS[split])
        names += [] if panel.alone else panel.labels(look, rows)
    for mark in marks:
        if mark.marks.split in splits:
            panel.draw_mark(mark, splits.index(mark.marks.split) + 0.3)
    # A penalty is of the weights, and of no part of the data.
    split_axis(panel.axis, ["" if panel.metric == PENALTY else SPLITS[one] for one in splits], 0.6)
    panel.axis.set_xlabel(f"after {panel.x} {panel.last:,}")
    return names
