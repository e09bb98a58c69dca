"""From the runs of a study or experiment to the effect that a test of a claim asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.config.reductions import Reduction
from restudy.evidence.checks import as_list
from restudy.evidence.hypothesis_specs import DATASET, Aggregation, ClaimTest, Filter, MetricSpec
from restudy.evidence.metric_extraction import (
    MissingError,
    StudyTables,
    TargetEpochs,
    at_levels,
    number_of,
    reductions_of,
    run_values,
    target_epochs,
)
from restudy.evidence.metric_selectors import RunMetric
from restudy.evidence.reasons import Reason, reason
from restudy.stats.correlation import spearman
from restudy.stats.effects import Effect, effect_of
from restudy.stats.intervals import mean_interval
from restudy.stats.seed_effects import SEED_EFFECTS

Array = NDArray[np.float64]


class EffectResult(NamedTuple):
    """What a test finds on one data set.

    Attributes:
        dataset: label of the data set; empty if the study has one only.
        treatment, control: mean over seeds of either side; of a trend those of its last and first
            level; NaN where there is no such side, as of a correlation.
        effect: the effect with its interval and p; logs if the test is of a ratio.
        sd: standard deviation of the effect over seeds.
        diverged: runs that took part and have no finite loss, or of an experiment no number.
        unpaired: combinations of other levels that were left out, since a side had no number, or
            since a target tells no runs apart, see :class:`TargetEpochs`.
        reasons: why nothing may be concluded from it; empty where something may.
        reductions: what the scale reduces of the study.
    """

    dataset: str
    treatment: float
    control: float
    effect: Effect
    sd: float
    diverged: int
    unpaired: int
    reasons: tuple[Reason, ...] = ()
    reductions: tuple[Reduction, ...] = ()


def find_in_study(
    test: ClaimTest, tables: StudyTables, runs: pd.DataFrame
) -> Iterator[EffectResult]:
    """Yield what a test finds in a study, for each of its data sets.

    Args:
        test: the test, of a study.
        tables: history and description of its study.
        runs: ``runs.parquet`` of it.

    Raises:
        MissingError: a level or a number that the test asks for is not there at this scale, or the
            scale reduces a study that is held against a number.
    """
    factors: Mapping[str, Sequence[str]] = tables.description["factors"]
    for levels in test.sides.values():
        for name, wanted in levels.items():
            for level in as_list(wanted):
                if level not in factors[name]:
                    raise MissingError("level_missing", factor=name, level=level)
    if test.trend is not None and len(factors[test.trend]) < 3:
        raise MissingError("few_levels", factor=test.trend)
    if isinstance(test.control, float) and test.control and not tables.description["comparable"]:
        # A printed number is about the source's own budget; a gap of 0 is about any.
        raise MissingError("needs_full_scale", reductions=tables.description["reductions"])
    spec = _spec(test)
    values = run_values(spec, tables, runs)
    if test.second is not None:
        values["second"] = run_values(test.second, tables, runs)["value"]
    is_best = test.aggregate is not None and test.aggregate.statistic == "best"
    if is_best:
        values["score"] = _scores(test, tables, values)
    targets = None
    if spec.curve == "epochs_to_target" and (test.aggregate is None or is_best):
        targets = target_epochs(spec, tables)
    for found in _find_each(test, values, factors, targets):
        yield found._replace(reductions=reductions_of(tables.description))


def find_in_experiment(
    test: ClaimTest, table: pd.DataFrame, factors: Mapping[str, Sequence[str]]
) -> Iterator[EffectResult]:
    """Yield what a test finds in an experiment, for each of its data sets.

    Args:
        test: the test, of an experiment.
        table: the experiment's: columns of factors, ``seed`` and numbers.
        factors: name -> levels, in order.
    """
    columns = [*factors, "seed"]
    numbers = table[test.measure].astype(float)
    values = table[columns].assign(value=numbers, diverged=numbers.isna())
    yield from _find_each(test, values, factors)


def _spec(test: ClaimTest) -> MetricSpec:
    """Return the number that a test of a study compares."""
    if test.number is None:
        raise ValueError("a test of an experiment has no 'number'")
    return test.number


def _find_each(
    test: ClaimTest,
    values: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    targets: TargetEpochs | None = None,
) -> Iterator[EffectResult]:
    values = at_levels(values, test.filter)
    named = {**test.filter, **(test.interaction_levels or {})}
    each = DATASET in factors and DATASET not in named
    for dataset in factors[DATASET] if each else [""]:
        part = values[values[DATASET] == dataset] if each else values
        yield _find(test, part, factors, targets)._replace(dataset=dataset)


def _scores(test: ClaimTest, tables: StudyTables, values: pd.DataFrame) -> pd.Series[float]:
    """Return what levels are chosen by, the more the better.

    The number of the test itself, or on validation data the accuracy, or the loss with its sign
    turned.
    """
    if test.aggregate is not None and test.aggregate.by == "number":
        sign = -1 if _spec(test).less_is_better else 1
        return (sign * values["value"]).fillna(-math.inf)
    for metric, sign in (("accuracy", 1), ("data_loss", -1)):
        if tables.has("validation", metric):
            number = RunMetric(split="validation", metric=metric)
            scores = sign * number_of(number, tables).reindex(values.index)
            return scores.mask(values["diverged"]).fillna(-math.inf)
    raise MissingError("no_validation_data", study=tables.description["name"])


def _find(
    test: ClaimTest,
    values: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    targets: TargetEpochs | None,
) -> EffectResult:
    """Return the effect in the runs of one data set."""
    places = _places(test, factors)
    sides = _sides(test, values, places, factors)
    rows, seeds = sides[0].index, sorted(values["seed"].unique())
    for side in sides[1:]:
        rows = rows.union(side.index)
    # What a side lacks is NaN there.
    parts = np.stack([side.reindex(index=rows, columns=seeds) for side in sides], axis=-1)
    total, why = len(parts), None
    if targets is not None:
        parts, why = _contested(_spec(test), parts, targets)
    if test.ratio:  # a number that is not above 0 has no logarithm, and no ratio
        parts = np.log(np.where(parts > 0, parts, math.nan))
    if isinstance(test.control, float):
        constant = math.log(test.control) if test.ratio else test.control
        parts = np.stack([parts[..., 0], np.full(parts.shape[:-1], constant)], axis=-1)
    if test.correlate is not None:
        whole = ~np.isnan(parts).any(axis=(1, 2))
        by_seed = np.array([spearman(*parts[whole, i].T) for i in range(len(seeds))])
        n_kept, ends = int(whole.sum()), (np.array([]), np.array([]))
    else:
        kind = SEED_EFFECTS[test.seed_effect]
        effects, both = kind.of_sides(parts), [parts[..., end] for end in kind.ends]
        combinations, kept = _kept(effects)
        if not kept.all():
            # What lacks a number did worst, so the seeds that are left flatter its side.
            why = why or reason("seeds_lack_a_number", n=(~kept).sum(), total=len(seeds))
        at = np.ix_(combinations, kept)
        n_kept, ends = int(combinations.sum()), (both[0][at], both[1][at])
        by_seed = effects[at].mean(axis=0) if n_kept else np.array([])
    found = mean_interval(by_seed)
    if found.n < 2:
        why = why or reason("few_pairs")
    back = np.exp if test.ratio else np.asarray
    treatment, control = (float(back(end.mean())) if end.size else math.nan for end in ends)
    took_part = pd.concat([at_levels(values, place) for place in places or [{}]])
    return EffectResult(
        dataset="",
        treatment=treatment,
        control=control,
        effect=effect_of(found),
        sd=found.sd,
        diverged=int(took_part["diverged"].sum()),
        unpaired=total - n_kept,
        reasons=(why,) if why else (),
    )


def _contested(
    spec: MetricSpec, parts: Array, targets: TargetEpochs
) -> tuple[Array, Reason | None]:
    """Return the combinations where a target tells runs apart; if there are none, why.

    Args:
        spec: has a target.
        parts: shape (combinations, seeds, sides).
        targets: the range of these numbers.
    """
    never, at_once = (
        (parts == epoch).all(axis=(1, 2)) for epoch in (targets.never, targets.at_once)
    )
    why = None
    if (never | at_once).all():
        code = "target_never_reached" if never.all() else "target_reached_at_once"
        why = reason(code, target=spec.target)
    return parts[~(never | at_once)], why


def _kept(effects: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which combinations, and which seeds, an effect is the mean of.

    A combination of other levels that lacks a pair would weigh differently from seed to seed, so
    it is left out; if each does, the seeds that lack one are.
    """
    there = ~np.isnan(effects)
    whole, seeds = np.asarray(there.all(axis=1)), np.asarray(there.all(axis=0))
    if whole.any() or not len(effects):
        return whole, np.full_like(seeds, True)
    return np.full_like(whole, True), seeds


