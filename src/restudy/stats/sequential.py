"""Sequential designs: looks at more and more seeds, with the error of one look at all of them.

The statistic of a look at n of N seeds is, nearly, a normal deviate Z with B = Z sqrt(n/N) a
Brownian motion at time n/N. Of the error of a question only so much is spent until each look
(`spent`), and `boundaries` are where Z then stops. A t test of few seeds is stopped at the same p
as Z (the significance level approach: Jennison and Turnbull, "Group sequential methods", 2000,
4.4), so `levels` holds one-sided p.

A claim's verdict at any look takes `repeated_p` in place of p: the correction for several claims
then works as with one look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from restudy.stats.effects import Effect
from restudy.stats.graded_verdicts import Answer, answer, p_values
from restudy.stats.verdict import Direction

Array = NDArray[np.float64]
Spending = Literal["obrien_fleming", "pocock"]

LOOKS = (5, 10, 20, 40)
"""Seeds at each look."""
QUESTION = 0.025
"""One-sided level of a question: half of 5%."""
FUTILE = 0.1
"""An answer at the last look is hopeless if it is less probable than this."""
_FAR = 8.5
"""Standard deviations beyond which a normal density counts as 0."""
_NODES, _WEIGHTS = special.roots_legendre(200)


class Step(StrEnum):
    """What to do after a look."""

    SUPPORT = "stop: holds"
    CONTRADICTION = "stop: against"
    EQUIVALENCE = "stop: negligible"
    FUTILITY = "stop: no answer is likely"
    LAST = "stop: last look"
    GO_ON = "go on"


class Look(NamedTuple):
    """Outcome of a look.

    Attributes:
        step: what to do.
        level: one-sided level of each question at this look.
        conditional_power: probability of each answer at the last look, if the effect is as
            estimated; NaN after a stop, and for a question that is not asked.
    """

    step: Step
    level: float
    conditional_power: tuple[float, float, float]


def spent(t: ArrayLike, alpha: float, spending: Spending = "obrien_fleming") -> Array:
    """Return how much of a one-sided level is spent until a share ``t`` of the seeds.

    Like O'Brien and Fleming 2 - 2 Phi(z / sqrt(t)), with z the upper alpha/2 quantile; like Pocock
    alpha log(1 + (e - 1) t) (Lan and DeMets, "Discrete sequential boundaries for clinical trials",
    Biometrika 70, 1983).

    Raises:
        ValueError: ``t`` does not lie above 0 and up to 1, or ``alpha`` between 0 and 1/2.
    """
    share = np.asarray(t, np.float64)
    if not 0 < alpha < 0.5 or np.any((share <= 0) | (share > 1)):
        raise ValueError(f"no spending of a level of {alpha} at {share}")
    if spending == "pocock":
        return np.asarray(alpha * np.log1p((math.e - 1) * share), np.float64)
    return np.asarray(2 * stats.norm.sf(stats.norm.isf(alpha / 2) / np.sqrt(share)), np.float64)


def boundaries(
    looks: Sequence[int], alpha: float = QUESTION, spending: Spending = "obrien_fleming"
) -> Array:
    """Return the upper boundary of Z at each look, of a one-sided level.

    The boundary of a look is where the probability to cross it, and none before, is what is newly
    spent. The density of B among the paths that go on is carried from look to look by numerical
    integration (Armitage, McPherson and Rowe, JRSS A 132, 1969).

    Args:
        looks: numbers of seeds, rising; the last one is all.
        alpha: one-sided level.
        spending: how it is spent.

    Raises:
        ValueError: the looks do not rise, or ``alpha`` does not lie between 0 and 1/2.
    """
    return np.array(_boundaries(tuple(looks), alpha, spending))


@lru_cache(maxsize=1000)
def _boundaries(looks: tuple[int, ...], alpha: float, spending: Spending) -> tuple[float, ...]:
    t = _shares(looks)
    upper = np.empty(len(t))
    new = np.diff(spent(t, alpha, spending), prepend=0.0)
    upper[0] = stats.norm.isf(new[0])
    points, density = _start(t[0], -np.inf, upper[0])
    for k in range(1, len(t)):
        upper[k] = _solve(points, density, t[k], t[k] - t[k - 1], new[k])
        points, density = _carry(points, density, t, k, -np.inf, upper[k])
    return tuple(upper.tolist())


def levels(
    looks: Sequence[int], alpha: float = QUESTION, spending: Spending = "obrien_fleming"
) -> Array:
    """Return the one-sided level of the test at each look; see `boundaries`."""
    return np.asarray(stats.norm.sf(boundaries(looks, alpha, spending)), np.float64)


def exit_probabilities(
    looks: Sequence[int], lower: ArrayLike, upper: ArrayLike, drift: float = 0.0
) -> tuple[Array, Array]:
    """Return the probabilities to stop below and above at each look.

    Args:
        looks: numbers of seeds, rising.
        lower: boundary of Z at each look; minus infinity for none.
        upper: likewise.
        drift: mean of Z at the last look: effect / sd * sqrt(seeds).

    Raises:
        ValueError: the looks do not rise.
    """
    t, a, b = _shares(looks), np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    root = math.sqrt(t[0])
    below = [float(stats.norm.cdf(a[0] - drift * root))]
    above = [float(stats.norm.sf(b[0] - drift * root))]
    points, density = _start(t[0], a[0], b[0], drift)
    for k in range(1, len(t)):
        step = t[k] - t[k - 1]
        from_ = (points + drift * step, math.sqrt(step))
        below.append(float(density @ stats.norm.cdf(a[k] * math.sqrt(t[k]), *from_)))
        above.append(float(density @ stats.norm.sf(b[k] * math.sqrt(t[k]), *from_)))
        points, density = _carry(points, density, t, k, a[k], b[k], drift)
    return np.array(below), np.array(above)


def repeated_p(
    p: Sequence[float], looks: Sequence[int] = LOOKS, spending: Spending = "obrien_fleming"
) -> float:
    """Return the p value of a question after some looks: the smallest level at which it stopped.

    It is valid whenever one stops, for whatever reason (repeated p values: Jennison and Turnbull,
    "Group sequential methods", 2000, 9). A question that does not stop at a level of 0.49 gets 1.

    Args:
        p: one-sided p at each look so far; one or more.
        looks: seeds at all looks, those to come too.
        spending: how the level is spent.

    Raises:
        ValueError: there are no p, or more than looks, or one does not lie between 0 and 1.
    """
    seen = np.asarray(p, np.float64)
    if not 0 < len(seen) <= len(looks) or np.any(~((seen >= 0) & (seen <= 1))):
        raise ValueError(f"no p values of {len(looks)} looks: {p}")

    def excess(log_alpha: float) -> float:
        level = levels(looks, math.exp(log_alpha), spending)[: len(seen)]
        return float(np.min(np.log(np.maximum(seen, 1e-300)) - np.log(np.maximum(level, 1e-300))))

    # A level is never larger than alpha, and at the last look not much smaller.
    low, high = math.log(max(float(seen.min()) / 2, 1e-12)), math.log(0.49)
    if low >= high or excess(high) > 0:
        return 1.0
    if excess(low) <= 0:
        return math.exp(low)
    return math.exp(float(optimize.brentq(excess, low, high, xtol=1e-6)))


def take_look(
    effect: Effect,
    margin: float,
    direction: Direction,
    looks: Sequence[int] = LOOKS,
    alpha: float = QUESTION,
    spending: Spending = "obrien_fleming",
) -> Look:
    """Return what to do after a look at the seeds of an effect.

    An answer (`graded_verdicts`) at the level of this look stops. So does futility: no answer at
    the last look is likely, if the effect is as estimated. That stop costs power and no error.

    Args:
        effect: of the seeds so far; their number is one of ``looks``.
        margin: of the test.
        direction: of the claim.
        looks: seeds at each look.
        alpha: one-sided level of each question.
        spending: how it is spent.

    Raises:
        ValueError: there is no look at so many seeds.
    """
    if effect.n not in looks:
        raise ValueError(f"no look at {effect.n} seeds, but at {list(looks)}")
    place, level = list(looks).index(effect.n), levels(looks, alpha, spending)
    now, nothing = float(level[place]), (math.nan, math.nan, math.nan)
    given = answer(p_values(effect, margin, direction), now)
    if given is not Answer.OPEN:
        stops = {
            Answer.HOLDS: Step.SUPPORT,
            Answer.AGAINST: Step.CONTRADICTION,
            Answer.NEGLIGIBLE: Step.EQUIVALENCE,
        }
        return Look(stops[given], now, nothing)
    if effect.n == looks[-1]:
        return Look(Step.LAST, now, nothing)
    power = conditional_power(effect, margin, direction, looks[-1], float(level[-1]))
    is_futile = max(one for one in power if not math.isnan(one)) < FUTILE
    return Look(Step.FUTILITY if is_futile else Step.GO_ON, now, power)


def conditional_power(
    effect: Effect, margin: float, direction: Direction, seeds: int, level: float
) -> tuple[float, float, float]:
    """Return how likely each answer is with more seeds, if the effect is as estimated.

    With n of N seeds the estimate of all is normal, with the mean of that of n and a variance of
    sd^2 (N - n) / N^2 (Lan and Wittes, "The B-value: a tool for monitoring data", Biometrics 44,
    1988). An answer is where this estimate lies far enough from 0 or the margin.

    Args:
        effect: of the n seeds so far.
        margin: of the test.
        direction: of the claim.
        seeds: N.
        level: one-sided level of the last look.

    Returns:
        probabilities of "holds", "against" and "negligible"; NaN for a question that is not asked.
    """
    if direction in ("less", "non_inferior"):
        turned: Direction = "greater" if direction == "less" else "non_superior"
        return conditional_power(effect._replace(mean=-effect.mean), margin, turned, seeds, level)
    sd = effect.se * math.sqrt(effect.n)
    spread = sd * math.sqrt(seeds - effect.n) / seeds
    error = sd / math.sqrt(seeds)
    one, two = (float(stats.t.isf(p, seeds - 1)) * error for p in (level, level / 2))

    def between(low: float, high: float) -> float:
        ends = (np.array([low, high]) - effect.mean) / max(spread, 1e-300)
        return float(max(0.0, np.diff(stats.norm.cdf(ends))[0])) if low < high else 0.0

    inside = between(-margin + one, margin - one)
    above, below = between(max(one, margin), math.inf), between(-math.inf, -max(one, margin))
    either = between(max(two, margin), math.inf) + between(-math.inf, -max(two, margin))
    beyond = between(margin + two, math.inf) + between(-math.inf, -margin - two)
    negligible = inside if margin > 0 else math.nan
    match direction:
        case "greater":
            return above, below, negligible
        case "different":
            return either, math.nan, negligible
        case "equal":
            return inside, beyond, math.nan
        case "non_superior":
            return between(-math.inf, margin - one), between(margin + one, math.inf), math.nan
        case _:
            raise ValueError(f"a claim is no {direction!r}")


def _shares(looks: Sequence[int]) -> Array:
    n = np.asarray(looks, np.float64)
    if n.ndim != 1 or not len(n) or np.any(np.diff(n, prepend=0.0) <= 0):
        raise ValueError(f"looks are at more and more seeds, not at {looks}")
    return np.asarray(n / n[-1], np.float64)


def _grid(t: float, lower: float, upper: float, drift: float) -> tuple[Array, Array]:
    """Return points of B between two boundaries of Z, and weights of an integral over them."""
    root = math.sqrt(t)
    low = max(lower * root, drift * t - _FAR * root)
    high = min(upper * root, drift * t + _FAR * root)
    half = max(high - low, 0.0) / 2
    return np.asarray((low + high) / 2 + half * _NODES), np.asarray(half * _WEIGHTS)


def _start(t: float, lower: float, upper: float, drift: float = 0.0) -> tuple[Array, Array]:
    """Return points of B at the first look, and the probability at each."""
    points, weights = _grid(t, lower, upper, drift)
    return points, weights * _normal(points - drift * t, t)


def _carry(
    points: Array,
    density: Array,
    t: Array,
    k: int,
    lower: float,
    upper: float,
    drift: float = 0.0,
) -> tuple[Array, Array]:
    """Return the same at look ``k`` for the paths that go on."""
    step = float(t[k] - t[k - 1])
    new, weights = _grid(float(t[k]), lower, upper, drift)
    moved = _normal(new[:, None] - points - drift * step, step) @ density
    return new, weights * moved


def _normal(x: Array, variance: float) -> Array:
    """Return the density of a normal value of mean 0 at ``x``."""
    return np.asarray(np.exp(-(x**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance))


def _solve(points: Array, density: Array, t: float, step: float, new: float) -> float:
    """Return the boundary of Z that paths cross with a probability of ``new``."""

    def crossing(z: float) -> float:
        return float(density @ special.ndtr((points - z * math.sqrt(t)) / math.sqrt(step))) - new

    return float(optimize.brentq(crossing, -_FAR, 4 * _FAR, xtol=1e-10))
