"""Verdicts: what an effect with its interval says about a claim."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Literal, get_args

Direction = Literal["greater", "less", "different", "equal", "no greater", "no less"]

BOUNDS: frozenset[str] = frozenset({"equal", "no greater", "no less"})
"""The directions of claims that there is no effect; they need a margin."""

ALPHA = 0.05


class Verdict(StrEnum):
    """What the runs say about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NO_DIFFERENCE = "no_meaningful_difference"
    INCONCLUSIVE = "inconclusive"


def verdict(
    low: float,
    estimate: float,
    high: float,
    *,
    margin: float,
    direction: Direction,
    p: float,
    p_equal: float = math.nan,
) -> Verdict:
    """Judge the claim that an effect is greater than 0, less, different, or that there is none.

    An effect is a difference, treatment minus control. The *margin* is the smallest difference that
    anyone would care about, chosen before the runs are looked at. The interval holds the effects
    that the runs do not rule out. Two questions are kept apart. Is there a difference at all? Yes,
    if the interval does not hold 0 and p is below 0.05: the difference is *found*. Does it matter?
    Not if the whole interval lies inside +-margin: then even the largest effect that the runs
    allow is too small to care about.

    The claim "greater":

    1. no meaningful difference, if the whole interval lies inside +-margin. This comes first, so it
       also holds for a difference that is found: with many runs the tiniest one is, and a claim
       that one thing is better than another means more than that.
    2. supported, if a difference above 0 is found and the estimate is at least the margin.
    3. contradicted, if a difference below 0 is found. Its size does not matter here: a claim of
       "greater" is wrong already if the effect is less than 0.
    4. inconclusive otherwise. More runs, or runs with less noise, would tell.

    No result is both 1 and 2: an estimate of at least the margin is not inside it. For "supported"
    the interval need not lie beyond the margin, only the estimate: the runs prove the direction,
    while of the size they give the best guess.

    The claim "less" is "greater" for the effect with its sign turned. "different" is supported if
    "greater" or "less" is; what contradicts it is no meaningful difference, which is what it is
    then called.

    The claim "equal" is supported if the whole interval lies inside +-margin and the test of
    equivalence says so too (``p_equal`` below 0.05); contradicted if the whole interval lies beyond
    the margin, on one side, and a difference is found; inconclusive otherwise. That no difference
    is found never supports it: few noisy runs find none either.

    "No greater" looks at one side alone: supported if the whole interval lies below the margin and
    the one-sided test against it says so too; contradicted as "greater" contradicts "equal". An
    effect far below 0 speaks for it. "No less" is the same with the sign turned: what is said not
    to harm may do good (non-inferiority).

    An interval of 95 % is stricter here than these tests, which ask for one of 90 %.

    Args:
        low: the interval's lower end; NaN if there is no interval, as of one run alone. Nothing can
            be judged then, and the verdict is inconclusive.
        estimate: the effect as estimated.
        high: the interval's upper end.
        margin: 0 or more, in the unit of the effect. With 0 every
            difference matters, and none is ever "no meaningful difference".
        direction: what the claim says of the effect.
        p: of no difference, two-sided; adjusted, if the claim is one of a family. NaN if there is
            none: then no difference is found.
        p_equal: of the test against the margin, likewise; for "equal", "no greater" and "no less".

    Raises:
        ValueError: ``low`` is above ``high``, ``margin`` is below 0 or not finite, or 0 for a claim
            of no effect, a p does not lie between 0 and 1, or the direction is unknown.
    """
    if low > high or not 0 <= margin < math.inf:
        raise ValueError(f"no interval from {low} to {high}, or no margin {margin}")
    if any(not 0 <= one <= 1 for one in (p, p_equal) if not math.isnan(one)):
        raise ValueError(f"p lies between 0 and 1: {p}, {p_equal}")
    if direction in BOUNDS and margin == 0:
        raise ValueError(f"a claim of {direction!r} needs a margin above 0")

    inside = -margin < low and high < margin
    above, below = p < ALPHA and low > 0, p < ALPHA and high < 0
    too_large, too_small = above and low >= margin, below and high <= -margin
    match direction:
        case "equal":
            supported, contradicted = inside and p_equal < ALPHA, too_large or too_small
        case "no greater":
            supported, contradicted = high < margin and p_equal < ALPHA, too_large
        case "no less":
            supported, contradicted = -margin < low and p_equal < ALPHA, too_small
        case "greater":
            supported, contradicted = above and estimate >= margin, below
        case "less":
            supported, contradicted = below and estimate <= -margin, above
        case "different":
            supported, contradicted = (above or below) and abs(estimate) >= margin, False
        case _:
            allowed = ", ".join(get_args(Direction))
            raise ValueError(f"a claim is no {direction!r}; allowed: {allowed}")
    if inside and direction not in BOUNDS:
        return Verdict.NO_DIFFERENCE
    if supported:
        return Verdict.SUPPORTED
    return Verdict.CONTRADICTED if contradicted else Verdict.INCONCLUSIVE
