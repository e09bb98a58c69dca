"""Complaints about arguments, in one wording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from restudy.common.errors import closest_match

T = TypeVar("T")


def choice(what: str, name: str, table: Mapping[str, T]) -> T:
    """Return the entry of ``table`` with that name.

    Raises:
        ValueError: there is none; the message has the right names, and the nearest one.
    """
    if name in table:
        return table[name]
    guess = closest_match(name, table)
    hint = f" (did you mean {guess!r}?)" if guess else ""
    raise ValueError(f"{what}: {name!r} is none of {', '.join(table)}{hint}")


def require(right: bool, complaint: str) -> None:
    """Raise ``ValueError(complaint)`` unless ``right``."""
    if not right:
        raise ValueError(complaint)


def not_negative(**strengths: float) -> None:
    """Raise a ValueError that names the first argument below zero, or not a number."""
    for name, value in strengths.items():
        require(value >= 0, f"{name} must be 0 or more, not {value}")


def probability(name: str, p: float) -> None:
    """Raise a ValueError unless 0 <= p < 1."""
    require(0 <= p < 1, f"{name} must lie in [0, 1), not {p}")


def same_shape(dout: tuple[int, ...], out: tuple[int, ...]) -> None:
    """Raise a ValueError unless the gradient of an output has the output's shape."""
    require(dout == out, f"dout needs the shape of the output, {out}, not {dout}")
