"""What a source printed, drawn beside our own numbers: open marks, and upright lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from restudy.evidence.figure_specs import DATASET, Line, Marks
from restudy.figures import labels
from restudy.figures.panels import SIGNS, handle
from restudy.figures.style import GREY, SMALL

PUBLISHED = "published"
_OPEN: dict[str, Any] = {"markerfacecolor": "white", "markeredgewidth": 0.9}
_DOTTED: dict[str, Any] = {"color": GREY, "linewidth": 0.7, "linestyle": ":"}


@dataclass(frozen=True)
class Mark:
    """A printed value in one panel.

    Attributes:
        id: of the published value.
        place: epoch, step or level, as the drawing has it.
        y: the value in our units.
        marks: the group that it is of.
    """

    id: str
    place: int | str
    y: float
    marks: Marks

    def draw(self, axis: Axes, x: float, colour: str) -> None:
        """Draw the mark, open, so that it is seen not to be ours."""
        sign = SIGNS[self.marks.split]
        axis.plot([x], [self.y], sign, color=colour, zorder=3, **_OPEN)

    def row(self, x: str, factors: Sequence[str], dataset: str) -> dict[str, Any]:
        """Return it as a row of a figure's data, ``x`` being the column of its place."""
        levels = self.marks.filter | ({DATASET: dataset} if DATASET in factors else {})
        found = {"panel": self.marks.panel, "split": self.marks.split, x: self.place}
        return {**levels, **found, "mean": self.y, PUBLISHED: self.id}


def marks_of(
    published: Iterable[Marks], printed: Mapping[str, float], panel: str, dataset: str
) -> list[Mark]:
    """Return the printed values that belong into a panel of a data set."""
    return [
        Mark(id_, place, printed[id_], marks)
        for marks in published
        if marks.panel == panel and marks.filter.get(DATASET, dataset) == dataset
        for place, id_ in marks.at.items()
    ]


def draw_lines(
    axis: Axes, lines: Iterable[Line], printed: Mapping[str, float], *, middle: bool = False
) -> list[Line]:
    """Draw the printed places on the x axis that lie in the panel, their names along them.

    Args:
        axis: the panel; its limits must be final.
        lines: the places.
        printed: published value -> its number.
        middle: whether the names stand half-way up, or at the bottom.

    Returns:
        the places that were drawn.
    """
    low, high = axis.get_xlim()
    drawn = [line for line in lines if low <= printed[line.id] <= high]
    for line in drawn:
        x = printed[line.id]
        axis.axvline(x, **_DOTTED)
        axis.annotate(
            line.name,
            (x, 0.5 if middle else 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(1.5, 0),
            textcoords="offset points",
            rotation=90,
            ha="left",
            va="center" if middle else "bottom",
            fontsize=SMALL,
            color=GREY,
        )
    return drawn


def handles(
    marks: Iterable[Mark], lines: Iterable[Line], printed: Mapping[str, float]
) -> list[Artist]:
    """Return the legend's entries for printed values, one for each kind, and for printed places."""
    kinds = {(SIGNS[mark.marks.split], mark.marks.name): None for mark in marks}
    places = dict.fromkeys(f"{line.name} at {printed[line.id]:g}" for line in lines)
    found = [handle(_told(name), marker=sign, **_OPEN) for sign, name in kinds]
    if places:
        found.append(handle(_told(", ".join(places)), **_DOTTED))
    return found


def _told(text: str) -> str:
    return labels.plain(f"{PUBLISHED}: {text}")
