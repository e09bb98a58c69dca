"""Effects: the mean difference of pairs with its t interval, p, power, and p against a margin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.intervals import LEVEL, Estimate, mean_interval
from restudy.stats.power import power_to_see
from restudy.stats.verdict import BOUNDS

Array = NDArray[np.float64]

ENOUGH = 0.8
"""The usual least power of a study (Cohen, "Statistical power analysis", 1988)."""


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
    se: float = math.nan
    df: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan


def effect_of(mean: Estimate) -> Effect:
    """Return a mean of differences (or slopes ...) with the p of the one-sample t test."""
    if mean.n < 2:
        return Effect(mean.n, mean.mean)
    se, df = mean.sd / math.sqrt(mean.n), mean.n - 1
    p = min(1.0, 2 * float(upper_tail(abs(mean.mean), se, df)))
    return Effect(mean.n, mean.mean, se, df, mean.low, mean.high, p)


def mean_and_error(x: Array) -> tuple[Array, Array, int]:
    """Return mean, standard error and degrees of freedom along the last axis of ``x``."""
    n = x.shape[-1]
    return x.mean(axis=-1), x.std(axis=-1, ddof=1) / math.sqrt(n), n - 1


def t_test(x: Array) -> Array:
    """Return the two-sided p of Student's t test along the last axis of ``x``."""
    mean, se, df = mean_and_error(x)
    return 2 * upper_tail(np.abs(mean), se, df)


def paired_effect(treatment: ArrayLike, control: ArrayLike, level: float = LEVEL) -> Effect:
    """Return the mean of ``treatment - control``, both of shape (n,), with interval and p.

    A pair with a NaN is left out.

    Raises:
        ValueError: the shapes differ, or ``level`` does not lie between 0 and 1.
    """
    a, b = np.asarray(treatment, np.float64), np.asarray(control, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"pairs need equal shapes, not {a.shape} and {b.shape}")
    return effect_of(mean_interval(a - b, level))


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


def p_against_margin(effect: Effect, margin: float, direction: str) -> float:
    """Return the p of the null hypothesis that an effect is as large as ``margin``.

    For ``equal`` of two one-sided t tests, against an effect of -margin or less and one of margin
    or more, the larger p (Schuirmann, "A comparison of the two one-sided tests procedure ...",
    Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). It is below alpha exactly if the
    interval of level 1 - 2 alpha lies inside +-margin. For ``non_superior`` of the test against an
    effect of margin or more alone, for ``non_inferior`` against one of -margin or less.

    Raises:
        ValueError: ``margin`` is not a number above 0, or the direction is another.
    """
    distances = {
        "equal": margin - abs(effect.mean),
        "non_superior": margin - effect.mean,
        "non_inferior": effect.mean + margin,
    }
    if not 0 < margin < math.inf or direction not in BOUNDS:
        raise ValueError(f"no p of {direction!r} against a margin of {margin}")
    return float(upper_tail(distances[direction], effect.se, effect.df))


def has_low_power(effect: Effect, margin: float) -> bool:
    """Return whether an effect as large as ``margin`` would be found less often than in 80 %.

    The spread is that of the runs themselves. Runs whose spread is unknown have low power.

    Raises:
        ValueError: ``margin`` is not above 0.
    """
    return not power_to_see(margin, effect.se, effect.df) >= ENOUGH


NullTest = Callable[[Array], Array]
"""Function from values, shape (..., n), to the two-sided p that their true mean is 0, (...)."""

NULL_TESTS: dict[str, NullTest] = {"t": t_test}
"""Tests of no effect, by name; `calibrate` simulates how often each rejects a true hypothesis."""
