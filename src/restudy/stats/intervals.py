"""Intervals: of a mean over seeds, of one more run, of a share of right answers."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

LEVEL = 0.95
"""The level of every interval in tables and figures."""


class Estimate(NamedTuple):
    """A mean with its interval, in the unit of the values.

    Attributes:
        n: number of values.
        mean: NaN without a value.
        sd: standard deviation with ``ddof=1``; NaN for fewer than two values.
        low, high: ends of the interval; NaN for fewer than two values.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float

    def columns(self, kind: Literal["ci", "pi"] = "ci") -> dict[str, float]:
        """Return the numbers by column, the ends as those of a mean (ci) or of a run (pi)."""
        ends = {f"{kind}_low": self.low, f"{kind}_high": self.high}
        return {"n": self.n, "mean": self.mean, "sd": self.sd, **ends}


def mean_interval(values: ArrayLike, level: float = LEVEL) -> Estimate:
    """Return the mean of ``values``, shape (n,), with Student's t interval.

    mean +- t * sd / sqrt(n), t the (1 + level)/2 quantile with n - 1 degrees of freedom
    (Student, "The probable error of a mean", Biometrika 6(1), 1908). NaN values are left out.

    Raises:
        ValueError: ``level`` does not lie between 0 and 1.
    """
    check_level(level)
    x = np.asarray(values, np.float64)
    x = x[~np.isnan(x)]
    n = len(x)
    if n == 0:
        return Estimate(0, math.nan, math.nan, math.nan, math.nan)
    mean = float(x.mean())
    if n == 1:  # one run says nothing about the spread
        return Estimate(1, mean, math.nan, math.nan, math.nan)
    sd = float(x.std(ddof=1))
    half = float(special.stdtrit(n - 1, (1 + level) / 2)) * sd / math.sqrt(n)
    return Estimate(n, mean, sd, mean - half, mean + half)


def prediction_interval(values: ArrayLike, level: float = LEVEL) -> Estimate:
    """Return the mean of ``values``, shape (n,), with the interval for one more value.

    mean +- t * sd * sqrt(1 + 1/n), t the (1 + level)/2 quantile with n - 1 degrees of freedom: a
    value drawn like the others lies inside with probability ``level`` if they are normal (Hahn and
    Meeker, "Statistical intervals", 1991). NaN values are left out.

    Raises:
        ValueError: ``level`` does not lie between 0 and 1.
    """
    mean = mean_interval(values, level)
    # Of the mean it is t * sd * sqrt(1/n).
    half = (mean.high - mean.mean) * math.sqrt(mean.n + 1)
    return mean._replace(low=mean.mean - half, high=mean.mean + half)


def wilson_interval(share: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a share, such as an accuracy on ``n`` test samples.

    Of k right answers among n, with p = k/n and z the normal (1 + level)/2 quantile:
    (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) (Wilson, "Probable inference, the law
    of succession, and statistical inference", JASA 22(158), 1927).

    Args:
        share: p; a mean of shares gives the interval of a run that is as good as the mean.
        n: number of samples.
        level: the interval's level.

    Raises:
        ValueError: ``share`` is not between 0 and 1, ``n`` is less than 1, or ``level`` does not
            lie between 0 and 1.
    """
    check_level(level)
    if math.isnan(share):
        return math.nan, math.nan
    if not 0 <= share <= 1 or n < 1:
        raise ValueError(f"{share} of {n} samples is no share")
    z = float(special.ndtri((1 + level) / 2))
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def check_level(level: float) -> None:
    """Raise a `ValueError` unless ``level`` lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
