"""Effects: the difference of two means, of pairs or of two groups, with its t interval and p."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.intervals import LEVEL, Estimate, check_level, paired_interval

Array = NDArray[np.float64]


class Effect(NamedTuple):
    """A mean difference (or slope, or log ratio) with its t interval, in the unit of the values.

    Attributes:
        n: number of pairs, or of the values of both groups.
        mean: NaN without a value.
        se: standard error of the mean; NaN, like all that follow, where no spread can be seen
            (one pair, or a group of one).
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


def welch_effect(treatment: ArrayLike, control: ArrayLike, level: float = LEVEL) -> Effect:
    """Return the difference of the means of two groups that share nothing, with interval and p.

    The groups may differ in size and spread (Welch, "The generalization of 'Student's' problem
    when several different population variances are involved", Biometrika 34, 1947).

    Args:
        treatment: shape (n,); NaN values are left out.
        control: shape (m,); likewise.
        level: the interval's level.

    Raises:
        ValueError: ``level`` does not lie between 0 and 1.
    """
    check_level(level)
    a, b = present(treatment), present(control)
    n = len(a) + len(b)
    if min(len(a), len(b)) < 2:
        return _unknown(n, float(a.mean() - b.mean()) if len(a) and len(b) else math.nan)
    mean, se, df = map(float, welch_parts(a, b))
    low, high = map(float, t_interval(mean, se, df, level))
    return Effect(n, mean, se, df, low, high, _p(mean, se, df))


def present(values: ArrayLike) -> Array:
    """Return ``values`` as float64, shape (n,), without NaN.

    Raises:
        ValueError: there is not exactly one axis.
    """
    x = np.asarray(values, np.float64)
    if x.ndim != 1:
        raise ValueError(f"a group has shape (n,), not {x.shape}")
    return x[~np.isnan(x)]


def welch_parts(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return difference of means, standard error and degrees of freedom, along the last axis.

    With v = sd^2/n of a group: se^2 = v_a + v_b, and by Satterthwaite df = se^4 / (v_a^2/(n_a - 1)
    + v_b^2/(n_b - 1)). Groups of fewer than two values have none.
    """
    n, m = a.shape[-1], b.shape[-1]
    v, w = a.var(axis=-1, ddof=1) / n, b.var(axis=-1, ddof=1) / m
    total = v + w
    # As a share, since squares of tiny variances would be 0; without any spread it does not matter.
    share = np.divide(v, total, out=np.full_like(total, 0.5), where=total > 0)
    df = 1 / (share**2 / (n - 1) + (1 - share) ** 2 / (m - 1))
    return a.mean(axis=-1) - b.mean(axis=-1), np.sqrt(total), df


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
