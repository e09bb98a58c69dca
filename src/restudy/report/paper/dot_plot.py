"""Dot plots: one dot for each number or test, a row of dots for each group.

Typst draws them: a place is a share of the plot's width, a height counts dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from restudy.common.text_format import MINUS

PLACES = 120
"""Places across a plot at which dots are stacked, so that none hides another."""


class Axis(NamedTuple):
    """From values to places.

    Attributes:
        limit: values beyond it are drawn at the ends.
        ticks: values that are marked.
        transform: function of NumPy applied to values; odd and rising.
    """

    limit: float
    ticks: Sequence[float]
    transform: np.ufunc = np.positive

    def place(self, values: Any) -> Any:
        """Return the places of values: 0 at the left end, 1 at the right end."""
        held = self.transform(np.clip(values, -self.limit, self.limit))
        return 0.5 + 0.5 * held / self.transform(self.limit)

    def label(self, tick: float) -> str:
        """Return the text of a tick; one at an end stands for all values beyond."""
        beyond = "" if abs(tick) < self.limit else "≥ " if tick > 0 else "≤ "
        return f"{beyond}{tick:g}".replace("-", MINUS)


def dot_plot(dots: pd.DataFrame, axis: Axis, band: float) -> dict[str, Any]:
    """Return a dot plot as plain values.

    Args:
        dots: with the columns ``row``, ``value`` and ``kind``; those without a value are left out.
        axis: from values to places.
        band: the middle that is shaded reaches from -band to band.

    Returns:
        ``rows``: for each the ``name``, ``dots`` with ``x``, ``kind`` and ``level`` (number of dots
        below), and ``height`` (levels of the row); ``ticks``; ``band``; ``n``, the number of dots.
    """
    dots = dots.dropna(subset=["value"])
    names = dots["row"].unique()
    dots = dots.sort_values(["kind", "value"])
    dots["x"] = (axis.place(dots["value"]) * PLACES).round() / PLACES
    dots["level"] = dots.groupby(["row", "x"]).cumcount()
    dots["x"] = dots["x"].round(4)
    return {
        "rows": [
            {
                "name": name,
                "dots": own[["x", "kind", "level"]].to_dict("records"),
                "height": int(own["level"].max()) + 1,
            }
            for name in names
            for own in [dots[dots["row"] == name]]
        ],
        "ticks": [{"label": axis.label(x), "x": _place(axis, x)} for x in axis.ticks],
        "band": [_place(axis, -band), _place(axis, band)],
        "n": f"{len(dots):,}",
    }


def _place(axis: Axis, value: float) -> float:
    return round(float(axis.place(value)), 4)
