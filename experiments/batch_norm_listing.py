"""Batch norm's steps, typeset, with every letter named for what it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from restudy.experiments.declaration import Drawing
from restudy.figures import style
from restudy.figures.style import BLUE, GREY, HEAD, PAGE, VERMILION, styled


class Step(NamedTuple):
    """A line of the listing.

    Attributes:
        part: the part that it belongs to.
        formula: mathtext.
        meaning: in words.
        learned: whether it is about what is learned.
    """

    part: str
    formula: str
    meaning: str
    learned: bool = False


_TRAINING = "In training, for each unit, over a mini-batch $x_1, \\ldots, x_m$"
_LEARNED = "Learned by gradient descent, not measured"
_TEST = "When training is over"

STEPS = (
    Step(
        _TRAINING,
        r"$\mu \;=\; \dfrac{1}{m}\; \sum_{i=1}^{m} x_i$",
        "mean of the mini-batch",
    ),
    Step(
        _TRAINING,
        r"$\sigma^2 \;=\; \dfrac{1}{m}\; \sum_{i=1}^{m} (x_i - \mu)^2$",
        "variance of the mini-batch",
    ),
    Step(
        _TRAINING,
        r"$\hat{x}_i \;=\; \dfrac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}}$",
        r"normalise: mean 0, variance 1 ($\epsilon$ keeps the root from 0)",
    ),
    Step(
        _TRAINING,
        r"$y_i \;=\; \gamma\, \hat{x}_i + \beta$",
        r"scale and shift: mean $\beta$, standard deviation $|\gamma|$",
    ),
    Step(
        _LEARNED,
        r"$\gamma$",
        r"scale, starts at 1; not the standard deviation of the mini-batch, which is $\sigma$",
        learned=True,
    ),
    Step(
        _LEARNED,
        r"$\beta$",
        r"shift, starts at 0; not the mean of the mini-batch, which is $\mu$",
        learned=True,
    ),
    Step(
        _TEST,
        r"$y \;=\; \gamma\; \dfrac{x - \bar{\mu}}{\sqrt{\bar{\sigma}^2 + \epsilon}} + \beta$",
        r"running means of $\mu$ and $\sigma^2$ from training: one sample is enough",
    ),
)
_COLOURS = {False: BLUE, True: VERMILION}
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
    heights = [_LOW if step.learned else _TALL for step in STEPS]
    parts = list(dict.fromkeys(step.part for step in STEPS))
    total = sum(heights) + len(parts) * _HEAD + 0.4
    figure = Figure(figsize=(PAGE, total))

    def write(x: float, top: float, text: str, **font: Any) -> None:
        figure.text(x / PAGE, 1 - top / total, text, va="center", **font)

    write(0.05, 0.14, title, fontsize=HEAD, fontweight="bold")
    top, part = 0.25, ""
    for step, height in zip(STEPS, heights, strict=True):
        if step.part != part:
            part = step.part
            write(0.05, top + 0.6 * _HEAD, part, color=GREY)
            top += _HEAD
        middle = top + height / 2
        write(_FORMULA, middle, step.formula, fontsize=10, color=_COLOURS[step.learned])
        write(_MEANING, middle, step.meaning)
        top += height
    return style.Drawing(figure, pd.DataFrame(STEPS).drop(columns="learned"))
