"""More runs of the same kind: where their mean would fall, and whether a mean can be theirs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from restudy.stats.intervals import LEVEL, check_level

Array = NDArray[np.float64]

_NO_SPREAD = 1e-12
"""A standard deviation below this share of the mean is the rounding of equal values."""


def mean_of_more(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    more: ArrayLike,
    level: float = LEVEL,
    *,
    more_sd: ArrayLike = np.nan,
) -> tuple[Array, Array]:
    """Return the ends of the prediction interval for the mean of some more values.

    mean +- t * sd * sqrt(1/n + 1/more), t the (1 + level)/2 quantile with n - 1 degrees of freedom:
    with probability ``level`` the mean of ``more`` values drawn like the first n lies inside if
    all are normal (Hahn and Meeker, "Statistical intervals", 1991, chapter 4). The interval for one
    more value is that of ``more`` = 1, that of the mean is its limit for many.

    Where the spread of the other values is known, the interval is that of Welch's test instead:
    mean +- t * sqrt(sd^2/n + more_sd^2/more), t with the degrees of freedom of Welch and
    Satterthwaite (Welch, "The generalization of 'Student's' problem when several different
    population variances are involved", Biometrika 34, 1947). Losses of runs
    that nearly diverge need it. Few seeds often hold none of these runs, and their spread does not
    show that one may come. Welch's test does not rely on either spread alone.

    Args:
        mean: of the values that are there. All arguments may be arrays of one shape.
        sd: their standard deviation, with ``ddof=1``.
        n: their number.
        more: how many values the other mean is of.
        level: the interval's level.
        more_sd: standard deviation of the values of the other mean; NaN if it is not known.

    Returns:
        low and high; NaN where there is no spread to go by (see `standard_error`).

    Raises:
        ValueError: ``level`` does not lie between 0 and 1.
    """
    check_level(level)
    middle, count = np.asarray(mean, np.float64), np.asarray(n, np.float64)
    se, df = standard_error(middle, sd, count, more, more_sd)
    with np.errstate(invalid="ignore"):
        half = special.stdtrit(df, (1 + level) / 2) * se
    return middle - half, middle + half


def p_of_mean(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    other: ArrayLike,
    more: ArrayLike,
    *,
    more_sd: ArrayLike = np.nan,
) -> Array:
    """Return how often the mean of ``more`` values drawn likewise lies as far off as ``other``.

    It is below 0.05 exactly where ``other`` lies outside the 95% interval of `mean_of_more`.

    Returns:
        two-sided p; NaN where there is no spread to go by, or no other mean.
    """
    se, df = standard_error(mean, sd, n, more, more_sd)
    distance = np.abs(np.asarray(other, np.float64) - np.asarray(mean, np.float64))
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * stats.t.sf(distance / se, df))


def standard_error(
    mean: ArrayLike,
    sd: ArrayLike,
    n: ArrayLike,
    more: ArrayLike,
    more_sd: ArrayLike = np.nan,
) -> tuple[Array, Array]:
    """Return the standard error of the difference of the two means, and its degrees of freedom.

    Both are NaN for fewer than two values or no more, and for values that are all equal: that seeds
    agree to the last digit, as where all reach an accuracy of 1, does not say how far others may
    lie from them.
    """
    middle, spread, count, others, other_spread = (
        np.asarray(x, np.float64) for x in (mean, sd, n, more, more_sd)
    )
    known = (count > 1) & (others > 0) & (spread > _NO_SPREAD * np.abs(middle))
    both = known & (others > 1) & (other_spread >= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = spread**2 / count, np.where(both, other_spread, spread) ** 2 / others
        parts = own**2 / (count - 1) + other**2 / (others - 1)
        df = np.where(both, (own + other) ** 2 / parts, count - 1)
        se = np.sqrt(own + other)
    return np.where(known, se, np.nan), np.where(known, df, np.nan)


def p_of_lost(lost: int, kept: int, other_lost: int, other_kept: int) -> float:
    """Return how often shares of runs that are lost differ as much as these, if they do not.

    Fisher's exact test, two-sided ("Statistical methods for research workers", 1934).
    """
    return float(stats.fisher_exact([[lost, kept], [other_lost, other_kept]]).pvalue)
