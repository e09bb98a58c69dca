"""The grid's picture: test accuracy of every combination, and what explains its variation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from restudy.common.text_format import TIMES
from restudy.data.registry import DATASETS
from restudy.figures import labels
from restudy.figures.style import (
    BLUE,
    GREY,
    LINE,
    PAGE,
    SKY,
    SMALL,
    VERMILION,
    Drawing,
    looks,
    styled,
)
from restudy.results.study_tables import combinations, winners
from restudy.stats.intervals import mean_interval
from restudy.stats.variance import RESIDUAL, decompose

ROWS = ("hidden", "batch_size")
COLUMNS = ("norm", "regularisation")
_METRIC = "test_accuracy"
_COLOURS = matplotlib.colormaps["Blues"]
_LOST = "#BBBBBB"
_BOLD, _RIGHT = {"fontweight": "bold"}, {"ha": "right"}
_LOWEST = 2.0
"""Height of a data set's panels, in inches, though there be few rows."""


CAPTION = (
    "Left, mean test accuracy over seeds (percent, with half its 95% t interval) of every "
    "combination of architecture, batch size, batch norm and regularisation. A frame marks the "
    "best combination of a row, a heavy frame that of the data set; both are chosen by validation "
    "accuracy, so the framed number need not be the largest. Right, how much of the variance of "
    "test accuracy over all runs each factor explains (eta squared, type II): dark bars are main "
    "effects, light ones interactions, grey is what differs between seeds."
)


@styled
def grid(runs: pd.DataFrame, factors: Sequence[str]) -> Drawing:
    """Draw, per data set, a heat map of mean test accuracy and the shares of its variance.

    The heat map's rows are architecture x batch size, its columns norm x regularisation. The best
    of each row by *validation* accuracy has a frame, the best of the data set a heavy one. The bars
    are eta^2 of main effects, interactions of two factors, of more (pooled), and of the seeds.

    Args:
        runs: ``runs.parquet`` of a study with the factors ``hidden, batch_size, norm,
            regularisation``, and perhaps ``dataset``.
        factors: names of its factors.

    Returns:
        the figure, with data ``panel`` (``test_accuracy`` or ``variance``), ``dataset``; for
        accuracy ``hidden, batch_size, norm, regularisation, n, n_diverged, mean, low, high,
        winner`` (of its row); for variance ``source, order, df, sum_sq, eta_sq, omega_sq``.

    Raises:
        RestudyError: a norm or regularisation has no name in the style.
    """
    cells = _cells(runs, factors)
    sets = [(str(levels.get("dataset", "")), part) for levels, part in _data_sets(runs, factors)]
    n_rows = math.prod(map(len, _levels(runs, ROWS)))
    height = 0.27 * n_rows + 0.75
    figure = Figure(figsize=(PAGE, max(height, _LOWEST) * len(sets) + 0.3))
    panels = figure.subplots(len(sets), 2, squeeze=False, gridspec_kw={"width_ratios": [3.2, 1]})
    shares = []
    remarks = [
        f"Mean test accuracy over {runs['seed'].nunique()} seeds with half its 95% interval, in "
        "percent. Framed: best of its row by validation accuracy; heavy: best of the data set."
    ]
    for (name, part), (left, right) in zip(sets, panels, strict=True):
        _draw_map(left, cells[cells["dataset"] == name], runs, name)
        if part[_METRIC].isna().all():  # nothing varies where all have diverged
            right.set_axis_off()
            continue
        found = decompose(part, [*ROWS, *COLUMNS], _METRIC)
        _draw_shares(right, found.table)
        shares.append(found.table.assign(panel="variance", dataset=name))
        if found.note:
            remarks.append(f"{_title(name)}: {found.note}.")
    if (cells["n_diverged"] > 0).any():
        remarks.append(f"* some seeds diverged; {TIMES}: all did; neither can be the best.")
    below = labels.wrapped(remarks, PAGE - 0.2)
    figure.set_figheight(figure.get_figheight() + LINE * below.count("\n"))
    figure.supxlabel(below, fontsize=SMALL, x=0.005, ha="left")
    data = pd.concat([cells.assign(panel=_METRIC), *shares], ignore_index=True)
    return Drawing(figure, data[["panel", *data.columns.drop("panel")]])


def _data_sets(
    runs: pd.DataFrame, factors: Sequence[str]
) -> list[tuple[dict[str, object], pd.DataFrame]]:
    return list(combinations(runs, [name for name in factors if name == "dataset"]))


def _title(name: str) -> str:
    return DATASETS[name].title if name else "Test accuracy"


def _levels(runs: pd.DataFrame, factors: Sequence[str]) -> list[list[str]]:
    return [[str(level) for level in runs[name].cat.categories] for name in factors]


