"""The figures of the sources that show a study's runs: over training, or over levels of a factor.

The runs that are drawn are chosen first, then measured (mean and interval over seeds), and each
data set has panels of its own. What the source printed are open marks. Below the panels stands what
a reader has to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from restudy.data.registry import DATASETS
from restudy.evidence.figure_specs import DATASET, OBJECTIVE, Curves, Levels, Line
from restudy.figures import labels
from restudy.figures.panels import (
    AT_THE_RIGHT,
    SIGNS,
    SPLITS,
    Key,
    curve_data,
    diverged,
    draw_means,
    key_of,
    line_handles,
    note,
    panels,
    text_below,
    value_scale,
)
from restudy.figures.published_markers import PUBLISHED, Mark, draw_lines, handles, marks_of
from restudy.figures.source_curves import ALONE, LABEL_GAP, PENALTY, Panel, draw_training
from restudy.figures.style import (
    LINE,
    SMALL,
    Drawing,
    Look,
    direct_labels,
    looks,
    looks_among,
    styled,
)
from restudy.results.study_tables import combinations

_TITLES = {
    "accuracy": "Accuracy",
    "data_loss": "Cross-entropy",
    PENALTY: "Penalty",
    OBJECTIVE: "Cross-entropy plus penalty",
    "batch_loss": "Cross-entropy of the last batch",
    "rmse": "Root mean squared error",
}
_LINES = {"train": "--", "validation": "-", "test": ""}
_AXES = {"units": "hidden units", "layers": "layers, with the output layer (widths of the others)"}
_STEP = "step"
_PANEL = 1.75
"""Height of a panel with its title and its x axis, in inches."""


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
class _Selection:
    """The part of a study that a figure shows.

    Attributes:
        runs, history: its rows; a diverged run has no values, and the history has the rows of
            ``objective`` too.
        everything: the history of the whole study, likewise.
        factors: names of the study's factors.
        varied: factors that vary in the figure, the data set left out.
    """

    runs: pd.DataFrame
    history: pd.DataFrame
    everything: pd.DataFrame
    factors: list[str]
    varied: list[str]

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, each of which has panels of its own."""
        return list(self.runs[DATASET].astype(str).drop_duplicates())

    def part(self, table: pd.DataFrame, metric: str, dataset: str) -> pd.DataFrame:
        """Return the rows of a metric on a data set."""
        rows = table[table["metric"] == metric]
        return rows[rows[DATASET] == dataset] if DATASET in self.factors else rows


@styled
def source_runs(tables: Tables, drawing: Curves | Levels, printed: Mapping[str, float]) -> Drawing:
    """Draw metrics of some runs of a study, and published values beside them.

    Args:
        tables: of the study.
        drawing: what is drawn: curves over training, or the end of training over the levels of a
            factor, or metrics after some numbers of steps.
        printed: published value -> its number, in our units.

    Returns:
        the figure, with data ``panel`` (the metric), the factors' columns, ``split``, ``epoch`` or
        ``step`` where that is what is drawn over, ``n``, ``mean``, ``sd``, ``low``, ``high``, and
        ``published``: the id of a published value, which then stands under ``mean``.
    """
    found = _select(tables, drawing)
    is_training = isinstance(drawing, Curves)
    history = found.history if isinstance(drawing, Curves) else _rows(found.history, drawing)
    x = drawing.x if isinstance(drawing, Curves) else _STEP
    data = curve_data(history, found.factors, drawing.panels, x)
    shown = _looks(tables, found, drawing) if is_training else {}
    places = {} if isinstance(drawing, Curves) else _places(found, drawing)
    limits = found.everything if drawing.limits == "study" and is_training else history
    figure, cells = _panels(drawing, found)
    published: list[dict[str, Any]] = []
    drawn: list[Mark] = []
    lines: list[Line] = []
    for dataset, metric, axis in cells:
        rows = found.part(data, metric, dataset)
        marks = marks_of(drawing.published, printed, metric, dataset)
        values = found.part(limits, metric, dataset)["value"].tolist()
        panel = Panel(axis, metric, x, rows, shown, found.varied)
        if isinstance(drawing, Curves):
            marks = panel.within_reach(marks)
            if metric == PENALTY:  # runs without one are no line at 0
                values = [value for value in values if value]
        else:
            marks = [mark for mark in marks if str(mark.place) in places]
        _set_scale(axis, metric, [*values, *(mark.y for mark in marks)])
        if isinstance(drawing, Curves):
            draw_training(panel, marks)
        else:
            at = rows.assign(x=rows[drawing.x].astype(str).map(places))
            _draw_levels(axis, at, places, marks)
            _label_levels(axis, drawing, places)
        if not is_training or panel.over_time:
            lines += draw_lines(axis, drawing.lines, printed, middle=not is_training)
        drawn += marks
        published += [mark.row(drawing.x, found.factors, dataset) for mark in marks]
    table = pd.concat(
        [data.rename(columns={"metric": "panel"}), pd.DataFrame(published)], ignore_index=True
    )
    signs = handles(drawn, lines, printed)
    remarks = []
    if is_training:
        last = int(history[x].max())
        beyond = sorted({row[x] for row in published if row[x] > last})
        several = len(shown) > 1
        if several and history[x].min() < last:
            remarks.append(AT_THE_RIGHT.removeprefix("; "))
        remarks += [f"published at the right: after {x} {place:,}" for place in beyond]
        if several:
            signs = [*line_handles({"train": "--", "validation": "-"}), *signs]
    _finish(figure, found, {key: look.name for key, look in shown.items()}, signs, remarks)
    before, after = (["split", x], []) if is_training else ([x] * (drawing.x == x), ["split"])
    columns = ["panel", *found.factors, *before, *after, "n", "mean", "sd", "ci_low", "ci_high"]
    return Drawing(figure, table.reindex(columns=[*columns, PUBLISHED]))


