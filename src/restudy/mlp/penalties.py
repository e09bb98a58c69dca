"""Penalties on a weight matrix: each returns its value and its gradient.

All weight matrices are penalised, the last included, and no bias, scale or shift.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from restudy.mlp.arithmetic import Array
from restudy.mlp.checks import not_negative


def l1(w: Array, lambda1: float) -> tuple[float, Array]:
    """Return lambda1 sum |w| and its gradient lambda1 sign(w).

    The gradient at w = 0 is 0.

    Args:
        w: any shape.
        lambda1: strength, 0 or more.

    Raises:
        ValueError: the strength is negative.
    """
    not_negative(lambda1=lambda1)
    return float(lambda1 * np.sum(np.abs(w))), lambda1 * np.sign(w)


def l2(w: Array, lambda2: float) -> tuple[float, Array]:
    """Return (lambda2/2) sum w^2 and its gradient lambda2 w.

    Args:
        w: any shape.
        lambda2: strength, 0 or more.

    Raises:
        ValueError: the strength is negative.
    """
    not_negative(lambda2=lambda2)
    return float(lambda2 / 2 * np.sum(w * w)), lambda2 * w


def elastic_net(w: Array, lambda1: float, lambda2: float) -> tuple[float, Array]:
    """Return lambda1 sum |w| + lambda2 sum w^2 and its gradient lambda1 sign(w) + 2 lambda2 w.

    The quadratic part has no half, unlike that of :func:`l2`: with lambda1 = 0 it
    is ``l2(w, 2 * lambda2)``.

    Args:
        w: any shape.
        lambda1: strength of the absolute values, 0 or more.
        lambda2: strength of the squares, 0 or more.

    Raises:
        ValueError: a strength is negative.
    """
    not_negative(lambda1=lambda1, lambda2=lambda2)
    absolute, its_gradient = l1(w, lambda1)
    square, other_gradient = l2(w, 2 * lambda2)
    return absolute + square, its_gradient + other_gradient


PENALTIES: dict[str, Callable[[Array, float, float], tuple[float, Array]]] = {
    "l1": lambda w, lambda1, lambda2: l1(w, lambda1),
    "l2": lambda w, lambda1, lambda2: l2(w, lambda2),
    "elastic_net": elastic_net,
}
"""Each takes (w, lambda1, lambda2), and leaves out of account the strength that it has not."""
