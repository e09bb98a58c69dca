"""Numbers, counts and lists as texts for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

DASH, MINUS, TIMES = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SPELLED = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_MOST = 7
"""Numbers that would need as many decimals are written with a power of ten."""


def number(value: float, *, signed: bool = False) -> str:
    """Return a number with four decimals, or two digits if it is tiny; a dash for NaN."""
    if math.isnan(value):
        return DASH
    form = ".1e" if 0 < abs(value) < 0.00005 else ".4f"
    return f"{value:{'+' if signed else ''}{form}}".replace("-", MINUS)


def plus_minus(mean: float, high: float) -> str:
    """Return ``mean ± half width`` of the interval that ends at ``high``."""
    return number(mean) if math.isnan(high) else f"{number(mean)} ± {number(high - mean)}"


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """Return both ends of an interval with four decimals; a dash if there is none."""
    if math.isnan(low):
        return DASH
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def spelled(n: int) -> str:
    """Return a small count as a word, a larger one in digits."""
    return _SPELLED[n] if n < len(_SPELLED) else f"{n:,}"


def amount(n: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 run``, ``1,200 runs``, ``no runs``."""
    word = noun if n == 1 else plural or f"{noun}s"
    return f"{n:,} {word}" if n else f"no {word}"


def agree(n: int, one: str, many: str) -> str:
    """Return a count with a verb that agrees: ``1 differs``, ``4 differ``."""
    return f"{n:,} {one if n == 1 else many}"


def nonzero(counts: Iterable[int]) -> list[str]:
    """Return counts as the groups of a table; empty for zero."""
    return [f"{n:,}" if n else "" for n in counts]


def joined(parts: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``; with semicolons if a part has a comma."""
    if any(", " in part for part in parts):
        return "; ".join(parts)
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def sentence(text: str) -> str:
    """Return a text as a sentence: a capital first, a full stop last."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


def brief(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """Return a number with the digits that count: ``0.0125``, ``+98.4``, ``3.48 × 10⁻⁸``."""
    if math.isnan(value):
        return DASH
    sign = "+" if signed else ""
    if math.isinf(value):
        return f"{MINUS if value < 0 else sign}∞"
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:{sign}.{digits - 1}e}".split("e")
        power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
        return f"{mantissa} {TIMES} {power}".replace("-", MINUS)
    if not value:
        return "0"
    # Rounded first: 99.96 is 100, and not 100 with a point.
    whole = abs(float(f"{value:.{digits}g}")) >= 10 ** (digits - 1)
    return f"{value:{sign}{',.0f' if whole else f'#.{digits}g'}}".replace("-", MINUS)


def estimate(mean: float, low: float, high: float, *, signed: bool = False) -> tuple[str, str]:
    """Return a mean, and its interval as ``low to high``, with as many decimals as mean something.

    Those are the first two digits of half the interval's width. A dash stands for no interval.
    """
    if math.isnan(low) or math.isnan(high):
        return brief(mean, signed=signed), DASH
    half = (high - low) / 2
    decimals = 1 - math.floor(math.log10(half)) if 0 < half < math.inf else _MOST
    if decimals >= _MOST:
        texts = [brief(value, signed=signed) for value in (mean, low, high)]
    else:
        texts = [_fixed(value, max(decimals, 0), signed) for value in (mean, low, high)]
    return texts[0], f"{texts[1]} to {texts[2]}"


def span(low: float, high: float) -> str:
    """Return both ends of an interval; a dash if there is none."""
    return estimate((low + high) / 2, low, high)[1]


def percent(share: float) -> str:
    """Return a share in percent; what lies below 0 by chance is 0."""
    return f"{100 * max(share, 0.0):.0f}%"


def _fixed(value: float, decimals: int, signed: bool) -> str:
    rounded = round(value, decimals) + 0.0  # no minus before a zero
    return f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}".replace("-", MINUS)
