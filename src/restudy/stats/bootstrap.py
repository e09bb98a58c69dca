"""Bootstrap intervals of means: the values themselves stand for the noise's distribution.

BCa: percentiles of the resampled statistic, corrected for bias and for a spread that depends on
the statistic's own size (Efron, "Better bootstrap confidence intervals", JASA 82(397), 1987). Few
values cannot show the tails of their distribution: with five they cover less than they say, see
`restudy.stats.calibration`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.effects import present
from restudy.stats.intervals import LEVEL, check_level

Array = NDArray[np.float64]

RESAMPLES = 9999


class Bootstrapped(NamedTuple):
    """A statistic with its bootstrap interval, in the unit of the values.

    Attributes:
        n: number of values, of both groups together.
        estimate: NaN without a value.
        low, high: ends of the interval; NaN where a group has fewer than two values. Of equal
            values the interval is a point.
    """

    n: int
    estimate: float
    low: float
    high: float


interquartile_mean: Callable[..., Array] = partial(stats.trim_mean, proportiontocut=0.25)
"""The mean without the lowest and the highest quarter, n/4 rounded down on either side, so below
four values it is the mean (Agarwal et al., "Deep reinforcement learning at the edge of the
statistical precipice", NeurIPS 2021). Takes an ``axis``."""


def bca_mean(
    values: ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Bootstrapped:
    """Return the mean of ``values``, shape (n,), with its BCa interval.

    Differences of pairs go in as values. NaN values are left out.

    Raises:
        ValueError: ``values`` has not one axis, ``level`` does not lie between 0 and 1, or
            ``resamples`` is less than 1.
    """
    return _bootstrapped([present(values)], np.mean, level, resamples, seed)


def bca_interquartile_mean(
    values: ArrayLike, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Bootstrapped:
    """Return the interquartile mean of ``values``, shape (n,), with its BCa interval.

    One run that went wrong hardly moves it. NaN values are left out.

    Raises:
        ValueError: as `bca_mean`.
    """
    return _bootstrapped([present(values)], interquartile_mean, level, resamples, seed)


def bca_difference(
    treatment: ArrayLike,
    control: ArrayLike,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bootstrapped:
    """Return the difference of the means of two groups, shapes (n,) and (m,), unpaired.

    Each group is resampled for itself. NaN values are left out.

    Raises:
        ValueError: as `bca_mean`.
    """
    groups = [present(treatment), present(control)]
    return _bootstrapped(groups, mean_difference, level, resamples, seed)


def bca_ends(
    samples: Sequence[Array],
    statistic: Callable[..., Array],
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the ends of the BCa interval along the last axis.

    Where the correction cannot be computed (leaving out any one value changes nothing, or all
    resamples lie on one side) the ends are plain percentiles.

    Args:
        samples: one array per group, shapes (..., n), n at least 2; leading axes are equal, and
            their entries share the resampled indices.
        statistic: takes the groups and ``axis``.
        level: the interval's level.
        resamples: number of resamples.
        rng: makes them.
    """
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            samples,
            statistic,
            vectorized=True,
            axis=-1,
            confidence_level=level,
            n_resamples=resamples,
            method="BCa",
            rng=rng,
        )
    ends = np.array(found.confidence_interval)
    plain = np.quantile(found.bootstrap_distribution, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    low, high = np.where(np.isnan(ends).any(axis=0), plain, ends)
    return low, high


def _bootstrapped(
    groups: list[Array],
    statistic: Callable[..., Array],
    level: float,
    resamples: int,
    seed: int,
) -> Bootstrapped:
    check_level(level)
    if resamples < 1:
        raise ValueError(f"a bootstrap needs at least one resample, not {resamples}")
    n = sum(map(len, groups))
    if not all(map(len, groups)):
        return Bootstrapped(n, math.nan, math.nan, math.nan)
    estimate = float(statistic(*groups, axis=-1))
    if min(map(len, groups)) < 2:
        return Bootstrapped(n, estimate, math.nan, math.nan)
    low, high = bca_ends(groups, statistic, level, resamples, np.random.default_rng(seed))
    return Bootstrapped(n, estimate, float(low), float(high))


def mean_difference(a: Array, b: Array, axis: int) -> Array:
    """Return the difference of the means of two groups along ``axis``."""
    return np.asarray(a.mean(axis=axis) - b.mean(axis=axis), np.float64)
