"""From runs to the curves that claims disagree about: mean and interval at each level."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from restudy.config.reductions import Reduction
from restudy.evidence.checks import as_list
from restudy.evidence.contradiction_specs import Panel
from restudy.evidence.hypothesis_specs import DATASET
from restudy.evidence.metric_extraction import (
    MissingError,
    StudyTables,
    at_levels,
    reductions_of,
    run_values,
)
from restudy.experiments.project import project
from restudy.stats.intervals import mean_interval

COLUMNS = (
    *("panel", "dataset", "curve", "level", "x"),
    *("n", "mean", "sd", "ci_low", "ci_high", "least", "most", "diverged"),
)
Factors = Mapping[str, Sequence[str]]


class Panels(NamedTuple):
    """The curves of all panels of a figure, and what the scale reduces, by study."""

    data: pd.DataFrame
    reductions: Mapping[str, tuple[Reduction, ...]]


def panel_curves(
    panels: Sequence[Panel],
    studies: Mapping[str, StudyTables],
    runs: Mapping[str, pd.DataFrame],
    experiments: Mapping[str, pd.DataFrame],
) -> Panels:
    """Return the curves of all panels; one that this scale has no numbers for has no rows.

    Args:
        panels: what is shown.
        studies: history and description, by study.
        runs: ``runs.parquet``, by study.
        experiments: tables, by experiment.
    """
    rows: list[tuple[Any, ...]] = []
    reduced = {}
    for panel in panels:
        name = panel.subject
        if panel.number is None:
            factors: Factors = project().experiments[name].factors
            table = experiments[name]
            values = table[[*factors, "seed"]].assign(value=table[panel.measure], diverged=False)
        else:
            description = studies[name].description
            try:
                values = run_values(panel.number, studies[name], runs[name])
            except MissingError:
                continue
            factors = description["factors"]
            if reductions := reductions_of(description):
                reduced[name] = reductions
        rows += curve_points(panel, values, factors)
    return Panels(pd.DataFrame(rows, columns=list(COLUMNS)), reduced)


def curve_points(panel: Panel, values: pd.DataFrame, factors: Factors) -> Iterator[tuple[Any, ...]]:
    """Yield the means of a panel over seeds, with their 95% intervals.

    The levels of factors that the panel does not name are averaged within each seed first; a seed
    that lacks one of them is left out.

    Args:
        panel: what is shown.
        values: columns of the factors, ``seed``, ``value`` and ``diverged``, a row for each run.
        factors: name -> levels, in order.

    Yields:
        the columns ``COLUMNS``, for each data set, curve and level that there is: ``level`` (empty
        for the baseline), ``x`` (the number that stands in it, or its place among the levels; NaN
        for the baseline), ``n`` (seeds), ``least`` and ``most`` (of the seeds' values),
        ``diverged`` (runs).
    """
    along, several = panel.x_factor, DATASET in factors and panel.x_factor != DATASET
    for dataset in factors[DATASET] if several else [""]:
        part = at_levels(values, {DATASET: dataset} if several else {})
        for name, side in panel.sides.items():
            found = at_levels(part, side)
            levels = as_list(side.get(along, list(factors[along])))
            for level in [""] if name in panel.baseline else levels:
                own = found if level == "" else at_levels(found, {along: level})
                if own.empty:
                    continue
                by_seed = own.groupby("seed")["value"].agg(lambda x: x.mean(skipna=False))
                x, lost = place(level, factors[along]), int(own["diverged"].sum())
                ends = by_seed.min(), by_seed.max()
                yield (panel.title, dataset, name, level, x, *mean_interval(by_seed), *ends, lost)


def place(level: str, levels: Sequence[str]) -> float:
    """Return where a level stands on the x axis: at the last number in its name, if all have one.

    ``L2 0.001`` stands at 0.001. Without such numbers levels are one step apart. Levels that are
    named ``none`` do not count.
    """
    if level == "":
        return math.nan
    numbers = {one: _number(one) for one in levels if one != "none"}
    if None in numbers.values() or _number(level) is None:
        return float(list(levels).index(level))
    return float(_number(level) or 0.0)


def _number(text: str) -> float | None:
    """Return the number that a text ends in."""
    found = re.search(r"(?:^|\s)(\d+(?:\.\d+)?(?:e-?\d+)?)$", text)
    return float(found[1]) if found else None
