"""Slopes over the levels of an ordered factor, such as a penalty's strength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def slopes(y: Array, x: Array) -> Array:
    """Return least squares slopes along the last axis of ``y``, over positions ``x``."""
    centred = x - x.mean()
    return np.asarray((y - y[..., :1]) @ (centred / (centred @ centred)), np.float64)
