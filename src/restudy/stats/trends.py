"""Trends over the levels of an ordered factor, such as a penalty's strength."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.effects import Effect, effect_of
from restudy.stats.intervals import LEVEL, mean_interval

Array = NDArray[np.float64]


class Trend(NamedTuple):
    """A trend over ordered levels.

    The two p values ask different questions. Neither says that each step goes the same way: a curve
    that rises and falls may have a slope, and a curve with a slope of 0 may have a hump.

    Attributes:
        slope: the mean over seeds of the least squares slope within each seed, per step from one
            level to the next (or per unit of the positions). The null hypothesis of its p: the
            mean slope is 0.
        page_p: two-sided p of Page's L. Its null hypothesis: within each seed every order of the
            values is equally likely, so that no level is better than another. It sees ranks alone.
            NaN for fewer than two seeds or three levels. Ties make it larger than need be.
    """

    slope: Effect
    page_p: float


def trend(values: ArrayLike, positions: ArrayLike | None = None, level: float = LEVEL) -> Trend:
    """Return the trend of ``values`` over the levels of an ordered factor.

    Slopes are taken within each seed, since runs of one seed are no independent points of a line
    (Page, "Ordered hypotheses for multiple treatments", JASA 58(301), 1963, for L).

    Args:
        values: shape (seeds, levels), levels in order. A seed with a NaN is left out: its slope
            over the other levels would mean something else where the relation is curved.
        positions: shape (levels,), rising: where the levels lie, such as logs of a penalty. Without
            them they are one step apart.
        level: the level of the slope's interval.

    Raises:
        ValueError: ``values`` has not two axes or fewer than two levels, ``positions`` does not
            rise or has another length, or ``level`` does not lie between 0 and 1.
    """
    y = np.asarray(values, np.float64)
    if y.ndim != 2 or y.shape[1] < 2:
        raise ValueError(f"a trend needs shape (seeds, levels), 2 levels or more, not {y.shape}")
    x = np.arange(float(y.shape[1])) if positions is None else np.asarray(positions, np.float64)
    if x.shape != y.shape[1:] or not np.all(np.diff(x) > 0):
        raise ValueError(f"{y.shape[1]} levels need as many rising positions, not {x}")
    y = y[~np.isnan(y).any(axis=1)]
    return Trend(effect_of(mean_interval(slopes(y, x), level)), _page(y))


def slopes(y: Array, x: Array) -> Array:
    """Return least squares slopes along the last axis of ``y``, over positions ``x``."""
    centred = x - x.mean()
    return np.asarray((y - y[..., :1]) @ (centred / (centred @ centred)), np.float64)


def _page(y: Array) -> float:
    if y.shape[0] < 2 or y.shape[1] < 3:
        return math.nan
    up, down = stats.page_trend_test(y).pvalue, stats.page_trend_test(y[:, ::-1]).pvalue
    return min(1.0, 2 * float(min(up, down)))
