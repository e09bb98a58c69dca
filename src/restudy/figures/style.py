"""One style for all figures: size, fonts, colours and markers, and how they are written to files.

A figure is as wide as a column of a journal or as two, and is not to be scaled: its letters have 7
points, none less than ``SMALL``. Colours are those of Okabe and Ito, "Color universal design"
(2008), which people with any of the common colour vision deficiencies can tell apart; markers
differ too, for print in black and white. Levels that are numbers are drawn in a sequence from dark
to light (viridis), and so are more levels than that palette has colours.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from restudy.common.files import write_atomically
from restudy.results.table_files import to_csv

P = ParamSpec("P")

COLUMN, PAGE = 89 / 25.4, 183 / 25.4
"""How wide figures are, in inches: a column of a journal, and two with what is between them."""

SMALL = 6.5
"""The smallest letters, in points, but for indices in formulas."""

TEXT, HEAD = 7.0, 8.0
"""Letters of labels and titles, in points."""

LINE = 1.35 * SMALL / 72
"""Height of a line of the text below the panels, in inches."""

BLACK, GREY, PALE = "#000000", "#767676", "#C4C4C4"
ORANGE, SKY, GREEN, BLUE = "#E69F00", "#56B4E9", "#009E73", "#0072B2"
VERMILION, PURPLE = "#D55E00", "#CC79A7"  # Okabe and Ito's yellow is too pale for lines on white


class Look(NamedTuple):
    """How a level is drawn: colour, marker, and its name in words."""

    colour: str
    marker: str
    name: str


_FIXED = {
    "norm": {
        "none": Look(VERMILION, "o", "no norm"),
        "batch": Look(BLUE, "s", "batch norm"),
        "layer": Look(GREEN, "^", "layer norm"),
    },
    "regularisation": {
        "none": Look(BLACK, "o", "none"),
        "L1": Look(ORANGE, "s", "L1"),
        "L2": Look(SKY, "^", "L2"),
        "elastic": Look(GREEN, "D", "elastic net"),
        "dropout": Look(PURPLE, "v", "dropout"),
    },
}
"""Factors whose levels look the same in every figure."""

_NONE = {"none": Look(BLACK, "o", "none")}
"""Of all other factors: what everything else is compared with."""

NAMED = frozenset({"norm"})
"""Factors whose levels' names say what they are without the factor's."""

_PALETTE = tuple(zip((VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY, BLACK), "os^Dv<>", strict=True))
"""Colours and markers, in this order, for the levels of all other factors."""

COLOURS = len(_PALETTE)
"""How many levels can be told apart by colour alone."""

_STYLE: list[str | dict[str, object]] = [
    "default",  # not what a matplotlibrc of the machine says
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
        "font.size": TEXT,
        "axes.titlesize": TEXT,
        "axes.titlelocation": "left",
        "axes.titlepad": 4,
        "axes.labelsize": TEXT,
        "axes.labelpad": 2.5,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E8E8E8",
        "grid.linewidth": 0.5,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        **{f"{axis}tick.{kind}.width": 0.5 for axis in "xy" for kind in ("major", "minor")},
        **{f"{axis}tick.major.size": 2.5 for axis in "xy"},
        **{f"{axis}tick.minor.size": 1.5 for axis in "xy"},
        **{f"{axis}tick.major.pad": 2.5 for axis in "xy"},
        "lines.linewidth": 1.1,
        "lines.markersize": 3.5,
        "lines.markeredgewidth": 0.8,
        "legend.frameon": False,
        "legend.fontsize": SMALL,
        "legend.title_fontsize": SMALL,
        "legend.handlelength": 2.2,
        "legend.columnspacing": 1.4,
        "legend.labelspacing": 0.3,
        "figure.titlesize": HEAD,
        "figure.titleweight": "bold",
        "figure.constrained_layout.use": True,
        "figure.dpi": 100,
        "svg.fonttype": "path",  # inside a page or a paper there may be no such font
        "svg.hashsalt": "restudy",
        "pdf.fonttype": 42,  # TrueType, whole letters: journals take no Type 3
    },
]


@dataclass(frozen=True)
class Drawing:
    """A figure and the numbers that it shows.

    Attributes:
        figure: the figure.
        data: what is plotted, as a tidy table; a figure with several kinds of panels names them in
            its first column, ``panel``.
    """

    figure: Figure
    data: pd.DataFrame


def styled(draw: Callable[P, Drawing]) -> Callable[P, Drawing]:
    """Give a drawing function the style, whatever matplotlib's settings are."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> Drawing:
        with style.context(_STYLE):
            return draw(*args, **kwargs)

    return in_style


def looks(factor: str, levels: Sequence[str]) -> dict[str, Look]:
    """Return how each level of a factor is drawn.

    Known levels of ``norm`` and ``regularisation`` look the same everywhere, and so does what is
    called ``none``; other levels take the colours that are left, in the order given. More than
    ``COLOURS`` levels, known or not, are drawn as a :func:`sequence`.
    """
    if len(levels) > COLOURS:
        return sequence(levels)
    known = {level: look for level, look in _FIXED.get(factor, _NONE).items() if level in levels}
    taken = {look.colour for look in known.values()}
    markers = {look.marker for look in known.values()}
    colours = iter([colour for colour, _ in _PALETTE if colour not in taken])
    signs = iter([marker for _, marker in _PALETTE if marker not in markers])
    return {level: known.get(level) or Look(next(colours), next(signs), level) for level in levels}


