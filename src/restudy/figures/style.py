"""One style for all figures: fonts, colours and markers, and how a figure is written to files.

Colours are those of Okabe and Ito, "Color universal design" (2008), which people with any of the
common colour vision deficiencies can tell apart; markers differ too, for print in black and white.
More levels than that palette has colours are drawn in a sequence from dark to light (viridis).
"""

from __future__ import annotations

import io
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

from restudy.files import write_atomically
from restudy.tables import to_csv

P = ParamSpec("P")

BLACK, GREY = "#000000", "#767676"
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
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E4E4E4",
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.6,
        "lines.markersize": 5,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "figure.constrained_layout.use": True,
        "figure.dpi": 100,
        "svg.fonttype": "path",
        "svg.hashsalt": "restudy",
        "pdf.fonttype": 42,
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

    Known levels of ``norm`` and ``regularisation`` look the same everywhere; other levels take the
    colours that are left, in the order given. More than ``COLOURS`` levels, known or not, get the
    colours of a sequential map, so that their order shows; markers come round again then.
    """
    if len(levels) > COLOURS:
        # Viridis ends in a yellow that is too pale for letters and lines on white.
        shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.85, len(levels)))
        return {
            level: Look(to_hex(shade), _PALETTE[i % COLOURS][1], level)
            for i, (level, shade) in enumerate(zip(levels, shades, strict=True))
        }
    known = {level: look for level, look in _FIXED.get(factor, {}).items() if level in levels}
    taken = {look.colour for look in known.values()}
    markers = {look.marker for look in known.values()}
    colours = iter([colour for colour, _ in _PALETTE if colour not in taken])
    signs = iter([marker for _, marker in _PALETTE if marker not in markers])
    return {level: known.get(level) or Look(next(colours), next(signs), level) for level in levels}


def save(drawing: Drawing, svg: Path, pdf: Path, csv: Path) -> None:
    """Write a figure as SVG and PDF, and its numbers as CSV: the same bytes each time.

    Raises:
        OSError: a file cannot be written.
    """
    write_atomically(svg, to_svg(drawing.figure))
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
    gap: float = 0.06,
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
    order = sorted(range(len(labels)), key=heights.__getitem__)
    placed: dict[int, float] = {}
    floor, ceiling = -1.0, 0.98 + gap
    for i in order:
        placed[i] = floor = max(min(max(heights[i], 0.02), 0.98), floor + gap)
    # Those that were pushed out at the top come down again, and push those below them.
    for i in reversed(order):
        placed[i] = ceiling = min(placed[i], ceiling - gap)
    for i, (_, text, colour) in enumerate(labels):
        place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.text(x, placed[i], text, color=colour, va="center", parse_math=False, **place)
        if leader is not None:
            ends = (leader, x - 0.01), (heights[i], placed[i])
            axes.add_line(Line2D(*ends, color=colour, linewidth=0.5, **place))