def _cells(runs: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Return one row per combination of levels: mean test accuracy, and whether it won its row."""
    best = _keys(winners(runs, factors, within=("dataset", *ROWS)), factors)
    top = _keys(winners(runs, factors), factors)
    rows = []
    for levels, part in combinations(runs, factors):
        key = tuple(map(str, levels.values()))
        found = mean_interval(part[_METRIC])
        rows.append(
            {
                "dataset": "",
                **{name: str(level) for name, level in levels.items()},
                "n": found.n,
                "n_diverged": int((part["status"] == "diverged").sum()),
                "mean": found.mean,
                "ci_low": found.low,
                "ci_high": found.high,
                "winner": "data set" if key in top else "row" if key in best else "",
            }
        )
    return pd.DataFrame(rows)


def _keys(table: pd.DataFrame, factors: Sequence[str]) -> set[tuple[str, ...]]:
    return set(table[list(factors)].astype(str).itertuples(index=False, name=None))


def _draw_map(axis: Axes, cells: pd.DataFrame, runs: pd.DataFrame, name: str) -> None:
    row_names, column_names = _levels(runs, ROWS), _levels(runs, COLUMNS)
    rows, columns = list(product(*row_names)), list(product(*column_names))
    values = np.full((len(rows), len(columns)), np.nan)
    places = {}
    for cell in cells.to_dict("records"):
        row = rows.index(tuple(cell[factor] for factor in ROWS))
        column = columns.index(tuple(cell[factor] for factor in COLUMNS))
        values[row, column] = cell["mean"]
        places[row, column] = cell

    finite = values[np.isfinite(values)]
    # A few networks that learn little would make all others look alike.
    low = np.quantile(finite, 0.05) if len(finite) else 0.0
    high = finite.max() if len(finite) else 1.0
    colours = _COLOURS.with_extremes(bad=_LOST)
    axis.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="auto")
    for (row, column), cell in places.items():
        shade = (cell["mean"] - low) / max(high - low, 1e-9)
        axis.text(
            column,
            row,
            _text(cell),
            ha="center",
            va="center",
            fontsize=SMALL,
            color="white" if shade > 0.7 else "black",
            fontweight="bold" if cell["winner"] else "normal",
        )
        if cell["winner"]:
            _frame(axis, row, column, heavy=cell["winner"] == "data set")
    for place in range(1, len(row_names[0])):
        axis.axhline(place * len(row_names[1]) - 0.5, color="white", linewidth=2.5)
    for place in range(1, len(column_names[0])):
        axis.axvline(place * len(column_names[1]) - 0.5, color="white", linewidth=2.5)
    _label_map(axis, row_names, column_names)
    axis.set_title(_title(name), fontweight="bold", pad=15)


def _text(cell: Mapping[Any, Any]) -> str:
    if cell["n"] == 0:
        return TIMES
    mean = f"{100 * cell['mean']:.1f}" + ("*" if cell["n_diverged"] else "")
    half = 100 * (cell["ci_high"] - cell["mean"])
    return f"{mean}\n±{half:.1f}" if np.isfinite(half) else mean


def _label_map(axis: Axes, rows: list[list[str]], columns: list[list[str]]) -> None:
    """Name the rows and columns of a heat map: outer levels in bold, inner ones at the ticks."""
    outer_rows, inner_rows = rows
    outer, inner = columns
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    regularisations = looks(COLUMNS[1], inner)
    short = [regularisations[level].name.replace(" net", "") for level in inner]
    axis.set_xticks(range(len(outer) * len(inner)), short * len(outer), fontsize=SMALL)
    axis.set_yticks(range(len(outer_rows) * len(inner_rows)), inner_rows * len(outer_rows))
    for place, norm in enumerate(looks(COLUMNS[0], outer).values()):
        middle = (place + 0.5) * len(inner) - 0.5
        _note(axis, (middle, 1), ("data", "axes fraction"), (0, 6), norm.name, _BOLD)
    for place, hidden in enumerate(outer_rows):
        middle = (place + 0.5) * len(inner_rows) - 0.5
        name = labels.name(ROWS[0], hidden)
        _note(axis, (0, middle), ("axes fraction", "data"), (-26, 0), name, _BOLD | _RIGHT)
    for points, word in ((-26, "layers"), (-3, "batch")):
        _note(axis, (0, 1), ("axes fraction",) * 2, (points, 6), word, _RIGHT)


def _note(
    axis: Axes,
    place: tuple[float, float],
    coordinates: tuple[str, str],
    points: tuple[float, float],
    text: str,
    font: dict[str, Any],
) -> None:
    """Write ``text`` so many points from a place beside the map."""
    options = {"ha": "center", "va": "center", **font}
    axis.annotate(
        text, place, xycoords=coordinates, xytext=points, textcoords="offset points", **options
    )


def _frame(axis: Axes, row: int, column: int, *, heavy: bool) -> None:
    axis.add_patch(
        Rectangle(
            (column - 0.45, row - 0.41),
            0.9,
            0.82,
            fill=False,
            edgecolor=VERMILION,
            linewidth=2.2 if heavy else 0.9,
            zorder=3,
        )
    )


def _draw_shares(axis: Axes, table: pd.DataFrame) -> None:
    terms = table[table["source"] != RESIDUAL].sort_values("eta_sq", kind="stable")
    shown = pd.concat([table[table["source"] == RESIDUAL], terms])
    colours = [
        GREY if row["source"] == RESIDUAL else BLUE if row["order"] == 1 else SKY
        for row in shown.to_dict("records")
    ]
    shares = shown["eta_sq"].to_numpy(float)
    axis.barh(range(len(shown)), shares, color=colours, height=0.7)
    for place, share in enumerate(shares):
        if np.isfinite(share):
            axis.text(share, place, f" {100 * share:.1f}", va="center", fontsize=SMALL)
    names = [
        str(source).replace("_", " ").replace(" x ", f" {TIMES} ") for source in shown["source"]
    ]
    axis.set_yticks(range(len(shown)), names)
    largest = float(np.nanmax(shares, initial=0.01))
    axis.set_xlim(0, 1.18 * largest)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.set_title("Variance explained", pad=15)