def _places(test: ClaimTest, factors: Mapping[str, Sequence[str]]) -> list[Filter]:
    """Return the levels of each side, in order; nothing for two numbers of the same runs."""
    if test.trend is not None:
        wanted = as_list(test.filter.get(test.trend, list(factors[test.trend])))
        return [{test.trend: level} for level in factors[test.trend] if level in wanted]
    sides = [side for side in (test.treatment, test.control) if isinstance(side, dict)]
    around = [test.interaction_levels or {}, test.interaction_baseline or {}]
    return [{**side, **place} for place in around[: 1 + bool(around[0])] for side in sides]


def _sides(
    test: ClaimTest,
    values: pd.DataFrame,
    places: Sequence[Filter],
    factors: Mapping[str, Sequence[str]],
) -> list[pd.DataFrame]:
    """Return the numbers of each side, in order: rows of other levels by columns of seeds."""
    if test.second is not None:
        others = [name for name in factors if name != DATASET]
        numbers = values["value"], values["second"]
        return [_side(values.assign(value=each), others, test) for each in numbers]
    fixed = {DATASET, *places[0], *([test.aggregate.factor] if test.aggregate else [])}
    others = [name for name in factors if name not in fixed]
    return [_side(at_levels(values, place), others, test) for place in places]


def _side(part: pd.DataFrame, others: Sequence[str], test: ClaimTest) -> pd.DataFrame:
    part = part.assign(**{name: part[name].astype(str) for name in others}, all="")
    index = ["all", *others]
    if test.aggregate is None:
        return _by_seed(part, index)
    part = part.assign(level=part[test.aggregate.factor].astype(str))
    levels = _by_seed(part, [*index, "level"])
    if test.aggregate.statistic == "range":
        groups = levels.groupby(level=index)
        # A level without a number may be the farthest of all.
        lacking = levels.isna().groupby(level=index).any()
        return (groups.max() - groups.min()).mask(lacking)
    if test.aggregate.statistic == "best":
        means = part.groupby([part[name] for name in [*index, "level"]])["score"].mean()
        return levels.loc[means.groupby(level=index).idxmax()].droplevel("level")
    return _near_the_best(levels, index, test.aggregate, _spec(test).lower_is_better)


def _near_the_best(
    levels: pd.DataFrame, index: Sequence[str], aggregation: Aggregation, lower_is_better: bool
) -> pd.DataFrame:
    """Return the share of levels as good as the best, seed by seed, or the largest of these.

    A level without a number, that of a run that diverged, is not as good.

    Args:
        levels: numbers by ``index`` and ``level`` (rows) and seed (columns).
        index: names of the other factors.
        aggregation: has how near the best is as good.
        lower_is_better: whether the smallest number is the best.
    """
    good = -levels if lower_is_better else levels
    best = good.groupby(level=index).transform("max")
    near = good >= best - (aggregation.within or 0.0)
    if aggregation.statistic == "share":
        return near.groupby(level=index).mean()
    sizes = near.index.get_level_values("level").astype(float).to_numpy()
    return near.mul(sizes, axis=0).where(near).groupby(level=index).max()


def _by_seed(part: pd.DataFrame, index: Sequence[str]) -> pd.DataFrame:
    """Return values by ``index`` and seed; two runs of one seed at one place are an error."""
    return part.set_index([*index, "seed"])["value"].unstack()  # noqa: PD010 (it would average)
