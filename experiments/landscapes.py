"""Functions to minimise, for every optimiser to show what it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from restudy.mlp.arithmetic import Array


@dataclass(frozen=True)
class Landscape:
    """A function of a point; points lie along the last axis of an array of any shape.

    Attributes:
        start: draws a point to start from, shape (d,).
        height: how far f is above its lowest value, shape (...).
        gradient: of f, shape (..., d).
        target: the height at which one has arrived.
    """

    start: Callable[[np.random.Generator], Array]
    height: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    target: float


CURVATURES = np.logspace(-2, 0, 10)
"""Of the quadratic: its condition number is 100."""


def _quadratic_start(random: np.random.Generator) -> Array:
    # As high in each direction, on average: else the long way along would hardly count.
    x: Array = random.standard_normal(len(CURVATURES)) / np.sqrt(CURVATURES)
    return x / np.sqrt(_quadratic(x))


def _quadratic(x: Array) -> Array:
    height: Array = 0.5 * np.sum(CURVATURES * x**2, axis=-1)
    return height


def _plateau_start(random: np.random.Generator) -> Array:
    return _at(random.uniform(3, 4), random.uniform(0, 2 * np.pi))


def _plateau(x: Array) -> Array:
    height: Array = 1 - np.exp(-np.sum(x**2, axis=-1) / 2)
    return height


def _plateau_gradient(x: Array) -> Array:
    return x * (1 - _plateau(x))[..., None]


def _saddle_start(random: np.random.Generator) -> Array:
    return _at(random.uniform(0.01, 0.03), random.uniform(0, 2 * np.pi))


def _saddle(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    height: Array = a**3 - 3 * a * b**2 + 0.75 * (a**2 + b**2) ** 2 + 0.25
    return height


def _saddle_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    wall = 3 * (a**2 + b**2)
    return np.stack([3 * a**2 - 3 * b**2 + wall * a, -6 * a * b + wall * b], axis=-1)


def _at(radius: float, angle: float) -> Array:
    return radius * np.array([np.cos(angle), np.sin(angle)])


LANDSCAPES: Mapping[str, Landscape] = {
    # A bowl 100 times as steep across as along; it starts at height 1.
    "quadratic": Landscape(_quadratic_start, _quadratic, lambda x: CURVATURES * x, 1e-6),
    # Flat but for a dent of width 1 in the middle; the start is 3 to 4 away from it.
    "plateau": Landscape(_plateau_start, _plateau, _plateau_gradient, 1e-3),
    # A monkey saddle, flat in the middle to second order, with walls r^4: three minima at r = 1.
    "saddle": Landscape(_saddle_start, _saddle, _saddle_gradient, 1e-3),
}
