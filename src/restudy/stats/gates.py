"""Gates: what must be so before a test may judge a claim.

Each gate looks at the runs and not at the claim. It gives a code, for the reason of a row, and the
numbers behind it. A test whose gate is closed leaves its claim open, unless the claim itself is
about what the gate asks: that something does not train, or depends on a level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from restudy.stats.effects import mean_and_error, upper_tail
from restudy.stats.multiplicity import simes

Array = NDArray[np.float64]

LEARNT = 0.1
"""Least share of the way from a guess to all right that a side's median run must go."""
BEYOND_CHANCE = 0.001
"""Largest p of a guess that gets as many right as the median run."""
LOST_AGAIN = 0.25
"""Largest share of what a run had gained at its best epoch that it may lose until the last."""
NO_SPREAD = 1e-12
"""A standard deviation below this share of the largest value is the rounding of equal values."""
OPPOSITE = DIFFER = 0.05
"""Levels of the tests of what is averaged."""


class Code(StrEnum):
    """What a gate found."""

    OPEN = "open gate"
    NO_RUNS = "no runs"
    NOT_FINITE = "not finite"
    AT_CHANCE = "at chance"
    COLLAPSED = "collapsed"
    NO_SPREAD = "no spread"
    OPPOSITE_SIGNS = "opposite signs averaged"
    LEVELS_DIFFER = "levels differ"
    """Effects of unlike size are averaged; a remark, since their mean has a meaning."""


CLOSED = frozenset(Code) - {Code.OPEN, Code.LEVELS_DIFFER}
"""Codes with which a test does not judge."""


class Gate(NamedTuple):
    """What a gate found, with its numbers.

    Attributes:
        code: what it found.
        numbers: the numbers behind it, by name.
    """

    code: Code
    numbers: Mapping[str, float]

    @property
    def is_open(self) -> bool:
        """Whether the test may judge."""
        return self.code not in CLOSED


def learnt(accuracies: ArrayLike, chance: float, samples: int) -> Gate:
    """Return whether a side of a test trains at all.

    Its runs are finite, and the median one

    * goes at least a tenth of the way from chance to 1: (accuracy - chance) / (1 - chance), which
      is Cohen's kappa for a guess that ignores the sample ("A coefficient of agreement for nominal
      scales", Educational and Psychological Measurement 20, 1960);
    * gets more right than a guess does in one of 1000 test sets (binomial test).

    Args:
        accuracies: of the runs of one side, shape (n,); NaN for a run that diverged.
        chance: share of the largest class.
        samples: number of samples that the accuracies are of.

    Raises:
        ValueError: ``chance`` does not lie between 0 and 1, or there is no sample.
    """
    if not 0 < chance < 1 or samples < 1:
        raise ValueError(f"no chance of {chance} with {samples} samples")
    x = np.asarray(accuracies, np.float64)
    lost = int((~np.isfinite(x)).sum())
    if lost or not len(x):
        return Gate(Code.NOT_FINITE if lost else Code.NO_RUNS, {"n": len(x), "lost": lost})
    median = float(np.median(x))
    p = float(stats.binom.sf(math.ceil(median * samples - 1e-9) - 1, samples, chance))
    numbers = {"n": len(x), "median": median, "chance": chance, "p": p}
    numbers["learnt"] = (median - chance) / (1 - chance)
    trains = numbers["learnt"] >= LEARNT and p <= BEYOND_CHANCE
    return Gate(Code.OPEN if trains else Code.AT_CHANCE, numbers)


def kept(curves: ArrayLike, start: float) -> Gate:
    """Return whether all runs of a side keep what they had learnt, by their own validation curves.

    A run collapsed if it lost more than a quarter of what its best epoch had gained:
    (best - last) / (best - start). One that never was better than the start did not learn, which is
    another gate's matter.

    Args:
        curves: validation metric, shape (runs, epochs); of losses with the sign turned.
        start: the metric of a guess, with the sign of the curves.
    """
    y = np.asarray(curves, np.float64)
    if y.size == 0:
        return Gate(Code.NO_RUNS, {"n": 0})
    lost = int((~np.isfinite(y[:, -1])).sum())
    if lost:
        return Gate(Code.NOT_FINITE, {"n": len(y), "lost": lost})
    best = np.nanmax(y, axis=1)
    gained = best > start
    shares = np.divide(best - y[:, -1], best - start, out=np.zeros(len(y)), where=gained)
    collapsed = int((shares > LOST_AGAIN).sum())
    numbers = {"n": len(y), "collapsed": collapsed, "worst": float(shares.max())}
    return Gate(Code.COLLAPSED if collapsed else Code.OPEN, numbers)


def varies(differences: ArrayLike) -> Gate:
    """Return whether the differences of seeds vary, so that they have a standard error at all.

    A difference of exactly 0 in each seed, as of ties, or the same rounding in all is no evidence.
    """
    x = np.asarray(differences, np.float64)
    x = x[~np.isnan(x)]
    if len(x) < 2:
        return Gate(Code.NO_RUNS, {"n": len(x)})
    sd, largest = float(x.std(ddof=1)), float(np.abs(x).max())
    is_rounding = sd <= NO_SPREAD * largest
    return Gate(Code.NO_SPREAD if is_rounding else Code.OPEN, {"n": len(x), "sd": sd})


