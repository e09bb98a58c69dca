"""From a study's history to one number of each run, or of each seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from restudy.config.reductions import Reduction, of_plain
from restudy.data.registry import DATASETS
from restudy.evidence.checks import LevelFilter, as_list
from restudy.evidence.hypothesis_specs import DATASET, MetricSpec
from restudy.evidence.metric_selectors import (
    LAST,
    STEP,
    ExperimentSelector,
    MetricSelector,
    RunMetric,
)
from restudy.evidence.reasons import Reason, reason, reason_text, unique
from restudy.results.collect import HISTORY, read_description

RUN = ["group", "run"]
_EPOCH = [*RUN, "epoch"]
_NAMES = [*RUN, "split", "metric"]
"""The columns of a history that are text."""
Array = NDArray[np.float64]


class MissingError(Exception):
    """There is no such number in this run.

    Attributes:
        reason: why.
    """

    def __init__(self, code: str, **args: Any) -> None:
        self.reason: Reason = reason(code, **args)
        super().__init__(reason_text([self.reason]))


@dataclass(frozen=True)
class StudyTables:
    """What is read of a study.

    Attributes:
        description: ``study.json``.
        history: ``history.parquet``.
    """

    description: Mapping[str, Any]
    history: pd.DataFrame

    @cached_property
    def _parts(self) -> dict[Any, pd.DataFrame]:
        """The history by (split, metric), with the ``seed`` of each row."""
        return {
            key: rows.assign(seed=rows["run"].map(_seed).astype("int64"))
            for key, rows in self.history.groupby(["split", "metric"], observed=True)
        }

    @cached_property
    def diverged(self) -> frozenset[tuple[str, str]]:
        """Group and id of the runs whose training loss is not finite at some evaluation."""
        losses = self._parts["train", "data_loss"]
        lost = losses[~np.isfinite(losses["value"])]
        return frozenset(zip(lost["group"], lost["run"], strict=True))

    def has(self, split: str, metric: str) -> bool:
        """Return whether a metric is recorded."""
        return (split, metric) in self._parts

    def rows(self, split: str, metric: str, levels: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of one number at some levels; none if it was not recorded."""
        found = self._parts.get((split, metric), self.history.iloc[:0])
        for factor, level in levels.items():
            found = found[found[factor] == level]
        return found.astype(dict.fromkeys(_NAMES, str))

    def metric_rows(self, metric: RunMetric, levels: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of a metric at all of its times.

        Raises:
            MissingError: it was not recorded.
        """
        rows = self.rows(metric.split, metric.metric, levels)
        if rows.empty:
            name = self.description["name"]
            raise MissingError("metric_missing", study=name, metric=metric.name)
        if metric.include_penalty:
            penalty = self.rows("train", "penalty", levels).set_index(_EPOCH)["value"]
            penalty = penalty.reindex(pd.MultiIndex.from_frame(rows[_EPOCH]))
            rows = rows.assign(value=rows["value"] + penalty.to_numpy())
        return rows

    def run_rows(self, metric: RunMetric, levels: Mapping[str, str]) -> pd.DataFrame:
        """Return one row of each run: that of the time of a metric.

        Raises:
            MissingError: there is no such number at this scale.
        """
        rows = self.metric_rows(metric, levels)
        if isinstance(metric.at, dict):
            [(unit, wanted)] = metric.at.items()
            rows = rows[rows[unit] == wanted]
            if rows.empty:
                raise MissingError("not_measured_at", unit=unit, at=wanted)
            return rows
        if metric.at == LAST:
            return rows[rows["epoch"] == rows.groupby(RUN)["epoch"].transform("max")]
        scores = self.rows("validation", "accuracy", levels).sort_values(_EPOCH)
        # A run without any score diverged at once: any of its epochs will do.
        best = scores.fillna({"value": -1.0}).groupby(RUN)["value"].idxmax()
        return rows.merge(scores.loc[best, _EPOCH], on=_EPOCH)


def read_studies(folders: Iterable[Path]) -> dict[str, StudyTables]:
    """Read studies from their folders, by name.

    Histories have millions of rows with few distinct names of a hundred letters, so these columns
    are read as dictionaries.
    """
    found = [
        StudyTables(
            read_description(folder), pd.read_parquet(folder / HISTORY, read_dictionary=_NAMES)
        )
        for folder in folders
    ]
    return {tables.description["name"]: tables for tables in found}


class SeedValues(NamedTuple):
    """One number of each seed.

    Attributes:
        by_seed: seed -> number, NaN if the run diverged.
        resolution: distance between neighbouring points of the curve that it was read off; 0 for
            a number that was not read off one.
        reductions: what the scale reduces of the recipe: if anything, the numbers are not judged.
    """

    by_seed: pd.Series[float]
    resolution: float = 0.0
    reductions: tuple[Reduction, ...] = ()


def extract_metric(
    selector: MetricSelector | ExperimentSelector,
    studies: Mapping[str, StudyTables],
    experiments: Mapping[str, pd.DataFrame] | None = None,
) -> SeedValues:
    """Return the selected number of each seed.

    Args:
        selector: which number, at which levels.
        studies: the tables of the studies of this run, by name.
        experiments: the tables of its experiments, which no scale reduces, by name.

    Raises:
        MissingError: experiment, study, level, epoch or metric are not in this run.
    """
    if isinstance(selector, ExperimentSelector):
        rows = (experiments or {}).get(selector.experiment)
        if rows is None:
            raise MissingError("not_in_this_run", experiment=selector.experiment)
        return SeedValues(at_levels(rows, selector.filter).set_index("seed")[selector.measure])
    if selector.study not in studies:
        raise MissingError("not_in_this_run", study=selector.study)
    tables, resolution = studies[selector.study], 0.0
    rows = _selected_rows(selector, tables)
    if selector.reduce is None:
        values = rows.set_index("seed")["value"]
    else:
        along = selector.x_factor
        curves = rows.astype({along: float}).pivot_table(
            index=along, columns="seed", values="value", dropna=False
        )
        knee_of = _REDUCTIONS[selector.reduce]
        knees = {seed: knee_of(curves.index, y) for seed, y in curves.items()}
        values = pd.Series(knees, dtype=float)
        resolution = float(np.diff(curves.index).max(initial=0.0))
    reduced = () if tables.description["comparable"] else reductions_of(tables.description)
    found = SeedValues(values, resolution, reduced)
    if selector.minus is None:
        return found
    other = extract_metric(selector.minus, studies)
    mine, theirs = found.by_seed.align(other.by_seed, join="inner")
    return SeedValues(
        mine - theirs, resolution + other.resolution, found.reductions or other.reductions
    )


def _selected_rows(selector: MetricSelector, tables: StudyTables) -> pd.DataFrame:
    """Return one row of each run, or all of its rows for a curve along steps."""
    levels = selector.filter
    for factor, level in levels.items():
        if level not in tables.description["factors"][factor]:
            raise MissingError("level_missing", factor=factor, level=level)
    along_steps = selector.reduce is not None and selector.x_factor == STEP
    rows = (tables.metric_rows if along_steps else tables.run_rows)(selector, levels)
    runs = zip(rows["group"], rows["run"], strict=True)
    is_lost = pd.Series([run in tables.diverged for run in runs], index=rows.index)
    return rows.assign(value=rows["value"].mask(is_lost))


def reductions_of(description: Mapping[str, Any]) -> tuple[Reduction, ...]:
    """Return what the scale reduces of a study."""
    return of_plain(description["reductions"])


def joint_reductions(values: Iterable[SeedValues]) -> tuple[Reduction, ...]:
    """Return what the scale reduces of the recipes of several numbers, each once."""
    return unique(one for value in values for one in value.reductions)


class TargetEpochs(NamedTuple):
    """The range of the number "epochs until a target is reached".

    Attributes:
        at_once: the first evaluated epoch: a run that is there by then cannot be told from a
            faster one.
        never: what stands for a run that does not get there: one evaluation after the last.
    """

    at_once: float
    never: float


def target_epochs(spec: MetricSpec, tables: StudyTables) -> TargetEpochs:
    """Return the least and the largest of the epochs until a target is reached."""
    epochs = np.unique(tables.metric_rows(spec, {})["epoch"])
    return TargetEpochs(float(epochs[0]), float(epochs[-1] + np.diff(epochs)[-1]))


def run_values(spec: MetricSpec, tables: StudyTables, runs: pd.DataFrame) -> pd.DataFrame:
    """Return one number of each run.

    A run that diverged has no number, but the accuracy of a guess, and it never reaches a target:
    it is a result and must not make its side look better by being left out. That holds of its
    epochs before it diverged, too.

    Returns:
        the columns of the factors, ``seed``, ``value`` and ``diverged``, indexed by group and run.

    Raises:
        MissingError: the study has no such number at this scale.
    """
    factors = list(tables.description["factors"])
    found = runs.set_index(RUN)
    if spec.curve is None:
        values = number_of(spec, tables)
    else:
        levels = [found[name].astype(str) for name in [*factors, DATASET]]
        alike = pd.Series(["|".join(row) for row in zip(*levels, strict=True)], found.index)
        values = _curve_values(spec, tables, alike)
    if spec.minus is not None:
        values = values - number_of(spec.minus, tables)
    diverged = found["status"] == "diverged"
    values = values.reindex(found.index).mask(diverged)
    if spec.curve == "epochs_to_target":
        values = values.fillna(target_epochs(spec, tables).never)
    elif spec.metric.endswith("accuracy") and not spec.curve and not spec.minus:
        guess = found[DATASET].astype(str).map(lambda name: 1 / (DATASETS[name].classes or 1))
        values = values.mask(diverged, guess)
    columns = list(dict.fromkeys([*factors, "seed"]))
    return found[columns].assign(value=values, diverged=diverged)


def number_of(metric: RunMetric, tables: StudyTables) -> pd.Series[float]:
    """Return a number of each run as its history has it, indexed by group and run.

    Raises:
        MissingError: the study has no such number at this scale.
    """
    return tables.run_rows(metric, {}).set_index(RUN)["value"]


def _curve_values(spec: MetricSpec, tables: StudyTables, alike: pd.Series[Any]) -> pd.Series[float]:
    """Return one number of each run's curve; ``alike`` is the same for runs of one recipe."""
    curves = tables.metric_rows(spec, {}).pivot_table(
        index=RUN, columns="epoch", values="value", dropna=False, observed=True
    )
    epochs, y = curves.columns.to_numpy(np.float64), curves.to_numpy(np.float64)
    sign = -1 if spec.lower_is_better else 1
    if len(epochs) < (3 if spec.curve == "roughness" else 2):
        raise MissingError("few_evaluations")
    if spec.curve == "epochs_to_target":
        there = sign * y >= sign * (spec.target or 0.0)
        found = np.where(there.any(1), epochs[there.argmax(1)], math.nan)
    elif spec.curve == "best_epoch":
        found = epochs[np.where(np.isnan(y), -np.inf, sign * y).argmax(1)]
    elif spec.curve == "degradation":
        found = _degradation(sign * y, alike.reindex(curves.index).to_numpy())
    else:
        found = np.abs(np.diff(y, 2, axis=1)).mean(1)
    return pd.Series(found, index=curves.index)


def _degradation(y: Array, alike: NDArray[Any]) -> Array:
    """Return y at the epoch that is best for the mean of the others, minus y at the last epoch.

    Args:
        y: shape (runs, epochs); larger is better.
        alike: shape (runs,): runs of one value differ in their seeds alone. One that has no other
            like it has no number.
    """
    found = np.full(len(y), math.nan)
    for run in range(len(y)):
        others = (alike == alike[run]) & (np.arange(len(y)) != run) & ~np.isnan(y).any(axis=1)
        if others.any():
            found[run] = y[run, y[others].mean(axis=0).argmax()] - y[run, -1]
    return found


def at_levels(values: pd.DataFrame, levels: LevelFilter) -> pd.DataFrame:
    """Return the rows that have the given level, or one of those given, of each factor."""
    for name, wanted in levels.items():
        values = values[values[name].astype(str).isin(as_list(wanted))]
    return values


def knee(x: ArrayLike, y: ArrayLike) -> float:
    """Return where a curve that rises or falls fast at first turns slow.

    The x at which the curve is farthest ahead of the straight line between its first and last
    point: of the points x_i the one with the largest (y_i - y_0)/(y_n - y_0) - (x_i - x_0)/(x_n -
    x_0) (Satopää and others, "Finding a 'Kneedle' in a haystack", ICDCS workshops, 2011).

    Args:
        x: shape (n,), increasing.
        y: shape (n,).

    Returns:
        NaN for fewer than three points, a curve that ends where it starts, and values that are
        not finite.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) < 3 or not np.isfinite(y).all() or y[-1] == y[0]:
        return float("nan")
    ahead = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    return float(x[ahead.argmax()])


def second_knee(x: ArrayLike, y: ArrayLike) -> float:
    """Return the knee of what is left of a curve from its knee on: where it becomes flat.

    Args and result are those of :func:`knee`.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    rest = x >= knee(x, y)
    return knee(x[rest], y[rest])


_REDUCTIONS = {"knee": knee, "second_knee": second_knee}


def _seed(run: str) -> int:
    """Return the seed that the id of a run starts with: 3 for ``s3-0f1e2d3c4b``."""
    return int(run.removeprefix("s").partition("-")[0])
