"""A network with and without batch norm, drawn: where the mean, variance, scale and shift are."""

from __future__ import annotations

from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from restudy.experiments.declaration import Drawing
from restudy.figures import style
from restudy.figures.style import BLACK, BLUE, GREY, PAGE, SKY, VERMILION, headline, styled


class Stage(NamedTuple):
    """A column of the diagram: units, or what is done to them.

    Attributes:
        name: in words; of units what they are.
        units: how many circles stand for them; 0 for a box.
        lines: what stands in a box.
    """

    name: str
    units: int = 0
    lines: tuple[str, ...] = ()


_SUM, _ACTIVATION = Stage("linear", 4), Stage("activation", 0, ("ReLU",))
_NORM = Stage("batch norm", 0, (r"$\mu,\ \sigma^2$", r"$\gamma,\ \beta$"))


def _stages(*hidden: Stage) -> tuple[Stage, ...]:
    outputs = Stage("linear", 3), Stage("outputs", 0, ("softmax",))
    return (Stage("inputs", 5), *hidden, *hidden, *outputs)


NETWORKS = {
    "Without batch norm": _stages(_SUM, _ACTIVATION),
    "With batch norm in front of the activation": _stages(_SUM, _NORM, _ACTIVATION),
}
_NOTE = (
    (r"$\mu,\ \sigma^2$", "mean and variance of each unit over the mini-batch: measured", BLUE),
    (r"$\gamma,\ \beta$", "scale and shift of each unit: learned", VERMILION),
)
_APART, _BOX, _RADIUS = 1.25, (0.86, 2.3), 0.16


@Drawing(
    name="diagram",
    caption="Circles are units, lines weights. The mean and variance are measured, the scale and "
    "shift learned.",
)
@styled
def network_diagram(title: str) -> style.Drawing:
    """Draw a network of two hidden layers without and with batch norm.

    Returns:
        the figure, with data ``network``, ``place``, ``stage``, ``holds``.
    """
    longest = max(map(len, NETWORKS.values()))
    figure = Figure(figsize=(PAGE, 4.6))
    headline(figure, title)
    rows = []
    for axis, (name, stages) in zip(figure.subplots(2, 1), NETWORKS.items(), strict=True):
        _draw_network(axis, stages)
        axis.set_xlim(-0.7, (longest - 1) * _APART + 0.7)
        axis.set_ylim(-1.75, 1.4)
        axis.set_aspect("equal")
        axis.set_axis_off()
        axis.set_title(name)
        rows += [
            (name, place, stage.name, ", ".join(stage.lines)) for place, stage in enumerate(stages)
        ]
    for place, (sign, words, colour) in enumerate(_NOTE):
        figure.text(0.02, 0.055 - 0.04 * place, sign, color=colour)
        figure.text(0.085, 0.055 - 0.04 * place, words)
    figure.get_layout_engine().set(rect=(0, 0.09, 1, 0.91))  # type: ignore[union-attr, call-arg]
    return style.Drawing(figure, pd.DataFrame(rows, columns=["network", "place", "stage", "holds"]))


def _draw_network(axis: Axes, stages: tuple[Stage, ...]) -> None:
    for place, stage in enumerate(stages):
        x = place * _APART
        if stage.units:
            for y in _heights(stage.units):
                axis.add_patch(
                    Circle((x, y), _RADIUS, facecolor="white", edgecolor=BLACK, linewidth=0.8)
                )
        else:
            _draw_box(axis, x, stage)
        axis.text(x, -1.55, stage.name, ha="center", color=GREY)
    for place, (stage, following) in enumerate(pairwise(stages)):
        _connect(axis, place * _APART, stage, following)


def _draw_box(axis: Axes, x: float, stage: Stage) -> None:
    width, height = _BOX
    is_norm = len(stage.lines) > 1
    axis.add_patch(
        FancyBboxPatch(
            (x - width / 2, -height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=SKY if is_norm else "#EEEEEE",
            alpha=0.35 if is_norm else 1,
            edgecolor=BLACK,
            linewidth=0.7,
        )
    )
    colours = [BLUE, VERMILION] if is_norm else [BLACK]
    middle = (len(stage.lines) - 1) / 2
    for line, (text, colour) in enumerate(zip(stage.lines, colours, strict=True)):
        y = 0.75 * (middle - line)
        axis.text(x, y, text, ha="center", va="center", color=colour)


def _connect(axis: Axes, x: float, stage: Stage, following: Stage) -> None:
    """Draw what leads to the next column: weights between all units, else one line for each."""
    begin = x + (_RADIUS if stage.units else _BOX[0] / 2)
    end = x + _APART - (_RADIUS if following.units else _BOX[0] / 2)
    # Boxes take and give what the units in front of the first or behind the last do.
    left = _heights(stage.units or _SUM.units)
    right = _heights(following.units or stage.units or _SUM.units)
    pairs = product(left, right) if following.units else zip(left, right, strict=True)
    for low, high in pairs:
        axis.plot([begin, end], [low, high], color=GREY, linewidth=0.4 if following.units else 0.7)


def _heights(units: int) -> list[float]:
    return [float(y) for y in np.linspace(0.92, -0.92, units)]
