"""Dot plots: one dot for each number or test, a row of dots for each group.

Typst draws them: a place is a share of the plot's width, a height counts dots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from restudy.common.text_format import MINUS
from restudy.report.view.model import Dot

PLACES = 120
"""Places across a plot at which dots are stacked, so that none hides another."""


class Axis(NamedTuple):
    """From values to places.

    Attributes:
        limit: values beyond it are drawn at the ends.
        ticks: values that are marked.
        transform: function applied to values; odd and rising.
    """

    limit: float
    ticks: Sequence[float]
    transform: Callable[[float], float] = float

    def place(self, value: float) -> float:
        """Return the place of a value: 0 at the left end, 1 at the right end."""
        held = self.transform(min(max(value, -self.limit), self.limit))
        return 0.5 + 0.5 * held / self.transform(self.limit)

    def label(self, tick: float) -> str:
        """Return the text of a tick; one at an end stands for all values beyond."""
        beyond = "" if abs(tick) < self.limit else "≥ " if tick > 0 else "≤ "
        return f"{beyond}{tick:g}".replace("-", MINUS)


def dot_plot(dots: Sequence[Dot], axis: Axis, band: float) -> dict[str, Any]:
    """Return a dot plot as plain values.

    Args:
        dots: of the view model.
        axis: from values to places.
        band: the middle that is shaded reaches from -band to band.

    Returns:
        ``rows``: for each the ``name``, ``dots`` with ``x``, ``kind`` and ``level`` (number of dots
        below), and ``height`` (levels of the row); ``ticks``; ``band``; ``n``, the number of dots.
    """
    rows: dict[str, list[dict[str, Any]]] = {dot.row: [] for dot in dots}
    stacked: Counter[tuple[str, int]] = Counter()
    for dot in sorted(dots, key=lambda dot: (dot.status.label, dot.value)):
        place = round(axis.place(dot.value) * PLACES)
        level = stacked[dot.row, place]
        stacked[dot.row, place] += 1
        x = round(place / PLACES, 4)
        rows[dot.row].append({"x": x, "kind": dot.status.label, "level": level})
    return {
        "rows": [
            {"name": name, "dots": own, "height": max(dot["level"] for dot in own) + 1}
            for name, own in rows.items()
        ],
        "ticks": [{"label": axis.label(x), "x": round(axis.place(x), 4)} for x in axis.ticks],
        "band": [round(axis.place(-band), 4), round(axis.place(band), 4)],
        "n": f"{len(dots):,}",
    }
