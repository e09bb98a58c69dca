"""What two claims disagree about: the measured curves, both sides in one panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from restudy.config.reductions import Reduction, in_words
from restudy.data.registry import DATASETS
from restudy.evidence.contradiction_specs import ContradictionFigure, Panel
from restudy.evidence.schema import Claim
from restudy.figures import labels
from restudy.figures.panels import WIDE, draw_means, note, panels, text_below, value_scale
from restudy.figures.style import (
    BLACK,
    COLOURS,
    LINE,
    Drawing,
    Look,
    direct_labels,
    looks,
    styled,
)

_HEIGHT = 1.85
"""Of a panel with its axes, in inches."""

_LABEL_GAP = 0.095
"""Least distance of labels as a share of a panel's height."""

_NORMS = {"no norm": "none", "neither": "none", "batch norm": "batch"}
_KNOWN = {
    **{name: looks("norm", [level])[level] for name, level in _NORMS.items()},
    **{name: looks("regularisation", [name])[name] for name in ("L1", "L2", "dropout")},
}
"""Sides that look the same in every figure; other names may follow after a comma."""

_CROWDED = 7
"""Of more levels only every other is named."""


@styled
def contradiction(
    data: pd.DataFrame, asked: ContradictionFigure, claims: Mapping[str, Claim]
) -> Drawing:
    """Draw the mean and 95% interval over seeds of each side, over the levels of a factor.

    Args:
        data: :func:`restudy.evidence.contradiction_curves.panel_curves` of all panels.
        asked: what is drawn.
        claims: the two claims, by id.

    Returns:
        the figure, with ``data`` as it is.
    """
    cells = [
        (panel, dataset)
        for panel in asked.panels
        for dataset in data.loc[data["panel"] == panel.title, "dataset"].drop_duplicates()
    ]
    missing = [panel for panel in asked.panels if panel.title not in set(data["panel"])]
    cells += [(panel, "") for panel in missing]
    figure, axes = panels(len(cells), 2 if len(cells) > 1 else 1, _HEIGHT, asked.title)
    for axis, (panel, dataset) in zip(axes, cells, strict=True):
        own = data[(data["panel"] == panel.title) & (data["dataset"] == dataset)]
        title = panel.title
        if dataset:
            title = f"{DATASETS[dataset].title}: {title[:1].lower()}{title[1:]}"
        axis.set_title(labels.plain(title))
        _draw(axis, panel, own)
    _say_below(figure, asked, claims, data)
    return Drawing(figure, data)


def caption(
    asked: ContradictionFigure,
    claims: Mapping[str, Claim],
    reductions: Mapping[str, Iterable[Reduction]],
) -> str:
    """Return what is said below a figure: the claims, the studies, and what their scale reduces.

    Args:
        asked: what is drawn.
        claims: the two claims, by id.
        reductions: what the scale reduces, by study.
    """
    said = " ".join(f"{id_}: {claims[id_].statement}" for id_ in asked.claims)
    where = ", ".join([*asked.studies, *asked.experiments])
    listed = "; ".join(f"{study}: {in_words(found)}" for study, found in reductions.items())
    cut = f" Reduced at this scale: {listed}." if listed else ""
    return (
        f"{asked.id}. {asked.title} {said} Measured in {where}: mean and 95% t interval, cut off "
        f"where it leaves its panel.{cut}"
    )


def _draw(axis: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    """Draw the curves of one panel; the sides stand a little apart, so that intervals are seen."""
    if not (rows["mean"].notna() & rows["x"].notna()).any():
        note(axis, "not at this scale")
        axis.xaxis.set_major_locator(NullLocator())
        return
    _set_scales(axis, panel, rows)
    shown = _looks(panel)
    labels = []
    for i, (name, look) in enumerate(shown.items()):
        own = rows[(rows["curve"] == name) & rows["mean"].notna()].sort_values("x")
        x = _aside(axis, own["x"].to_numpy(float), i - (len(shown) - 1) / 2)
        draw_means(axis, x, own, f"{look.marker}-", look.colour)
        if len(own):
            labels.append((float(own["mean"].iloc[-1]), name, look.colour))
    for row in rows[rows["curve"].isin(list(panel.baseline))].to_dict("records"):
        axis.axhline(row["mean"], color=BLACK, linestyle="--", linewidth=0.8)
        labels.append((row["mean"], row["curve"], BLACK))
    direct_labels(axis, 1.02, labels, gap=_LABEL_GAP)


def _set_scales(axis: Axes, panel: Panel, rows: pd.DataFrame) -> None:
    shares = panel.number is not None and panel.number.metric.endswith("accuracy")
    value_scale(axis, rows[["least", "most"]].to_numpy(float), percent=shares)
    places = rows.dropna(subset="x").drop_duplicates("x").sort_values("x")
    x = places["x"].to_numpy(float)
    if x[0] > 0 and x[-1] > WIDE * x[0]:
        axis.set_xscale("log")
        axis.xaxis.set_minor_locator(NullLocator())
        room = (x[-1] / x[0]) ** 0.06
        axis.set_xlim(x[0] / room, x[-1] * room)
    else:
        room = 0.06 * (x[-1] - x[0]) or 0.5
        axis.set_xlim(x[0] - room, x[-1] + room)
    names = [_name(level) for level in places["level"]]
    every = 2 if len(x) > _CROWDED else 1
    axis.set_xticks(x[::every], names[::every])
    axis.set_xlabel(panel.x_factor.replace("_", " "))


def _name(level: str) -> str:
    """Return what a level is called at its place: the number that it ends in, or its name."""
    last = level.split()[-1]
    try:
        return labels.number(f"{float(last):g}")
    except ValueError:
        return level


def _aside(axis: Axes, x: np.ndarray, step: float) -> np.ndarray:
    low, high = axis.get_xlim()
    if axis.get_xscale() == "log":
        return np.asarray(x * (high / low) ** (0.008 * step))
    return np.asarray(x + 0.008 * step * (high - low))


def _looks(panel: Panel) -> dict[str, Look]:
    """Return how each side is drawn; the first whose name begins with a known one looks like it."""
    known: dict[str, Look] = {}
    for name in panel.curves:
        look = _KNOWN.get(name.split(",")[0])
        if look and look not in known.values():
            known[name] = look
    taken = {look.colour for look in known.values()}
    others = [name for name in panel.curves if name not in known]
    free = [
        look
        for look in looks("curve", [str(i) for i in range(COLOURS)]).values()
        if look.colour not in taken
    ]
    known |= dict(zip(others, free, strict=False))
    return {name: known[name] for name in panel.curves}


def _say_below(
    figure: Figure, asked: ContradictionFigure, claims: Mapping[str, Claim], data: pd.DataFrame
) -> None:
    """Write below the panels what the two claims say, and what is drawn."""
    lines = [f"{id_} ({claims[id_].origin}): {claims[id_].statement}" for id_ in asked.claims]
    if len(data):
        seeds = sorted({int(data["n"].min()), int(data["n"].max())})
        lost = int(data["diverged"].sum())
        lines.append(
            f"mean and 95% interval over {' to '.join(map(str, seeds))} seeds"
            + (f"; {lost} runs diverged" if lost else "")
        )
    below = text_below(figure, lines)
    figure.set_figheight(figure.get_figheight() + LINE * below + 0.15)
