"""Tests of an effect against a margin, the smallest difference that matters."""

from __future__ import annotations

import math

import numpy as np

from restudy.stats.effects import Effect, upper_tail
from restudy.stats.verdict import BOUNDS


def equivalence_p(effect: Effect, margin: float) -> float:
    """Return the p of the null hypothesis that the effect does not lie inside +-margin.

    Two one-sided t tests, against an effect of -margin or less and one of margin or more; p is the
    larger of the two (Schuirmann, "A comparison of the two one-sided tests procedure ...", Journal
    of Pharmacokinetics and Biopharmaceutics 15, 1987). It is below alpha exactly if the interval of
    level 1 - 2 alpha lies inside +-margin. Differences of pairs and slopes go in alike.

    Raises:
        ValueError: ``margin`` is not a number above 0.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"equivalence needs a margin above 0, not {margin}")
    nearest = margin - abs(effect.mean)  # the other edge lies further away, so its p is smaller
    return float(upper_tail(nearest, effect.se, effect.df))


def no_effect_p(effect: Effect, margin: float, direction: str) -> float:
    """Return the p of the null hypothesis that an effect is as large as ``margin``.

    Args:
        effect: the effect.
        margin: above 0.
        direction: ``equal``, on either side (:func:`equivalence_p`); ``no greater``, above 0; or
            ``no less``, below it (:func:`superiority_p`).

    Raises:
        ValueError: ``margin`` is not a number above 0, or the direction is another.
    """
    if not 0 < margin < math.inf:
        raise ValueError(f"a claim of no effect needs a margin above 0, not {margin}")
    match direction:
        case "equal":
            return equivalence_p(effect, margin)
        case "no less":
            return superiority_p(effect, -margin)
        case "no greater":
            return superiority_p(effect._replace(mean=-effect.mean), -margin)
    raise ValueError(f"a claim of no effect is no {direction!r}; allowed: {', '.join(BOUNDS)}")


def superiority_p(effect: Effect, margin: float) -> float:
    """Return the p of the null hypothesis that the effect is ``margin`` or less: one-sided.

    With a margin below 0 this is the test of non-inferiority. For "less than" exchange the groups.

    Raises:
        ValueError: ``margin`` is not finite.
    """
    if not np.isfinite(margin):
        raise ValueError(f"a margin is a finite number, not {margin}")
    return float(upper_tail(effect.mean - margin, effect.se, effect.df))
