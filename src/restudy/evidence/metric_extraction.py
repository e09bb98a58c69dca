"""Taking a reading: from a study's history to one number for each seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from restudy.config.reductions import Reduction, of_plain
from restudy.evidence.metric_selectors import LAST, STEP, ExperimentReading, Reading
from restudy.evidence.reasons import Reason, reason, reason_text
from restudy.results.collect import HISTORY, read_description

_NAMES = ["cell", "lane", "split", "metric"]
"""The columns of a history that are text."""


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
        """The history taken apart: (split, metric) -> rows, with the ``seed`` of each."""
        return {
            key: rows.assign(seed=rows["lane"].map(_seed).astype("int64"))
            for key, rows in self.history.groupby(["split", "metric"], observed=True)
        }

    @cached_property
    def diverged(self) -> frozenset[tuple[str, str]]:
        """Cell and lane of the runs whose training loss is not finite at some evaluation."""
        losses = self._parts["train", "data_loss"]
        lost = losses[~np.isfinite(losses["value"])]
        return frozenset(zip(lost["cell"], lost["lane"], strict=True))

    def rows(self, split: str, metric: str, levels: Mapping[str, str]) -> pd.DataFrame:
        """Return the rows of one number at some levels; none if it was not recorded."""
        found = self._parts.get((split, metric), self.history.iloc[:0])
        for factor, level in levels.items():
            found = found[found[factor] == level]
        return found.astype(dict.fromkeys(_NAMES, str))


def read_studies(folders: Iterable[Path]) -> dict[str, StudyTables]:
    """Read studies from their folders, by name.

    Histories have millions of rows in which few names stand, a hundred letters in each: they are
    kept once, and a number for them in each row.
    """
    found = [
        StudyTables(
            read_description(folder), pd.read_parquet(folder / HISTORY, read_dictionary=_NAMES)
        )
        for folder in folders
    ]
    return {tables.description["name"]: tables for tables in found}


class MissingError(Exception):
    """There is no such number in this run.

    Attributes:
        reason: why.
    """

    def __init__(self, code: str, **args: Any) -> None:
        self.reason: Reason = reason(code, **args)
        super().__init__(reason_text([self.reason]))


class Taken(NamedTuple):
    """A reading, taken.

    Attributes:
        by_seed: seed -> number, NaN if the run diverged.
        resolution: distance between neighbouring points of the curve that it was read off; 0 for
            a number that was not read off one.
        reductions: what the scale reduces of the recipe: if anything, the numbers judge nothing.
    """

    by_seed: pd.Series[float]
    resolution: float = 0.0
    reductions: tuple[Reduction, ...] = ()


def take(reading: Reading, studies: Mapping[str, StudyTables]) -> Taken:
    """Take a reading.

    Raises:
        MissingError: study, level, epoch or metric are not in this run.
    """
    rows = _rows(reading, studies)
    description = studies[reading.study].description
    resolution = 0.0
    if reading.reduce is None:
        values = rows.set_index("seed")["value"]
    else:
        along = "x" if reading.along == STEP else reading.along
        curves = rows.assign(x=rows["step"]) if along == "x" else rows
        curves = curves.astype({along: float}).pivot_table(
            index=along, columns="seed", values="value", dropna=False
        )
        values = pd.Series(
            {seed: _REDUCTIONS[reading.reduce](curves.index, y) for seed, y in curves.items()},
            dtype=float,
        )
        resolution = float(np.diff(curves.index).max(initial=0.0))
    reduced = () if description["comparable"] else reductions_of(description)
    taken = Taken(values, resolution, reduced)
    if reading.minus is None:
        return taken
    other = take(reading.minus, studies)
    mine, theirs = taken.by_seed.align(other.by_seed, join="inner")
    return Taken(mine - theirs, resolution + other.resolution, taken.reductions or other.reductions)


def take_from_experiment(
    reading: ExperimentReading, experiments: Mapping[str, pd.DataFrame]
) -> Taken:
    """Take a reading of an experiment: no scale cuts any.

    Args:
        reading: which number, at which levels.
        experiments: the tables of the experiments of this run, by name.

    Raises:
        MissingError: the experiment is not in this run.
    """
    if reading.experiment not in experiments:
        raise MissingError("not_in_this_run", experiment=reading.experiment)
    rows = experiments[reading.experiment]
    for factor, level in reading.where.items():
        rows = rows[rows[factor] == level]
    return Taken(rows.set_index("seed")[reading.measure])


def reductions_of(description: Mapping[str, Any]) -> tuple[Reduction, ...]:
    """Return what the scale reduces of a study."""
    return of_plain(description["reductions"])


def joint_reductions(taken: Iterable[Taken]) -> tuple[Reduction, ...]:
    """Return what the scale reduces of the recipes of several readings, each once."""
    found: list[Reduction] = []
    for one in taken:
        found += [reduction for reduction in one.reductions if reduction not in found]
    return tuple(found)


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


def _rows(reading: Reading, studies: Mapping[str, StudyTables]) -> pd.DataFrame:
    """Return the rows that a reading is about: one of each run, unless it runs along steps."""
    if reading.study not in studies:
        raise MissingError("not_in_this_run", study=reading.study)
    study, levels = studies[reading.study], reading.where
    for factor, level in levels.items():
        if level not in study.description["factors"][factor]:
            raise MissingError("level_missing", factor=factor, level=level)
    rows = study.rows(reading.split, reading.metric, levels)
    if rows.empty:
        name = f"{reading.split} {reading.metric.replace('_', ' ')}"
        raise MissingError("metric_missing", study=reading.study, metric=name)
    if reading.reduce is None or reading.along != STEP:
        rows = _at(rows, study, reading)
    values = rows["value"]
    if reading.penalised:
        penalty = study.rows("train", "penalty", levels).set_index(_RUN)["value"]
        values = values + penalty.loc[pd.MultiIndex.from_frame(rows[_RUN])].to_numpy()
    runs = zip(rows["cell"], rows["lane"], strict=True)
    is_lost = pd.Series([run in study.diverged for run in runs], index=rows.index)
    return rows.assign(value=values.mask(is_lost))


_RUN = ["cell", "lane", "epoch"]


def _at(rows: pd.DataFrame, study: StudyTables, reading: Reading) -> pd.DataFrame:
    """Return one row of each run: that of the epoch which the reading asks for."""
    if isinstance(reading.at, dict):
        [(unit, wanted)] = reading.at.items()
        found = rows[rows[unit] == wanted]
        if found.empty:
            raise MissingError("not_measured_at", unit=unit, at=wanted)
        return found
    if reading.at == LAST:
        last: int = rows["epoch"].max()  # the runs of a study end together
        return rows[rows["epoch"] == last]
    scores = study.rows("validation", "accuracy", reading.where).sort_values(_RUN)
    # A run without any score diverged at once: any of its epochs will do.
    best = scores.fillna({"value": -1.0}).groupby(["cell", "lane"])["value"].idxmax()
    return rows.merge(scores.loc[best, _RUN], on=_RUN)


def _seed(lane: str) -> int:
    """Return the seed that the id of a lane starts with: 3 for ``s3-0f1e2d3c4b``."""
    return int(lane.removeprefix("s").partition("-")[0])
