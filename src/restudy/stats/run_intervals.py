"""Intervals for one more run on the scale of its number: logits of accuracies, logs of losses.

On its own scale an interval of an accuracy never leaves 0 to 1, and runs of unlike accuracy have
spreads that can be compared, so that those of many small groups can be pooled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from restudy.stats.intervals import LEVEL, Estimate, check_level

Array = NDArray[np.float64]


class Scale(NamedTuple):
    """Scale on which runs scatter alike.

    Attributes:
        to: function from numbers of runs to the scale, increasing.
        back: its inverse; what lies beyond a bound of the numbers becomes the bound.
        resolution: function from a number to its step, on the scale; 0 if it has none.
    """

    to: Callable[[Array], Array]
    back: Callable[[Array], Array]
    resolution: Callable[[float], float]


class Spread(NamedTuple):
    """Standard deviation on a scale.

    Attributes:
        sd: the standard deviation.
        df: its degrees of freedom.
    """

    sd: float
    df: int


def share_scale(samples: int) -> Scale:
    """Return the scale of shares, such as accuracies, of ``samples`` test samples.

    It is the empirical logit of k right answers, log((k + 1/2) / (samples - k + 1/2)) (Haldane,
    Annals of Human Genetics 20, 1956; Cox, "The analysis of binary data", 1970). So an accuracy of
    exactly 1 counts as one half of a sample less than all, and 0 as one half of a sample. A share
    moves in steps of one sample, that of a share at an end towards the inside.

    Raises:
        ValueError: ``samples`` is less than 1.
    """
    if samples < 1:
        raise ValueError(f"{samples} samples have no share")

    def to(share: Array) -> Array:
        if np.any((share < 0) | (share > 1)):
            raise ValueError(f"a share lies between 0 and 1: {share}")
        return np.asarray(special.logit((share * samples + 0.5) / (samples + 1)), np.float64)

    def back(z: Array) -> Array:
        right = special.expit(z) * (samples + 1) - 0.5
        return np.asarray(np.clip(right / samples, 0, 1), np.float64)

    def resolution(share: float) -> float:
        below = min(max(share - 0.5 / samples, 0.0), 1 - 1 / samples)
        low, high = to(np.array([below, min(below + 1 / samples, 1.0)]))
        return float(high - low)

    return Scale(to, back, resolution)


def loss_scale(bound: float = 0.0) -> Scale:
    """Return the scale of losses: the log of a loss minus its lower bound."""

    def to(loss: Array) -> Array:
        if np.any(loss <= bound):
            raise ValueError(f"a loss above {bound} is needed, not {np.min(loss)}")
        return np.asarray(np.log(loss - bound), np.float64)

    def back(z: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(bound + np.exp(z), np.float64)

    return Scale(to, back, lambda loss: 0.0)


def pooled_spread(groups: Iterable[ArrayLike], scale: Scale) -> Spread:
    """Return the standard deviation within groups, on a scale.

    Its square is the sum of all squared deviations from the mean of their group, over the sum of
    n - 1 (Snedecor and Cochran, "Statistical methods", 1989, 6.9). Groups must be comparable: pool
    runs that differ in levels which leave the spread alone. NaN values are left out.
    """
    squares, df = 0.0, 0
    for group in groups:
        x = scale.to(_present(group))
        if len(x):
            squares += float(((x - x.mean()) ** 2).sum())
            df += len(x) - 1
    return Spread(math.sqrt(squares / df) if df else math.nan, df)


def one_more_run(
    values: ArrayLike, scale: Scale, level: float = LEVEL, pooled: Spread | None = None
) -> Estimate:
    """Return mean and sd of runs, with the interval for one more run that is made on a scale.

    On the scale it is mean +- t * sd * sqrt(1 + 1/n), t with the degrees of freedom of the sd
    (Hahn and Meeker, "Statistical intervals", 1991). The sd is at least that of a rounding to one
    step of the scale, step / sqrt(12): runs that agree to the last sample would else rule out one
    that differs by a single sample.

    Args:
        values: numbers of the runs, shape (n,). NaN values are left out.
        scale: of the numbers.
        level: of the interval.
        pooled: spread to use instead of that of the runs themselves; one run is enough then.

    Returns:
        n, mean, sd of the numbers themselves, and ends; NaN where there is no spread.

    Raises:
        ValueError: a value is outside the scale, or ``level`` does not lie between 0 and 1.
    """
    check_level(level)
    x = _present(values)
    n = len(x)
    if n == 0:
        return Estimate(0, math.nan, math.nan, math.nan, math.nan)
    z, mean = scale.to(x), float(x.mean())
    sd = float(x.std(ddof=1)) if n > 1 else math.nan
    own = Spread(float(z.std(ddof=1)) if n > 1 else math.nan, n - 1)
    spread = pooled or own
    if not spread.df > 0:
        return Estimate(n, mean, sd, math.nan, math.nan)
    error = max(spread.sd, scale.resolution(mean) / math.sqrt(12))
    half = float(special.stdtrit(spread.df, (1 + level) / 2)) * error * math.sqrt(1 + 1 / n)
    low, high = scale.back(z.mean() + np.array([-half, half]))
    return Estimate(n, mean, sd, float(low), float(high))


def _present(values: ArrayLike) -> Array:
    x = np.asarray(values, np.float64)
    return x[~np.isnan(x)]
