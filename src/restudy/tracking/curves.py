"""A picture of how all runs of a group learned."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd

_PANELS = {"data_loss": "loss", "accuracy": "accuracy", "r2": "R²"}
_STYLES = {"train": "--", "validation": "-"}
_COLOURS = 10


def learning_curves(history: pd.DataFrame, groups: Mapping[str, str], title: str) -> bytes:
    """Draw loss and score against the epoch; return a PNG.

    Args:
        history: rows of ``run, epoch, split, metric, value``.
        groups: run -> what it is an example of; runs of a group share a colour.
        title: what stands above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    history = history.assign(group=history["run"].map(groups))
    metrics = [metric for metric in _PANELS if (history["metric"] == metric).any()]
    names = sorted(history["group"].unique())
    colours = {name: f"C{place % _COLOURS}" for place, name in enumerate(names)}
    marker = "." if history["epoch"].nunique() < 10 else ""
    # No automatic layout: it draws everything twice.
    figure = Figure(figsize=(4 * len(metrics) + 2, 3.4))
    figure.subplots_adjust(0.08, 0.15, 1 - 2 / figure.get_figwidth(), 0.9, wspace=0.25)
    FigureCanvasAgg(figure)
    for place, metric in enumerate(metrics, 1):
        axes = figure.add_subplot(1, len(metrics), place)
        axes.set(xlabel="epoch", ylabel=_PANELS[metric])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        for name in names:
            for split, style in _STYLES.items():
                rows = history[
                    (history["metric"] == metric)
                    & (history["group"] == name)
                    & (history["split"] == split)
                ]
                x, y = _broken_line(rows)
                axes.plot(x, y, style, marker=marker, color=colours[name], lw=1, alpha=0.7)
    for split, style in _STYLES.items():
        axes.plot([], [], style, color="grey", label=split)
    for name in names if 1 < len(names) <= _COLOURS else []:
        axes.plot([], [], color=colours[name], label=name)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize="small")
    figure.suptitle(title, fontsize="medium")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def _broken_line(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Return the curves of several runs as one line with gaps: drawing many lines is slow."""
    x: list[float] = []
    y: list[float] = []
    for _, own in rows.groupby("run"):
        x += [*own["epoch"], np.nan]
        y += [*own["value"], np.nan]
    return x, y