def _select(tables: Tables, drawing: Curves | Levels) -> _Selection:
    """Return the runs that a drawing shows, levels in the order in which the drawing has them."""
    runs, history = tables.runs, _with_objective(tables.history)
    for factor in drawing.filter:
        runs = _ordered(runs, factor, drawing).dropna(subset=[factor])
    history = history.assign(value=history["value"].mask(diverged(history)))
    kept = history[history["run"].isin(runs["run"])]
    for factor in drawing.filter:
        kept = _ordered(kept, factor, drawing)
    factors = tables.factors
    varied = [name for name in factors if len(runs[name].drop_duplicates()) > 1 and name != DATASET]
    return _Selection(runs, kept, history, factors, varied)


def _ordered(table: pd.DataFrame, factor: str, drawing: Curves | Levels) -> pd.DataFrame:
    """Return a table with a factor's levels as the drawing orders them; others become NaN."""
    wanted, levels = drawing.wanted(factor), table[factor].astype(str)
    ordered = pd.Categorical(levels.where(levels.isin(wanted or [])), wanted, ordered=True)
    return table.assign(**{factor: ordered})


def _with_objective(history: pd.DataFrame) -> pd.DataFrame:
    """Add the loss with its penalty, of each split, to a history."""
    losses = history[history["metric"] == "data_loss"]
    penalties = history[history["metric"] == PENALTY]
    keys = ["group", "run", "epoch"]
    both = losses.merge(penalties[[*keys, "value"]], on=keys, suffixes=("", "_penalty"))
    total = both.assign(metric=OBJECTIVE, value=both["value"] + both["value_penalty"])
    return pd.concat([history, total.drop(columns="value_penalty")], ignore_index=True)


def _rows(history: pd.DataFrame, drawing: Levels) -> pd.DataFrame:
    """Return the rows of a history that are drawn: of some steps, or the last of each run."""
    if drawing.x == _STEP:
        return history[history[_STEP].isin(drawing.at)]
    return history[history[_STEP] == history.groupby("run")[_STEP].transform("max")]


def _looks(tables: Tables, found: _Selection, drawing: Curves | Levels) -> dict[Key, Look]:
    """Return how each combination of levels is drawn, and what it is called."""
    names = {
        key_of(levels): labels.combination(levels, found.varied)
        for levels, _ in combinations(found.runs, found.varied)
    }
    drawn = [", ".join(key) for key in names]
    if len(found.varied) == 1:
        (factor,) = found.varied
        styles = looks_among(factor, drawn, tables.description["factors"][factor])
    else:
        styles = looks("combination", drawn)
    return {
        key: look._replace(name=drawing.names.get(", ".join(key), name))
        for (key, name), look in zip(names.items(), styles.values(), strict=True)
    }


