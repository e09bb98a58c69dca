"""Rank correlation of two measures."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's rank correlation of ``x`` and ``y``, both of shape (n,).

    A pair with a NaN is left out. NaN for fewer than three pairs, or if one of the measures is the
    same in all.

    Raises:
        ValueError: the shapes differ or have not one axis.
    """
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"pairs need equal shapes (n,), not {a.shape} and {b.shape}")
    kept = ~(np.isnan(a) | np.isnan(b))
    a, b = a[kept], b[kept]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(stats.spearmanr(a, b).statistic)
