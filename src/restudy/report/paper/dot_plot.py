"""Strips of dots: where each number, or each test, lies, a row for each group.

The paper draws them itself: a place is a share of the strip's width, a height of its row's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from restudy.common.text_format import MINUS

PLACES = 120
"""How many places across a strip dots are stacked on, so that none hides another."""


class Dot(NamedTuple):
    """A dot: its row, its value, and what its colour says."""

    row: str
    value: float
    kind: str


class Axis(NamedTuple):
    """From values to places.

    Attributes:
        limit: values beyond it are drawn at the ends.
        ticks: values that are marked.
        bend: how a value is squeezed; odd and rising.
    """

    limit: float
    ticks: Sequence[float]
    bend: Callable[[float], float] = float

    def place(self, value: float) -> float:
        """Return where a value lies, 0 at the left end and 1 at the right one."""
        held = max(-self.limit, min(self.limit, value))
        return 0.5 + 0.5 * self.bend(held) / self.bend(self.limit)

    def label(self, tick: float) -> str:
        """Return the text of a tick; at an end it stands for all beyond it too."""
        beyond = "" if abs(tick) < self.limit else "≥ " if tick > 0 else "≤ "
        return f"{beyond}{tick:g}".replace("-", MINUS)


def strip(dots: Iterable[Dot], axis: Axis, band: float) -> dict[str, Any]:
    """Return a strip as plain values.

    Args:
        dots: those without a value are left out.
        axis: from values to places.
        band: the middle that is shaded reaches from -band to band.

    Returns:
        ``rows``: for each the ``name`` and ``dots``, with ``x``, ``kind`` and ``level`` (from 0:
        how many lie below it) and ``height`` (levels of the row); ``ticks``; ``band``.
    """
    rows: dict[str, list[Dot]] = {}
    for dot in dots:
        if not math.isnan(dot.value):
            rows.setdefault(dot.row, []).append(dot)
    return {
        "rows": [{"name": name, **_stacked(found, axis)} for name, found in rows.items()],
        "ticks": [{"label": axis.label(x), "x": _short(axis.place(x))} for x in axis.ticks],
        "band": [_short(axis.place(-band)), _short(axis.place(band))],
    }


def _stacked(dots: Sequence[Dot], axis: Axis) -> dict[str, Any]:
    levels: dict[int, int] = {}
    drawn = []
    for dot in sorted(dots, key=lambda dot: (dot.kind, dot.value)):
        column = round(axis.place(dot.value) * PLACES)
        level = levels.get(column, 0)
        levels[column] = level + 1
        drawn.append({"x": _short(column / PLACES), "kind": dot.kind, "level": level})
    return {"dots": drawn, "height": max(levels.values())}


def _short(place: float) -> float:
    return round(place, 4)
