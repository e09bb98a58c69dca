"""From runs to the curves that claims disagree about: mean and interval at each level."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from restudy.config.reductions import Reduction
from restudy.evidence.contradiction_specs import Panel
from restudy.evidence.hypothesis_specs import DATASET
from restudy.evidence.metric_extraction import MissingError, StudyTables, reductions_of
from restudy.evidence.run_metrics import at_levels, run_values
from restudy.experiments.project import project
from restudy.stats.intervals import mean_interval

COLUMNS = (
    *("panel", "dataset", "curve", "level", "x"),
    *("n", "mean", "sd", "low", "high", "least", "most", "diverged"),
)


class Source(NamedTuple):
    """The numbers that a panel is made from.

    Attributes:
        values: columns of the factors, ``seed``, ``value`` and ``diverged``, a row for each run.
        factors: name -> levels, in order.
        reductions: what the scale reduces of the study.
    """

    values: pd.DataFrame
    factors: Mapping[str, Sequence[str]]
    reductions: tuple[Reduction, ...] = ()


class Panels(NamedTuple):
    """The curves of all panels of a figure, and what the scale reduces, by study."""

    data: pd.DataFrame
    reductions: Mapping[str, tuple[Reduction, ...]]


def of_panels(
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
    parts, reduced = [pd.DataFrame(columns=list(COLUMNS))], {}
    for panel in panels:
        if panel.study is not None:
            try:
                source = of_study(panel, studies[panel.study], runs[panel.study])
            except MissingError:
                continue
            if source.reductions:
                reduced[panel.study] = source.reductions
        else:
            name = panel.subject
            source = of_experiment(panel, experiments[name], project().experiments[name].factors)
        parts.append(curves(panel, source))
    filled = [part for part in parts if len(part)] or parts
    return Panels(pd.concat(filled, ignore_index=True), reduced)


def of_study(panel: Panel, tables: StudyTables, runs: pd.DataFrame) -> Source:
    """Return the numbers of a panel that shows a study.

    Raises:
        MissingError: the study does not have them at this scale.
    """
    assert panel.number is not None  # noqa: S101 (says the model)
    values = run_values(panel.number, tables, runs)
    return Source(values, tables.description["factors"], reductions_of(tables.description))


def of_experiment(
    panel: Panel, table: pd.DataFrame, factors: Mapping[str, Sequence[str]]
) -> Source:
    """Return the numbers of a panel that shows an experiment."""
    values = table[[*factors, "seed"]].assign(value=table[panel.measure or ""], diverged=False)
    return Source(values, factors)


def curves(panel: Panel, source: Source) -> pd.DataFrame:
    """Return the means of a panel over seeds, with their 95% intervals.

    The levels of factors that the panel does not name are averaged within each seed first; a seed
    that lacks one of them is left out.

    Args:
        panel: what is shown.
        source: its numbers.

    Returns:
        the columns ``COLUMNS``, a row for each data set, curve and level that there is: ``level``
        (empty for the baseline), ``x`` (the number that stands in it, or its place among the
        levels; NaN for the baseline), ``n`` (seeds), ``least`` and ``most`` (of
        the seeds' values), ``diverged`` (runs).
    """
    several = DATASET in source.factors and panel.along != DATASET
    rows = []
    for dataset in source.factors[DATASET] if several else [""]:
        part = at_levels(source.values, {DATASET: dataset} if several else {})
        for name, where in panel.sides.items():
            found = at_levels(part, where)
            levels = [""] if name in panel.baseline else _levels(panel, where, source.factors)
            for level in levels:
                own = found if level == "" else at_levels(found, {panel.along: level})
                if own.empty:
                    continue
                by_seed = own.groupby("seed")["value"].agg(lambda x: x.mean(skipna=False))
                lost = int(own["diverged"].sum())
                x = place(level, source.factors[panel.along])
                rows.append(
                    (
                        panel.title,
                        dataset,
                        name,
                        level,
                        x,
                        *mean_interval(by_seed),
                        by_seed.min(),
                        by_seed.max(),
                        lost,
                    )
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _levels(
    panel: Panel, where: Mapping[str, str | list[str]], factors: Mapping[str, Sequence[str]]
) -> list[str]:
    wanted = where.get(panel.along, list(factors[panel.along]))
    return [wanted] if isinstance(wanted, str) else list(wanted)


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
