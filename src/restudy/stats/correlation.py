"""Rank correlation of two measures over runs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from restudy.stats.intervals import LEVEL, check_level


class Correlation(NamedTuple):
    """Spearman's rank correlation with its interval.

    Attributes:
        n: number of runs.
        rho: NaN for fewer than three runs, or if one of the measures is the same in all.
        low, high: ends of the interval; NaN for fewer than four runs.
        p: two-sided, of no association, from Student's t; rough below ten runs.
    """

    n: int
    rho: float
    low: float
    high: float
    p: float


def spearman(x: ArrayLike, y: ArrayLike, level: float = LEVEL) -> Correlation:
    """Return the rank correlation of ``x`` and ``y``, both of shape (n,).

    The interval is tanh(artanh(rho) +- z sqrt((1 + rho^2/2) / (n - 3))) (Bonett and Wright, "Sample
    size requirements for estimating Pearson, Kendall and Spearman correlations", Psychometrika
    65(1), 2000). artanh(1) is infinite, which would make a point of it: for perfect agreement the
    inner end is that of the next smaller rho without ties, 1 - 12/(n^3 - n).

    A pair with a NaN is left out. Runs that share a seed are not independent of each other, so
    their interval is too narrow.

    Raises:
        ValueError: the shapes differ or have not one axis, or ``level`` does not lie between 0 and
            1.
    """
    check_level(level)
    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"pairs need equal shapes (n,), not {a.shape} and {b.shape}")
    kept = ~(np.isnan(a) | np.isnan(b))
    a, b = a[kept], b[kept]
    n = len(a)
    if n < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(n, math.nan, math.nan, math.nan, math.nan)
    found = stats.spearmanr(a, b)
    rho, p = float(found.statistic), float(found.pvalue)
    if n < 4:
        return Correlation(n, rho, math.nan, math.nan, p)
    most = 1 - 12 / (n**3 - n)
    perfect = abs(rho) > most + 1e-12
    inner = math.copysign(min(abs(rho), most), rho)
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt((1 + inner**2 / 2) / (n - 3))
    low, high = math.tanh(math.atanh(inner) - half), math.tanh(math.atanh(inner) + half)
    if perfect:
        low, high = (low, 1.0) if rho > 0 else (-1.0, high)
    return Correlation(n, rho, low, high, p)
