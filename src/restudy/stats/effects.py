"""Effects: the mean difference of pairs, with its t interval and p."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.intervals import LEVEL, Estimate, paired_interval

Array = NDArray[np.float64]


class Effect(NamedTuple):
    """A mean difference (or slope) with its t interval, in the unit of the values.

    Attributes:
        n: number of pairs.
        mean: NaN without a value.
        se: standard error of the mean; NaN, like all that follow, where no spread can be seen
            (one pair).
        df: degrees of freedom of Student's t.
        low, high: ends of the interval.
        p: two-sided, of the null hypothesis that the true mean is 0. Without any spread it is the
            limit: 0, or 1 for a mean of exactly 0.
    """

    n: int
    mean: float
    se: float
    df: float
    low: float
    high: float
    p: float


def effect_of(mean: Estimate) -> Effect:
    """Return a mean of differences (or slopes ...) with the p of the one-sample t test."""
    if mean.n < 2:
        return _unknown(mean.n, mean.mean)
    se, df = mean.sd / math.sqrt(mean.n), mean.n - 1
    return Effect(mean.n, mean.mean, se, df, mean.low, mean.high, _p(mean.mean, se, df))


def paired_effect(treatment: ArrayLike, control: ArrayLike, level: float = LEVEL) -> Effect:
    """Return the mean of ``treatment - control``, both of shape (n,), with interval and p.

    See `paired_interval`. A pair with a NaN is left out.

    Raises:
        ValueError: the shapes differ, or ``level`` does not lie between 0 and 1.
    """
    return effect_of(paired_interval(treatment, control, level))


def t_interval(
    mean: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = LEVEL
) -> tuple[Array, Array]:
    """Return the ends of mean +- t * se; all arguments may be arrays."""
    half = stats.t.ppf((1 + level) / 2, df) * np.asarray(se)
    return np.asarray(mean) - half, np.asarray(mean) + half


def upper_tail(distance: ArrayLike, se: ArrayLike, df: ArrayLike) -> Array:
    """Return P(T > distance / se), T Student's t; all arguments may be arrays.

    Without any spread (``se`` 0) it is 0 for a distance above 0, else 1.
    """
    distance, se = np.asarray(distance, np.float64), np.asarray(se, np.float64)
    limit = np.where(distance > 0, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        t = np.where(se == 0, limit, distance / se)
    return np.asarray(stats.t.sf(t, df), np.float64)


def _p(mean: float, se: float, df: float) -> float:
    return min(1.0, 2 * float(upper_tail(abs(mean), se, df)))


def _unknown(n: int, mean: float) -> Effect:
    return Effect(n, mean, math.nan, math.nan, math.nan, math.nan, math.nan)
