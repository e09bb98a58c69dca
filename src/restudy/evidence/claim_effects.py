"""From the runs of a study or experiment to the effect that a test of a claim asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.datasets.registry import DATASETS
from restudy.evidence.claim_tests import DATASET, ClaimTest, Over, Quantity
from restudy.evidence.measuring import MissingError, StudyTables, cuts
from restudy.evidence.readings import BEST, LAST, Number
from restudy.stats.correlation import spearman
from restudy.stats.effects import Effect, effect_of
from restudy.stats.intervals import mean_interval
from restudy.stats.trends import slopes

RUN = ["cell", "lane"]
Array = NDArray[np.float64]


class Found(NamedTuple):
    """What a test finds on one data set.

    Attributes:
        dataset: label of the data set; empty if the study has one only.
        treatment, control: mean over seeds of either side; of a trend those of its last and first
            level; NaN where there is no such side, as of a correlation.
        effect: the effect with its interval and p; logs if the test is of a ratio.
        sd: standard deviation of the effect over seeds.
        diverged: runs that took part and have no finite loss.
        unpaired: combinations of other levels that were left out, since a side had no number.
        cuts: what the scale cuts of the study, in words.
    """

    dataset: str
    treatment: float
    control: float
    effect: Effect
    sd: float
    diverged: int
    unpaired: int
    cuts: str


def find_in_study(test: ClaimTest, tables: StudyTables, runs: pd.DataFrame) -> Iterator[Found]:
    """Yield what a test finds in a study, for each of its data sets.

    Args:
        test: the test, of a study.
        tables: history and description of its study.
        runs: ``runs.parquet`` of it.

    Raises:
        MissingError: a level or a number that the test asks for is not there at this scale, or the
            scale cuts a study that is held against a number.
    """
    assert test.number is not None  # noqa: S101 (says the model)
    factors: Mapping[str, Sequence[str]] = tables.description["factors"]
    _check_levels(test, factors)
    if isinstance(test.control, float) and test.control and not tables.description["comparable"]:
        # A printed number is about the source's own budget; a gap of 0 is about any.
        raise MissingError(
            f"compared with a number, and this scale cuts: {cuts(tables.description)}"
        )
    values = run_values(test.number, tables, runs)
    if test.second is not None:
        values["second"] = run_values(test.second, tables, runs)["value"]
    _check_target(test, values, tables)
    is_best = test.over is not None and test.over.take == "best"
    score = _scores(tables, values) if is_best else None
    for found in _find_each(test, values, factors, score):
        yield found._replace(cuts=cuts(tables.description))


def find_in_experiment(
    test: ClaimTest, table: pd.DataFrame, factors: Mapping[str, Sequence[str]]
) -> Iterator[Found]:
    """Yield what a test finds in an experiment, for each of its data sets.

    Args:
        test: the test, of an experiment.
        table: the experiment's: columns of factors, ``seed`` and numbers.
        factors: name -> levels, in order.
    """
    columns = [*factors, "seed"]
    values = table[columns].assign(value=table[test.measure].astype(float), diverged=False)
    yield from _find_each(test, values, factors, None)


def _check_levels(test: ClaimTest, factors: Mapping[str, Sequence[str]]) -> None:
    """See to it that this scale has the levels of a test."""
    for _, levels in test.sides:
        for name, wanted in levels.items():
            for level in wanted if isinstance(wanted, list) else [wanted]:
                if level not in factors[name]:
                    raise MissingError(f"{name.replace('_', ' ')} {level} is not at this scale")
    if test.trend is not None and len(factors[test.trend]) < 3:
        raise MissingError(f"this scale has fewer than 3 levels of {test.trend}")


def _check_target(test: ClaimTest, values: pd.DataFrame, tables: StudyTables) -> None:
    """See to it that some runs reach the target, and not all at once: else there is no contest."""
    quantity = test.number
    if quantity is None or quantity.target is None:
        return
    sides = [side for side in (test.treatment, test.control) if isinstance(side, dict)]
    told = at_levels(values, test.where)
    if test.in_ is None and sides:
        told = pd.concat([at_levels(told, side) for side in sides])
    epochs = told["value"]
    if (epochs == _never(quantity, tables)).all():
        raise MissingError(f"no run reaches {quantity.target:g} at this scale")
    if (epochs == _rows(quantity, tables)["epoch"].min()).all():
        raise MissingError(f"every run reaches {quantity.target:g} by the first evaluation")


def _find_each(
    test: ClaimTest,
    values: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    score: pd.Series[float] | None,
) -> Iterator[Found]:
    values = at_levels(values, test.where)
    named = DATASET in factors and DATASET not in {**test.where, **(test.in_ or {})}
    for dataset in factors[DATASET] if named else [""]:
        part = values[values[DATASET] == dataset] if named else values
        yield _find(test, part, factors, dataset, score)


def run_values(quantity: Quantity, tables: StudyTables, runs: pd.DataFrame) -> pd.DataFrame:
    """Return one number of each run.

    A run that diverged has no number, but the accuracy of a guess, and it never reaches a target:
    it is a result and must not make its side look better by being left out.

    Returns:
        the columns of the factors, ``seed``, ``value`` and ``diverged``, indexed by cell and lane.

    Raises:
        MissingError: the study has no such number at this scale.
    """
    factors = list(tables.description["factors"])
    found = runs.set_index(RUN)
    if quantity.curve is None:
        values = _number(quantity, tables)
    else:
        levels = [found[name].astype(str) for name in [*factors, DATASET]]
        alike = pd.Series(["|".join(row) for row in zip(*levels, strict=True)], found.index)
        values = _curve(quantity, tables, alike)
    if quantity.minus is not None:
        values = values - _number(quantity.minus, tables)
    diverged = found["status"] == "diverged"
    values = values.reindex(found.index).mask(diverged)
    if quantity.curve == "reach":
        values = values.fillna(_never(quantity, tables))
    elif quantity.metric == "accuracy" and quantity.curve is None and quantity.minus is None:
        guess = found[DATASET].astype(str).map(lambda name: 1 / (DATASETS[name].classes or 1))
        values = values.mask(diverged, guess)
    columns = list(dict.fromkeys([*factors, "seed"]))
    return found[columns].assign(value=values, diverged=diverged)


def _number(number: Number, tables: StudyTables) -> pd.Series[float]:
    rows = _rows(number, tables)
    if isinstance(number.at, dict):
        [(unit, wanted)] = number.at.items()
        rows = rows[rows[unit] == wanted]
        if rows.empty:
            raise MissingError(f"{unit} {wanted} is not measured at this scale")
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
        raise MissingError(f"study {tables.description['name']} has no {name}")
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
        raise MissingError("there are too few evaluations at this scale")
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


def _never(quantity: Quantity, tables: StudyTables) -> float:
    """Return the epoch that stands for never: one evaluation after the last."""
    epochs = np.unique(_rows(quantity, tables)["epoch"])
    return float(epochs[-1] + np.diff(epochs)[-1])


def _scores(tables: StudyTables, part: pd.DataFrame) -> pd.Series[float]:
    """Return what levels are chosen by: the accuracy, or less the loss, on validation data."""
    for metric, sign in (("accuracy", 1), ("data_loss", -1)):
        number = Number(split="validation", metric=metric)
        if not tables.rows("validation", metric, {}).empty:
            scores = sign * _number(number, tables).reindex(part.index)
            return scores.mask(part["diverged"]).fillna(-math.inf)
    raise MissingError(f"study {tables.description['name']} has no validation data")


def at_levels(values: pd.DataFrame, levels: Mapping[str, str | list[str]]) -> pd.DataFrame:
    """Return the rows that have the given level, or one of those given, of each factor."""
    for name, wanted in levels.items():
        is_one = isinstance(wanted, str)
        values = values[values[name].astype(str).isin([wanted] if is_one else wanted)]
    return values


def _find(
    test: ClaimTest,
    values: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    dataset: str,
    score: pd.Series[float] | None,
) -> Found:
    """Return the effect in the runs of one data set."""
    sides = _sides(test, values, factors, score)
    rows, seeds = sides[0].index, sorted(values["seed"].unique())
    for side in sides[1:]:
        rows = rows.union(side.index)
    # What a side lacks is NaN there.
    parts = np.stack([side.reindex(index=rows, columns=seeds) for side in sides], axis=-1)
    if test.ratio:  # a number that is not above 0 has no logarithm, and no ratio
        parts = np.log(np.where(parts > 0, parts, math.nan))
    if isinstance(test.control, float):
        constant = math.log(test.control) if test.ratio else test.control
        parts = np.stack([parts[..., 0], np.full(parts.shape[:-1], constant)], axis=-1)
    if test.correlate is not None:
        whole = ~np.isnan(parts).any(axis=(1, 2))
        by_seed = np.array([spearman(*parts[whole, i].T).rho for i in range(len(seeds))])
        none = np.full_like(by_seed, math.nan)
        return _found(test, values, dataset, by_seed, (none, none), int((~whole).sum()))
    if test.trend is not None:
        effects = slopes(parts, np.arange(parts.shape[-1], dtype=float))
        ends = parts[..., -1], parts[..., 0]
    else:
        effects = parts[..., 0] - parts[..., 1]
        ends = parts[..., 0], parts[..., 1]
        if test.in_ is not None:
            effects = effects - (parts[..., 2] - parts[..., 3])
    # A combination of other levels that lacks a pair would weigh differently from seed to seed.
    whole = ~np.isnan(effects).any(axis=1)
    by_seed = effects[whole].mean(axis=0) if whole.any() else np.full(effects.shape[1], math.nan)
    means = tuple(end[whole] for end in ends)
    return _found(test, values, dataset, by_seed, means, int((~whole).sum()))


def _found(
    test: ClaimTest,
    values: pd.DataFrame,
    dataset: str,
    by_seed: Array,
    ends: tuple[Array, ...],
    unpaired: int,
) -> Found:
    """Put together what was found: an effect for each seed, and the numbers of either side."""
    found = mean_interval(by_seed)
    back = np.exp if test.ratio else np.asarray
    treatment, control = (float(back(end.mean())) if end.size else math.nan for end in ends)
    diverged = int(values["diverged"].sum())
    return Found(dataset, treatment, control, effect_of(found), found.sd, diverged, unpaired, "")


def _sides(
    test: ClaimTest,
    values: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    score: pd.Series[float] | None,
) -> list[pd.DataFrame]:
    """Return the numbers of each side, in order: rows of other levels by columns of seeds."""
    if test.second is not None:
        others = [name for name in factors if name != DATASET]
        numbers = values["value"], values["second"]
        return [_side(values.assign(value=each), others, test, score) for each in numbers]
    if test.trend is not None:
        levels = [level for level in factors[test.trend] if _holds(test.where, test.trend, level)]
        places: list[Mapping[str, str]] = [{test.trend: level} for level in levels]
    else:
        assert test.treatment is not None  # noqa: S101 (one of the two, says the model)
        two = [test.treatment, *([test.control] if isinstance(test.control, dict) else [])]
        around = [{}] if test.in_ is None else [test.in_, test.than_in or {}]
        places = [{**side, **place} for place in around for side in two]
    fixed = {DATASET, *places[0], *([test.over.factor] if test.over else [])}
    others = [name for name in factors if name not in fixed]
    return [_side(at_levels(values, place), others, test, score) for place in places]


def _side(
    part: pd.DataFrame, others: Sequence[str], test: ClaimTest, score: pd.Series[float] | None
) -> pd.DataFrame:
    part = part.assign(**{name: part[name].astype(str) for name in others}, all="")
    index = ["all", *others]
    if test.over is None:
        return _wide(part, index)
    part = part.assign(level=part[test.over.factor].astype(str))
    levels = _wide(part, [*index, "level"])
    if test.over.within is not None:
        assert test.number is not None  # noqa: S101 (says the model)
        return _near_the_best(levels, index, test.over, test.number.lower_is_better)
    if score is None:
        groups = levels.groupby(level=index)
        return groups.max() - groups.min()
    means = score.reindex(part.index).groupby([part[name] for name in [*index, "level"]]).mean()
    return levels.loc[means.groupby(level=index).idxmax()].droplevel("level")


def _near_the_best(
    levels: pd.DataFrame, index: Sequence[str], over: Over, lower_is_better: bool
) -> pd.DataFrame:
    """Return the share of levels as good as the best, seed by seed, or the largest of these.

    A level without a number, that of a run that diverged, is not as good.

    Args:
        levels: numbers by ``index`` and ``level`` (rows) and seed (columns).
        index: names of the other factors.
        over: says how near the best is as good.
        lower_is_better: whether the smallest number is the best.
    """
    good = -levels if lower_is_better else levels
    assert over.within is not None  # noqa: S101 (for the type checker)
    best = good.groupby(level=index).transform("max")
    near = good >= best - over.within
    if over.take == "share":
        return near.groupby(level=index).mean()
    sizes = near.index.get_level_values("level").astype(float).to_numpy()
    return near.mul(sizes, axis=0).where(near).groupby(level=index).max()


def _wide(part: pd.DataFrame, index: Sequence[str]) -> pd.DataFrame:
    """Return values by ``index`` and seed; two runs of one seed at one place are an error."""
    return part.set_index([*index, "seed"])["value"].unstack()  # noqa: PD010 (it would average)


def _holds(where: Mapping[str, str | list[str]], name: str, level: str) -> bool:
    return name not in where or level in (
        [where[name]] if isinstance(where[name], str) else where[name]
    )
