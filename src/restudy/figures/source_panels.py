"""What the figures of the sources that show a study's runs have in common.

The runs that are drawn are chosen first, then measured (mean and interval over seeds), and each
data set has panels of its own. Below the panels stands what a reader has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.data.registry import DATASETS
from restudy.evidence.figure_specs import DATASET, OBJECTIVE, Curves, Levels
from restudy.figures import labels
from restudy.figures.curve_helpers import diverged, log_scale, percent_scale
from restudy.figures.published_markers import PUBLISHED
from restudy.figures.style import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    LINE,
    PAGE,
    SMALL,
    Look,
    fit_limits,
    headline,
)
from restudy.results.study_tables import combinations

Key = tuple[str, ...]

TITLES = {
    "accuracy": "Accuracy",
    "data_loss": "Cross-entropy",
    "penalty": "Penalty",
    OBJECTIVE: "Cross-entropy plus penalty",
    "batch_loss": "Cross-entropy of the last batch",
    "rmse": "Root mean squared error",
}
COLUMNS = ("n", "mean", "sd", "low", "high", PUBLISHED)
"""What the data of a figure hold beside its panel, levels and place."""

ALONE = {
    "train": Look(GREEN, "", ""),
    "validation": Look(BLUE, "", ""),
    "test": Look(BLACK, "", ""),
}
"""The colours of the parts of the data, where there is only one kind of network."""

LABEL_GAP = 0.092
"""Least distance of labels as a share of a panel's height."""

_PANEL = 1.75
"""Height of a panel with its title and its x axis, in inches."""

_WIDE = 8.0
"""Where the largest value of a panel is so many times the smallest, its scale is logarithmic."""


@dataclass(frozen=True)
class Tables:
    """A study's tables: ``runs.parquet``, ``history.parquet`` and ``study.json``."""

    runs: pd.DataFrame
    history: pd.DataFrame
    description: Mapping[str, Any]

    @property
    def factors(self) -> list[str]:
        """Names of the study's factors."""
        return list(self.description["factors"])