def averaged(differences: ArrayLike) -> Gate:
    """Return whether levels may be averaged: whether effects of opposite sign are among them.

    Opposite signs are found if one level has an effect above 0 and another one below 0, each by t
    tests with Simes' p over the levels (`opposite_signs`). Gail and Simon's p stands in the numbers
    too. It finds many small effects sooner, and is for levels with noise of their own; those here
    share seeds, with which it has 9% where it should have 5%.

    Otherwise levels differ if the F test of seed x level has p of 0.05 or less (`seed_by_level`).
    Then their mean is that of the levels at hand, and its interval says nothing about others.

    Args:
        differences: shape (seeds, levels), two or more of each, without NaN.

    Raises:
        ValueError: there are fewer, or a NaN.
    """
    x = _table(differences)
    n = len(x)
    mean, se, df = mean_and_error(x.T)
    above, below = upper_tail(mean, se, df), upper_tail(-mean, se, df)
    # Beyond 37 a normal deviate has no p that a float can hold.
    z = np.clip(np.sign(mean) * stats.norm.isf(np.minimum(above, below)), -37, 37)
    p_signs, (f, p_levels) = opposite_signs(above, below), seed_by_level(x)
    numbers = {"seeds": n, "levels": x.shape[1], "above": int((mean > 0).sum())}
    numbers |= {"below": int((mean < 0).sum()), "p_signs": p_signs, "p_gail_simon": gail_simon(z)}
    numbers |= {"f": f, "p_levels": p_levels}
    if p_signs <= OPPOSITE:
        return Gate(Code.OPPOSITE_SIGNS, numbers)
    return Gate(Code.LEVELS_DIFFER if p_levels <= DIFFER else Code.OPEN, numbers)


def opposite_signs(above: ArrayLike, below: ArrayLike) -> float:
    """Return the p of the null hypothesis that no two effects have opposite signs.

    Either none is above 0, or none is below, so both must be rejected (intersection-union); each by
    Simes' p. This is the range test of Piantadosi and Gail ("A comparison of the power of two tests
    for qualitative interactions", Statistics in Medicine 12, 1993) for t tests of few seeds.

    Args:
        above: one-sided p of each effect above 0, shape (m,).
        below: those below 0.
    """
    return float(max(simes(above), simes(below)))


def gail_simon(z: ArrayLike) -> float:
    """Return the p of the null hypothesis that all effects have the same sign, or are 0.

    With Q+ and Q- the sums of z^2 over effects above and below 0, and Q the smaller one, it is the
    sum over k = 1 ... m - 1 of C(m - 1, k) 2^-(m - 1) P(chi^2 with k degrees of freedom > Q) (Gail
    and Simon, "Testing for qualitative interactions between treatment effects and patient subsets",
    Biometrics 41, 1985). The effects must be independent.

    Args:
        z: estimates over their standard errors, shape (m,), two or more.

    Raises:
        ValueError: there are fewer.
    """
    x = np.asarray(z, np.float64)
    if x.ndim != 1 or len(x) < 2:
        raise ValueError(f"two effects or more, not shape {x.shape}")
    q = min(float((x[x > 0] ** 2).sum()), float((x[x < 0] ** 2).sum()))
    if q == 0:
        return 1.0
    k = np.arange(1, len(x))
    weights = special.comb(len(x) - 1, k) * 0.5 ** (len(x) - 1)
    return float((weights * stats.chi2.sf(q, k)).sum())


def seed_by_level(differences: ArrayLike) -> tuple[float, float]:
    """Return F and p of the null hypothesis that the effect is the same at all levels.

    The two-way analysis of variance without replicates: the mean square of levels over that of
    seed x level, with m - 1 and (m - 1)(n - 1) degrees of freedom (Fisher, "Statistical methods for
    research workers", 1925). It takes the differences of two levels to have the same variance,
    whichever two. Without any residual, F is infinite, or 0 for levels that are equal.

    Args:
        differences: shape (n seeds, m levels), two or more of each, without NaN.

    Raises:
        ValueError: there are fewer, or a NaN.
    """
    x = _table(differences)
    (n, m), total = x.shape, x.mean()
    seeds, levels = x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True)
    between = n * float(((levels - total) ** 2).sum()) / (m - 1)
    within = float(((x - seeds - levels + total) ** 2).sum()) / ((m - 1) * (n - 1))
    tiny = (NO_SPREAD * float(np.abs(x).max())) ** 2
    if within <= tiny:
        return (0.0, 1.0) if between <= tiny else (math.inf, 0.0)
    return between / within, float(stats.f.sf(between / within, m - 1, (m - 1) * (n - 1)))


def cochran_q(mean: ArrayLike, se: ArrayLike) -> tuple[float, float]:
    """Return Cochran's Q and p of the null hypothesis that independent effects are equal.

    Q is the sum of w (mean - weighted mean)^2 with w = 1/se^2, compared with chi^2 of m - 1 degrees
    of freedom (Cochran, "The combination of estimates from different experiments", Biometrics 10,
    1954). That needs standard errors of many seeds; with five, `seed_by_level` is exact.

    Args:
        mean: estimates, shape (m,), two or more.
        se: their standard errors, above 0.

    Raises:
        ValueError: there are fewer, or a standard error is not above 0.
    """
    x, errors = np.asarray(mean, np.float64), np.asarray(se, np.float64)
    if x.ndim != 1 or len(x) < 2 or x.shape != errors.shape or not (errors > 0).all():
        raise ValueError("two effects or more, with standard errors above 0")
    weights = errors**-2.0
    q = float((weights * (x - np.average(x, weights=weights)) ** 2).sum())
    return q, float(stats.chi2.sf(q, len(x) - 1))


def _table(differences: ArrayLike) -> Array:
    x = np.asarray(differences, np.float64)
    if x.ndim != 2 or min(x.shape) < 2 or np.isnan(x).any():
        raise ValueError(f"two seeds and two levels or more, without NaN, not shape {x.shape}")
    return x
