"""Sigmoid, tanh and ReLU with their derivatives, by the functions of the network by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from restudy.experiments.declaration import Drawing
from restudy.figures import style
from restudy.figures.style import BLUE, PAGE, SMALL, VERMILION, direct_labels, headline, styled
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
        ends = (
            (min(value[-1], _LIMITS[1]), "function", BLUE),
            (derivative[-1], "derivative", VERMILION),
        )
        direct_labels(axis, 1.02, ends)
    axes[2].text(-5.7, 1.45, "goes on as y = x;\nderivative at 0:\n0, by choice", fontsize=SMALL)
    return style.Drawing(figure, pd.concat(tables, ignore_index=True))