def sequence(levels: Sequence[str]) -> dict[str, Look]:
    """Return how levels that have an order are drawn: in colours from dark to light.

    Their order shows in black and white too. With more than ``COLOURS`` markers come round again.
    """
    # Viridis ends in a yellow that is too pale for letters and lines on white.
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.8, len(levels)))
    return {
        level: Look(to_hex(shade), _PALETTE[i % COLOURS][1], level)
        for i, (level, shade) in enumerate(zip(levels, shades, strict=True))
    }


def looks_among(factor: str, levels: Sequence[str], everything: Sequence[str]) -> dict[str, Look]:
    """Return how some levels of a factor are drawn: each as in all other figures of its study.

    Args:
        factor: its name.
        levels: those that are drawn together.
        everything: all that the study has. With more than there are colours some look alike; should
            two of ``levels`` be among them, they get colours of their own.
    """
    known = _FIXED.get(factor, _NONE)
    free = [level for level in everything if level not in known]
    taken = {look.colour for level, look in known.items() if level in everything}
    signs = [(colour, marker) for colour, marker in _PALETTE if colour not in taken]
    found = {level: Look(*signs[i % len(signs)], level) for i, level in enumerate(free)}
    found |= known
    if len({found[level].colour for level in levels if level in found}) < len(levels):
        return looks(factor, levels)
    return {level: found[level] for level in levels}


def headline(figure: Figure, title: str) -> None:
    """Write the title of a figure at its top, in as many lines as it takes."""
    letters = int(float(figure.get_figwidth()) * 72 / (0.66 * HEAD))
    lines = textwrap.wrap(title, letters)
    figure.set_figheight(figure.get_figheight() + (len(lines) - 1) * 1.25 * HEAD / 72)
    figure.suptitle("\n".join(lines).replace("$", r"\$"), x=0.005, ha="left")


def save(drawing: Drawing, svg: Path, pdf: Path, csv: Path) -> None:
    """Write a figure as SVG and PDF, and its numbers as CSV: the same bytes each time.

    Raises:
        OSError: a file cannot be written.
    """
    write_atomically(svg, to_svg(drawing.figure))
    # The layout stays as it was found for the SVG: to look for it again takes as long as drawing.
    drawing.figure.set_layout_engine("none")
    with style.context(_STYLE):
        buffer = io.BytesIO()
        # Without a date, and without the producer's version.
        nothing = dict.fromkeys(("Creator", "Producer", "CreationDate"))
        drawing.figure.savefig(buffer, format="pdf", metadata=nothing)
    write_atomically(pdf, buffer.getvalue())
    write_atomically(csv, to_csv(drawing.data))


def to_svg(figure: Figure) -> bytes:
    """Return a figure as SVG, without a date and with text as shapes."""
    with style.context(_STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Creator": None, "Date": None})
    return buffer.getvalue()


def fit_limits(axes: Axes, values: ArrayLike) -> None:
    """Set a panel's height so that it holds ``values``, those of all single runs, with some room.

    Not to hold their intervals: with two seeds they are a dozen times as wide as what is measured.
    """
    x = np.asarray(values, np.float64)
    x = x[np.isfinite(x)]
    if not len(x):
        return
    low, high = float(x.min()), float(x.max())
    if axes.get_yscale() == "log":
        low, high = max(low, 1e-6), max(high, 1e-6)
        room = max((high / low) ** 0.08, 1.02)
        axes.set_ylim(low / room, high * room)
    else:
        room = max(0.08 * (high - low), 1e-3)
        axes.set_ylim(low - room, high + room)


def direct_labels(
    axes: Axes,
    x: float,
    labels: Sequence[tuple[float, str, str]],
    gap: float = 0.075,
    leader: float | None = None,
) -> None:
    """Write labels at the right of a panel, beside what they name, without overlap.

    Args:
        axes: the panel; its limits must be final.
        x: where the labels begin, as a share of the panel's width.
        labels: for each its height in data units, text and colour. One without a height, of
            something that is not drawn, is left out.
        gap: least distance between two labels, as a share of the panel's height.
        leader: where thin lines to the labels begin, as a share of the panel's width; None for no
            lines.
    """
    labels = [label for label in labels if np.isfinite(label[0])]
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform((1.0, y))[1]) for y, _, _ in labels]
    # What lies outside the panel is named at its edge.
    heights = [min(max(height, 0.02), 0.98) for height in heights]
    for i, place in enumerate(spread(heights, gap)):
        _, text, colour = labels[i]
        options: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.text(x, place, text, color=colour, va="center", parse_math=False, **options)
        if leader is not None:
            ends = (leader, x - 0.01), (heights[i], place)
            axes.add_line(Line2D(*ends, color=colour, linewidth=0.5, **options))


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return places between 0 and 1 that lie at least ``gap`` apart, and close to ``heights``.

    Each group of labels that would overlap is centred on what it names.
    """
    order = sorted(range(len(heights)), key=heights.__getitem__)
    room = min(gap, 0.96 / max(len(heights) - 1, 1))
    groups: list[tuple[list[int], float]] = []
    for i in order:
        group, middle = [i], heights[i]
        # A group that would run into the one below becomes one with it.
        while True:
            half = room * (len(group) - 1) / 2
            middle = min(max(middle, 0.02 + half), 0.98 - half)
            if not groups:
                break
            below, their = groups[-1]
            if middle - half - (their + room * (len(below) - 1) / 2) >= room - 1e-9:
                break
            groups.pop()
            group = below + group
            middle = sum(heights[j] for j in group) / len(group)
        groups.append((group, middle))
    places = [0.0] * len(heights)
    for group, middle in groups:
        for rank, i in enumerate(group):
            places[i] = middle + room * (rank - (len(group) - 1) / 2)
    return places
