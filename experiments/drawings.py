"""Drawings that no run changes: activations, networks with batch norm, its algorithm."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from restudy.experiments.declaration import Drawing
from restudy.figures import style
from restudy.figures.style import (
    BLACK,
    BLUE,
    GREY,
    HEAD,
    PAGE,
    SKY,
    SMALL,
    VERMILION,
    direct_labels,
    headline,
    styled,
)
from restudy.mlp.activations import ACTIVATIONS

_NAMES = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU"}
_X = np.linspace(-6, 6, 601)  # holds 0, where ReLU's derivative jumps
_LIMITS = -1.2, 2.2
_HALF = len(_X) // 2


@Drawing(
    name="activations",
    caption="Values and derivatives of the functions that the network by hand uses.",
)
@styled
def activations(title: str) -> style.Drawing:
    """Draw three activation functions over -6 to 6, and their derivatives.

    The derivatives are those that the network by hand passes back where 1 comes in.

    Returns:
        the figure, with data ``panel`` (the function), ``x``, ``value``, ``derivative``.
    """
    figure = Figure(figsize=(PAGE, 2.1))
    headline(figure, title)
    axes: list[Axes] = list(figure.subplots(1, 3, sharey=True))
    tables = []
    for axis, (name, words) in zip(axes, _NAMES.items(), strict=True):
        value, cache = ACTIVATIONS[name].forward(_X)
        derivative = ACTIVATIONS[name].backward(np.ones_like(_X), cache)
        tables.append(
            pd.DataFrame({"panel": name, "x": _X, "value": value, "derivative": derivative})
        )
        axis.plot(_X, value, color=BLUE)
        parts = [slice(None)]
        if name == "relu":  # no line across the jump
            parts = [slice(_HALF + 1), slice(_HALF + 1, None)]
        for part in parts:
            axis.plot(_X[part], derivative[part], "--", color=VERMILION)
        axis.set(title=words, xlabel="x", xlim=(_X[0], _X[-1]), ylim=_LIMITS)
        function = min(value[-1], _LIMITS[1]), "function", BLUE
        direct_labels(axis, 1.02, (function, (derivative[-1], "derivative", VERMILION)))
    axes[2].text(-5.7, 1.45, "goes on as y = x;\nderivative at 0:\n0, by choice", fontsize=SMALL)
    return style.Drawing(figure, pd.concat(tables, ignore_index=True))


class Stage(NamedTuple):
    """A column of the diagram: units, or what is done to them.

    Attributes:
        name: label below the column.
        units: how many circles stand for them; 0 for a box.
        lines: text of a box.
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
        right = (longest - 1) * _APART + 0.7
        axis.set(xlim=(-0.7, right), ylim=(-1.75, 1.4), aspect="equal", title=name)
        axis.set_axis_off()
        for place, stage in enumerate(stages):
            rows.append((name, place, stage.name, ", ".join(stage.lines)))
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
                axis.add_patch(Circle((x, y), _RADIUS, fc="white", ec=BLACK, lw=0.8))
        else:
            _draw_box(axis, x, stage)
        axis.text(x, -1.55, stage.name, ha="center", color=GREY)
    for place, (stage, following) in enumerate(pairwise(stages)):
        _connect(axis, place * _APART, stage, following)


def _draw_box(axis: Axes, x: float, stage: Stage) -> None:
    width, height = _BOX
    is_norm = len(stage.lines) > 1
    looks: dict[str, Any] = {"fc": SKY, "alpha": 0.35} if is_norm else {"fc": "#EEEEEE", "alpha": 1}
    corner, rounded = (x - width / 2, -height / 2), "round,pad=0,rounding_size=0.12"
    box = FancyBboxPatch(corner, width, height, boxstyle=rounded, ec=BLACK, lw=0.7, **looks)
    axis.add_patch(box)
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


_LEARNED = "Learned by gradient descent, not measured"
STEPS = {
    "In training, for each unit, over a mini-batch $x_1, \\ldots, x_m$": (
        (r"$\mu \;=\; \dfrac{1}{m}\; \sum_{i=1}^{m} x_i$", "mean of the mini-batch"),
        (
            r"$\sigma^2 \;=\; \dfrac{1}{m}\; \sum_{i=1}^{m} (x_i - \mu)^2$",
            "variance of the mini-batch",
        ),
        (
            r"$\hat{x}_i \;=\; \dfrac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}$",
            r"normalise: mean 0, variance 1 ($\epsilon$ keeps the root from 0)",
        ),
        (
            r"$y_i \;=\; \gamma\, \hat{x}_i + \beta$",
            r"scale and shift: mean $\beta$, standard deviation $|\gamma|$",
        ),
    ),
    _LEARNED: (
        (
            r"$\gamma$",
            r"scale, starts at 1; not the standard deviation of the mini-batch, which is $\sigma$",
        ),
        (r"$\beta$", r"shift, starts at 0; not the mean of the mini-batch, which is $\mu$"),
    ),
    "When training is over": (
        (
            r"$y \;=\; \gamma\; \dfrac{x - \bar{\mu}}{\sqrt{\bar{\sigma}^2 + \epsilon}} + \beta$",
            r"running means of $\mu$ and $\sigma^2$ from training: one sample is enough",
        ),
    ),
}
"""Part of the listing -> formula (mathtext) and meaning of each line."""
_TALL, _LOW, _HEAD = 0.5, 0.25, 0.3
_FORMULA, _MEANING = 0.3, 2.3


@Drawing(
    name="algorithm",
    caption="After Ioffe and Szegedy, arXiv:1502.03167 (2015), with every letter named for what it "
    "is: the source calls the scale a standard deviation and the shift a mean.",
)
@styled
def batch_norm_listing(title: str) -> style.Drawing:
    """Typeset the steps of batch norm (Ioffe and Szegedy, arXiv:1502.03167, 2015).

    Returns:
        the figure, with data ``part``, ``formula``, ``meaning``.
    """
    total = len(STEPS) * _HEAD + 0.4
    for part, lines in STEPS.items():
        total += len(lines) * (_LOW if part == _LEARNED else _TALL)
    figure = Figure(figsize=(PAGE, total))

    def write(x: float, top: float, text: str, **font: Any) -> None:
        figure.text(x / PAGE, 1 - top / total, text, va="center", **font)

    write(0.05, 0.14, title, fontsize=HEAD, fontweight="bold")
    top, rows = 0.25, []
    for part, lines in STEPS.items():
        write(0.05, top + 0.6 * _HEAD, part, color=GREY)
        top += _HEAD
        height, colour = (_LOW, VERMILION) if part == _LEARNED else (_TALL, BLUE)
        for formula, meaning in lines:
            write(_FORMULA, top + height / 2, formula, fontsize=10, color=colour)
            write(_MEANING, top + height / 2, meaning)
            top += height
            rows.append((part, formula, meaning))
    return style.Drawing(figure, pd.DataFrame(rows, columns=["part", "formula", "meaning"]))