@dataclass(frozen=True)
class Selection:
    """The part of a study that a figure shows.

    Attributes:
        runs, history: its rows; a diverged run has no values, and the history has the rows of
            ``objective`` too.
        everything: the history of the whole study, likewise.
        factors: names of the study's factors.
        varied: those of them that vary in the figure, the data set left out.
        lost: how many of the runs diverged.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    everything: pd.DataFrame
    factors: list[str]
    varied: list[str]
    lost: int

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, each of which has panels of its own."""
        return list(self.runs[DATASET].astype(str).drop_duplicates())

    def of_dataset(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        """Return the rows of one data set."""
        return table[table[DATASET] == name] if DATASET in self.factors else table

    def values(self, metric: str, dataset: str, *, whole: bool) -> list[float]:
        """Return a metric of all single runs of a data set; ``whole``: of the whole study."""
        table = self.everything if whole else self.history
        found: list[float] = self.of_dataset(table[table["metric"] == metric], dataset)[
            "value"
        ].tolist()
        return found

    def last(self, x: str) -> int:
        """Return the last epoch or step."""
        return int(self.history[x].max())

    def seeds(self) -> int:
        """Return the number of seeds."""
        return int(self.runs["seed"].nunique())


def select(tables: Tables, drawing: Curves | Levels) -> Selection:
    """Take the runs that a drawing shows out of a study's tables.

    Raises:
        RestudyError: a factor, level or metric that it asks for is not in them.
    """
    where = f"study {drawing.study}"
    factors, history = tables.factors, _with_objective(tables.history)
    for panel in drawing.panels:
        if panel not in set(history["metric"]):
            known = sorted(set(history["metric"]))
            raise RestudyError(
                bad_value(where, "panels", panel, ", ".join(known), closest_match(panel, known))
            )
    runs = tables.runs
    for factor in drawing.where:
        if factor not in factors:
            allowed = ", ".join(factors) or "none"
            raise RestudyError(
                bad_value(where, "where", factor, allowed, closest_match(factor, factors))
            )
        there = set(runs[factor].astype(str))
        for level in drawing.wanted(factor) or []:
            if level not in there:
                allowed, guess = ", ".join(sorted(there)), closest_match(level, there)
                raise RestudyError(bad_value(where, f"where.{factor}", level, allowed, guess))
        runs = _ordered(runs, factor, drawing).dropna(subset=[factor])
    if runs.empty:
        raise RestudyError(f"{where}: where: no run has all of these levels together")
    history = history.assign(value=history["value"].mask(diverged(history)))
    kept = history[history["lane"].isin(runs["lane"])]
    # The levels in the order in which the drawing names them.
    for factor in drawing.where:
        kept = _ordered(kept, factor, drawing)
    varied = [name for name in factors if len(runs[name].drop_duplicates()) > 1 and name != DATASET]
    lost = int((runs["status"] == "diverged").sum())
    return Selection(runs, kept, history, factors, varied, lost)


def _ordered(table: pd.DataFrame, factor: str, drawing: Curves | Levels) -> pd.DataFrame:
    """Return a table with a factor's levels as the drawing orders them; others become NaN."""
    wanted, levels = drawing.wanted(factor), table[factor].astype(str)
    ordered = pd.Categorical(levels.where(levels.isin(wanted or [])), wanted, ordered=True)
    return table.assign(**{factor: ordered})


def _with_objective(history: pd.DataFrame) -> pd.DataFrame:
    """Add the loss with its penalty, of each split, to a history."""
    losses = history[history["metric"] == "data_loss"]
    penalties = history[history["metric"] == "penalty"]
    keys = ["cell", "lane", "epoch"]
    both = losses.merge(penalties[[*keys, "value"]], on=keys, suffixes=("", "_penalty"))
    total = both.assign(metric=OBJECTIVE, value=both["value"] + both["value_penalty"])
    return pd.concat([history, total.drop(columns="value_penalty")], ignore_index=True)


def panels(
    drawing: Curves | Levels, selection: Selection
) -> tuple[Figure, Iterator[tuple[str, str, Axes]]]:
    """Return a figure with its title, and its panels: data set, metric, axes.

    Args:
        drawing: what is drawn.
        selection: of which runs.
    """
    cells = [(name, panel) for name in selection.datasets for panel in drawing.panels]
    columns = min(len(cells), len(drawing.panels) if len(drawing.panels) > 1 else len(cells))
    columns = 2 if columns == 4 else columns
    rows = -(-len(cells) // columns)
    figure = Figure(figsize=(PAGE if columns > 1 else COLUMN, rows * _PANEL + 0.2))
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    headline(figure, drawing.title)
    several = len(selection.datasets) > 1

    def prepared() -> Iterator[tuple[str, str, Axes]]:
        for (name, panel), axis in zip(cells, axes, strict=False):
            title = TITLES[panel]
            axis.set_title(f"{DATASETS[name].title}: {title.lower()}" if several else title)
            yield name, panel, axis

    for axis in axes[len(cells) :]:
        axis.set_axis_off()
    return figure, prepared()


def set_scale(axis: Axes, panel: str, values: Sequence[float]) -> None:
    """Give a panel its scale and its limits: those of ``values``, of single runs and printed."""
    found = np.asarray(values, np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        axis.text(0.5, 0.5, "all runs diverged", transform=axis.transAxes, ha="center")
        axis.yaxis.set_major_locator(NullLocator())
        return
    if panel == "accuracy":
        percent_scale(axis)
    elif found.min() > 0 and found.max() > _WIDE * found.min():
        log_scale(axis)
        axis.set_title(f"{axis.get_title(loc='left')} (log scale)")
    fit_limits(axis, found)


def finish(
    figure: Figure,
    selection: Selection,
    names: Mapping[Key, str],
    handles: Sequence[Artist],
    remarks: Sequence[str] = (),
) -> None:
    """Write below the panels how the runs were made and what signs mean.

    Args:
        figure: with all its panels.
        selection: the runs that it shows.
        names: combination of the varied factors' levels -> its name; what sets them apart is told.
        handles: the legend's entries.
        remarks: what else is to be said.
    """
    runs = selection.runs
    found = {
        tuple(map(str, levels.values())): rows
        for levels, rows in combinations(runs, selection.varied)
    }
    groups = {name: runs["lane"].isin(found[key]["lane"]) for key, name in names.items()}
    seeds = selection.seeds()
    spread = f"mean and 95% interval over {seeds} seeds" if seeds > 1 else "one seed"
    lost = f"{selection.lost} of {len(runs)} runs diverged, left out" if selection.lost else ""
    lines = [*labels.recipe(runs, groups), "; ".join([spread, *filter(None, [lost, *remarks])])]
    width = float(figure.get_figwidth())
    letters = max((len(str(handle.get_label())) for handle in handles), default=0)
    entry = 0.45 + letters * 0.56 * SMALL / 72
    columns = max(1, int(width / entry))
    text = labels.wrapped(lines, width - 0.2)
    below = text.count("\n") + 1 + -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + LINE * below + 0.1)
    figure.legend(
        handles=list(handles),
        loc="outside lower left",
        alignment="left",
        ncols=columns,
        title=labels.plain(text),
    )
