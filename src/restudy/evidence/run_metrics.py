"""One number of each run: of its history, at an epoch or of a whole curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.data.registry import DATASETS
from restudy.evidence.hypothesis_specs import DATASET, Quantity
from restudy.evidence.metric_extraction import MissingError, StudyTables
from restudy.evidence.metric_selectors import BEST, LAST, Number

RUN = ["cell", "lane"]
Array = NDArray[np.float64]


class Reach(NamedTuple):
    """The range of the number "epochs until a target is reached".

    Attributes:
        at_once: the first evaluated epoch: a run that is there by then cannot be told from a
            faster one.
        never: what stands for a run that does not get there: one evaluation after the last.
    """

    at_once: float
    never: float


def run_values(quantity: Quantity, tables: StudyTables, runs: pd.DataFrame) -> pd.DataFrame:
    """Return one number of each run.

    A run that diverged has no number, but the accuracy of a guess, and it never reaches a target:
    it is a result and must not make its side look better by being left out. That holds of its
    epochs before it diverged, too.

    Returns:
        the columns of the factors, ``seed``, ``value`` and ``diverged``, indexed by cell and lane.

    Raises:
        MissingError: the study has no such number at this scale.
    """
    factors = list(tables.description["factors"])
    found = runs.set_index(RUN)
    if quantity.curve is None:
        values = number_of(quantity, tables)
    else:
        levels = [found[name].astype(str) for name in [*factors, DATASET]]
        alike = pd.Series(["|".join(row) for row in zip(*levels, strict=True)], found.index)
        values = _curve(quantity, tables, alike)
    if quantity.minus is not None:
        values = values - number_of(quantity.minus, tables)
    diverged = found["status"] == "diverged"
    values = values.reindex(found.index).mask(diverged)
    if quantity.curve == "reach":
        values = values.fillna(reach_of(quantity, tables).never)
    elif quantity.metric.endswith("accuracy") and not quantity.curve and not quantity.minus:
        guess = found[DATASET].astype(str).map(lambda name: 1 / (DATASETS[name].classes or 1))
        values = values.mask(diverged, guess)
    columns = list(dict.fromkeys([*factors, "seed"]))
    return found[columns].assign(value=values, diverged=diverged)


def number_of(number: Number, tables: StudyTables) -> pd.Series[float]:
    """Return a number of each run as its history has it, indexed by cell and lane.

    Raises:
        MissingError: the study has no such number at this scale.
    """
    rows = _rows(number, tables)
    if isinstance(number.at, dict):
        [(unit, wanted)] = number.at.items()
        rows = rows[rows[unit] == wanted]
        if rows.empty:
            raise MissingError("not_measured_at", unit=unit, at=wanted)
    elif number.at == LAST:
        rows = rows[rows["epoch"] == rows.groupby(RUN)["epoch"].transform("max")]
    elif number.at == BEST:
        scores = tables.rows("validation", "accuracy", {}).dropna(subset="value")
        best = scores.loc[scores.groupby(RUN)["value"].idxmax(), [*RUN, "epoch"]]
        rows = rows.merge(best, on=[*RUN, "epoch"])
    return rows.set_index(RUN)["value"]


def _rows(number: Number, tables: StudyTables) -> pd.DataFrame:
    rows = tables.rows(number.split, number.metric, {})
    if rows.empty:
        name = f"{number.split} {number.metric.replace('_', ' ')}"
        raise MissingError("metric_missing", study=tables.description["name"], metric=name)
    if number.penalised:
        penalty = tables.rows("train", "penalty", {}).set_index([*RUN, "epoch"])["value"]
        at = pd.MultiIndex.from_frame(rows[[*RUN, "epoch"]])
        rows = rows.assign(value=rows["value"] + penalty.reindex(at).to_numpy())
    return rows


def _curve(quantity: Quantity, tables: StudyTables, alike: pd.Series[Any]) -> pd.Series[float]:
    """Return one number of each run's curve; ``alike`` is the same for runs of one recipe."""
    curves = _rows(quantity, tables).pivot_table(
        index=RUN, columns="epoch", values="value", dropna=False, observed=True
    )
    epochs, y = curves.columns.to_numpy(np.float64), curves.to_numpy(np.float64)
    sign = -1 if quantity.lower_is_better else 1
    if len(epochs) < (3 if quantity.curve == "roughness" else 2):
        raise MissingError("few_evaluations")
    match quantity.curve:
        case "reach":
            assert quantity.target is not None  # noqa: S101 (for the type checker)
            there = sign * y >= sign * quantity.target
            found = np.where(there.any(1), epochs[there.argmax(1)], math.nan)
        case "best_epoch":
            found = epochs[np.where(np.isnan(y), -np.inf, sign * y).argmax(1)]
        case "worsening":
            found = _worsening(sign * y, alike.reindex(curves.index).to_numpy())
        case _:
            found = np.abs(np.diff(y, 2, axis=1)).mean(1)
    return pd.Series(found, index=curves.index)


def _worsening(y: Array, alike: NDArray[Any]) -> Array:
    """Return y at the epoch that is best for the mean of the others, less y at the last epoch.

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


def reach_of(quantity: Quantity, tables: StudyTables) -> Reach:
    """Return the least and the largest of the epochs until a target is reached."""
    epochs = np.unique(_rows(quantity, tables)["epoch"])
    return Reach(float(epochs[0]), float(epochs[-1] + np.diff(epochs)[-1]))


def at_levels(values: pd.DataFrame, levels: Mapping[str, str | list[str]]) -> pd.DataFrame:
    """Return the rows that have the given level, or one of those given, of each factor."""
    for name, wanted in levels.items():
        is_one = isinstance(wanted, str)
        values = values[values[name].astype(str).isin([wanted] if is_one else wanted)]
    return values
