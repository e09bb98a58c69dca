"""Effects of single seeds: how the numbers of the sides of a test become one number a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class SeedEffect(NamedTuple):
    """Kind of effect of a seed.

    Attributes:
        of_sides: function from the numbers of the sides, shape (..., sides), to effects, (...).
        ends: places of the sides that stand as treatment and control in tables.
        description: name of the interval of the mean effect in ``calibration.csv``; empty if
            another row there is about the same arithmetic.
        truth: true numbers of the sides in that simulation.
    """

    of_sides: Callable[[Array], Array]
    ends: tuple[int, int] = (0, 1)
    description: str = ""
    truth: tuple[float, ...] = ()


def slopes(y: Array, x: Array) -> Array:
    """Return least squares slopes along the last axis of ``y``, over positions ``x``."""
    centred = x - x.mean()
    return np.asarray((y - y[..., :1]) @ (centred / (centred @ centred)), np.float64)


def _slope_per_level(sides: Array) -> Array:
    return slopes(sides, np.arange(sides.shape[-1], dtype=float))


def _difference(sides: Array) -> Array:
    return np.asarray(sides[..., 0] - sides[..., 1])


def _difference_of_differences(sides: Array) -> Array:
    return _difference(sides) - _difference(sides[..., 2:])


SEED_EFFECTS = {
    "difference": SeedEffect(_difference),
    "interaction": SeedEffect(_difference_of_differences),
    "slope": SeedEffect(_slope_per_level, (-1, 0), "mean slope over four levels", (0, 1, 2, 3)),
}
"""Kinds of effects, by the name that a test of a claim gives; `calibrate` simulates their truth."""