def _panels(
    drawing: Curves | Levels, found: _Selection
) -> tuple[Figure, list[tuple[str, str, Axes]]]:
    """Return a figure with its title, and its panels: data set, metric, axes."""
    cells = [(name, metric) for name in found.datasets for metric in drawing.panels]
    columns = len(drawing.panels) if len(drawing.panels) > 1 else len(cells)
    figure, axes = panels(len(cells), 2 if columns == 4 else columns, _PANEL, drawing.title)
    for axis, (name, metric) in zip(axes, cells, strict=True):
        title = _TITLES[metric]
        several = len(found.datasets) > 1
        axis.set_title(f"{DATASETS[name].title}: {title.lower()}" if several else title)
    return figure, [(*cell, axis) for axis, cell in zip(axes, cells, strict=True)]


def _set_scale(axis: Axes, metric: str, values: Sequence[float]) -> None:
    """Give a panel its scale and its limits: those of ``values``, of single runs and printed."""
    if not np.isfinite(values).any():
        note(axis, "all runs diverged")
    elif value_scale(axis, values, percent=metric == "accuracy"):
        axis.set_title(f"{axis.get_title(loc='left')} (log scale)")


def _places(found: _Selection, drawing: Levels) -> dict[str, float]:
    """Return where each level or step stands on the x axis."""
    if drawing.x == _STEP:
        levels = list(map(str, drawing.at))
    else:
        levels = [str(x) for x in found.runs[drawing.x].drop_duplicates().sort_values()]
    if drawing.scale == "level":
        return {level: float(place) for place, level in enumerate(levels)}
    widths = {level: [] if level == "linear" else level.split("-") for level in levels}
    if drawing.scale == "layers":
        return {level: float(len(own) + 1) for level, own in widths.items()}
    return {level: float(sum(map(int, own))) for level, own in widths.items()}


def _draw_levels(
    axis: Axes, rows: pd.DataFrame, places: Mapping[str, float], marks: Sequence[Mark]
) -> None:
    """Draw the means of each part of the data, beside each other so that intervals can be seen.

    Training and validation are lines; the test set are points without a line, as each is another
    network's one score.
    """
    low, high = min(places.values()), max(places.values())
    aside = 0.012 * (high - low)
    names = []
    for place, (split, line) in enumerate(_LINES.items()):
        own = rows[rows["split"] == split].sort_values("x")
        if own.empty:
            continue
        colour = ALONE[split].colour
        x = own["x"].to_numpy(float) + (place - 1) * aside
        draw_means(axis, x, own, SIGNS[split] + line, colour)
        names.append((float(own["mean"].iloc[-1]), SPLITS[split], colour))
    for mark in marks:
        mark.draw(axis, places[str(mark.place)] + 1.8 * aside, ALONE[mark.marks.split].colour)
    room = 0.06 * (high - low)
    axis.set_xlim(low - room, high + room)
    direct_labels(axis, 1.02, names, gap=LABEL_GAP)


def _label_levels(axis: Axes, drawing: Levels, places: Mapping[str, float]) -> None:
    names = {
        "layers": [f"{x:.0f}\n({level})" for level, x in places.items()],
        "units": [f"{x:g}" for x in places.values()],
        "level": [f"{int(level):,}" if drawing.x == _STEP else level for level in places],
    }
    axis.set_xticks(list(places.values()), names[drawing.scale])
    axis.set_xlabel(_AXES.get(drawing.scale, drawing.x.replace("_", " ")))


def _finish(
    figure: Figure,
    found: _Selection,
    names: Mapping[Key, str],
    signs: Sequence[Artist],
    remarks: Sequence[str],
) -> None:
    """Write below the panels how the runs were made and what signs mean.

    Args:
        figure: with all its panels.
        found: the runs that it shows.
        names: combination of the varied factors' levels -> its name; differences are described.
        signs: the legend's entries.
        remarks: what else is to be said.
    """
    runs = found.runs
    parts = {key_of(levels): rows for levels, rows in combinations(runs, found.varied)}
    groups = {name: runs["run"].isin(parts[key]["run"]) for key, name in names.items()}
    seeds = int(runs["seed"].nunique())
    spread = f"mean and 95% interval over {seeds} seeds" if seeds > 1 else "one seed"
    lost = int((runs["status"] == "diverged").sum())
    counted = [f"{lost} of {len(runs)} runs diverged, left out"] if lost else []
    lines = [*labels.recipe(runs, groups), "; ".join([spread, *counted, *remarks])]
    letters = max((len(str(sign.get_label())) for sign in signs), default=0)
    columns = max(1, int(float(figure.get_figwidth()) / (0.45 + letters * 0.56 * SMALL / 72)))
    below = text_below(figure, lines, signs, columns)
    figure.set_figheight(figure.get_figheight() + LINE * below + 0.1)
