"""Verdicts: what an effect with its interval says about a claim."""

from __future__ import annotations

import math
from typing import Literal, get_args

Direction = Literal["greater", "less", "different", "equal", "non_superior", "non_inferior"]
Verdict = Literal["supported", "contradicted", "no_meaningful_difference", "inconclusive"]

BOUNDS: frozenset[str] = frozenset({"equal", "non_superior", "non_inferior"})
"""The directions of claims that there is no effect; they need a margin."""

ALPHA = 0.05


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
    """Return the verdict on the claim that an effect is greater than 0, less, different, or none.

    An effect is a difference, treatment minus control. The *margin* is the smallest difference that
    is meaningful, chosen before the runs. The interval holds the effects that the runs do not rule
    out. A difference is *found* if the interval does not hold 0 and p is below 0.05.

    The claim "greater":

    1. no meaningful difference, if the whole interval lies inside +-margin, whether a difference is
       found or not: with many runs the tiniest one is.
    2. supported, if a difference above 0 is found and the estimate is at least the margin. The
       interval need not lie beyond the margin: the runs prove the direction, and of the size they
       give the best guess.
    3. contradicted, if a difference below 0 is found, of whatever size.
    4. inconclusive otherwise.

    "less" is "greater" for the effect with its sign turned. "different" is supported if "greater"
    or "less" is, and never contradicted.

    "equal" is supported if the whole interval lies inside +-margin and the test of equivalence has
    ``p_equal`` below 0.05; contradicted if the whole interval lies beyond the margin, on one side,
    and a difference is found; inconclusive otherwise. "non_superior" looks at one side alone:
    supported if the whole interval lies below the margin and the one-sided test against it has
    ``p_equal`` below 0.05; contradicted as "greater" contradicts "equal". "non_inferior" is the
    same with the sign turned.

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
        p_equal: of the test against the margin, likewise; for ``BOUNDS``.

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
        case "non_superior":
            supported, contradicted = high < margin and p_equal < ALPHA, too_large
        case "non_inferior":
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
        return "no_meaningful_difference"
    if supported:
        return "supported"
    return "contradicted" if contradicted else "inconclusive"
