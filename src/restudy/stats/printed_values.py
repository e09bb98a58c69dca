"""Printed numbers: whether one can exist at all, and whether an interval for it says anything."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

UNINFORMATIVE = 0.5
"""An interval that accepts more than this share of all printable values judges nothing."""


def accepted_share(
    low: float, high: float, *, decimals: int, bounds: tuple[float, float], slack: float = 0.0
) -> float:
    """Return the share of the values that could have been printed which an interval accepts.

    The printable values are the multiples of 10^-decimals between the bounds; all count alike. An
    interval that accepts most of them agrees with nearly any number, so that agreement is no
    evidence (severity: Mayo, "Error and the growth of experimental knowledge", 1996).

    Args:
        low: lower end of the interval.
        high: upper end.
        decimals: digits after the point of the printed number; negative for tens, hundreds ...
        bounds: least and largest value that could have been printed, such as 0 and 100 for a
            percentage, or 0 and the loss of a guess.
        slack: how far beyond an end a value is still accepted.

    Raises:
        ValueError: nothing could be printed between the bounds, or a number is not finite.
    """
    unit = Fraction(10) ** -decimals
    if not all(map(math.isfinite, (*bounds, slack))) or math.isnan(low) or math.isnan(high):
        raise ValueError(f"no share of {bounds} from {low} to {high} with slack {slack}")
    first, last = math.ceil(_exact(bounds[0]) / unit), math.floor(_exact(bounds[1]) / unit)
    if last < first:
        raise ValueError(f"no number with {decimals} decimals lies between {bounds}")
    below = _exact(max(low, bounds[0] - slack)) - _exact(slack)
    above = _exact(min(high, bounds[1] + slack)) + _exact(slack)
    accepted = min(last, math.floor(above / unit)) - max(first, math.ceil(below / unit)) + 1
    return max(0, accepted) / (last - first + 1)


def can_be_printed(percentage: str, samples: int) -> bool:
    """Return whether a percentage of ``samples`` samples can round to the printed one.

    GRIM: some whole number k must have 100 k / samples within half a unit of the last digit; either
    way of rounding a tie is allowed (Brown and Heathers, "The GRIM test", Social Psychological and
    Personality Science 8, 2017). It says nothing where samples exceed 10^(decimals + 2), and it is
    about one count: a mean over batches of unequal size can be another number.

    Args:
        percentage: as it is printed, such as ``86.67``.
        samples: number of samples.

    Raises:
        ValueError: ``samples`` is less than 1, or the text is no number.
    """
    if samples < 1:
        raise ValueError(f"{samples} samples have no percentage")
    try:
        exact = Decimal(percentage)
        exponent = exact.as_tuple().exponent
    except ArithmeticError:
        exponent = "n"
    if not isinstance(exponent, int):
        raise ValueError(f"{percentage!r} is no number")
    half = Fraction(10) ** exponent / 2
    step = Fraction(100, samples)
    least = max(0, math.ceil((Fraction(exact) - half) / step))
    return least <= samples and least * step <= Fraction(exact) + half


def _exact(value: float) -> Fraction:
    """Return the number that a float is written as: 0.1 is one tenth."""
    return Fraction(repr(float(value)))
