"""Ratios of positive quantities, such as times: geometric means, compared on the log scale.

Times spread by factors, not by seconds, and "twice as fast" is as far from equal as "half as fast".
The logs are compared as any values are, and the result is taken back by exp.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from restudy.stats.effects import Effect, paired_effect, welch_effect
from restudy.stats.intervals import LEVEL


class Ratio(NamedTuple):
    """A ratio of geometric means, treatment over control, with its interval.

    Attributes:
        ratio, low, high: NaN where too few values are there (see `Effect`).
        log: the same on the log scale, with p of a ratio of 1; margins there are logs too.
    """

    ratio: float
    low: float
    high: float
    log: Effect


def paired_ratio(treatment: ArrayLike, control: ArrayLike, level: float = LEVEL) -> Ratio:
    """Return the geometric mean of ``treatment / control``, both of shape (n,), by pairs.

    Raises:
        ValueError: a value is not above 0, the shapes differ, or ``level`` is not between 0 and 1.
    """
    return _ratio(paired_effect(_logs(treatment), _logs(control), level))


def unpaired_ratio(treatment: ArrayLike, control: ArrayLike, level: float = LEVEL) -> Ratio:
    """Return the ratio of the geometric means of two groups, shapes (n,) and (m,), by Welch.

    Raises:
        ValueError: a value is not above 0, or ``level`` does not lie between 0 and 1.
    """
    return _ratio(welch_effect(_logs(treatment), _logs(control), level))


def _logs(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, np.float64)
    if np.any(x <= 0):
        raise ValueError(f"a ratio needs values above 0, not {np.nanmin(x)}")
    return np.log(x)


def _ratio(log: Effect) -> Ratio:
    with np.errstate(over="ignore"):  # the upper end may well be infinite
        ratio, low, high = np.exp([log.mean, log.low, log.high]).tolist()
    return Ratio(ratio, low, high, log)
