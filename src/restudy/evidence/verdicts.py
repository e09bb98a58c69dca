"""Verdicts on claims: each test by itself, adjusted by topic, then the claim as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from restudy.common.text_format import DASH, interval, number
from restudy.config.reductions import to_json
from restudy.evidence.effect_estimation import EffectResult, find_in_experiment, find_in_study
from restudy.evidence.hypothesis_specs import ClaimTest
from restudy.evidence.metric_extraction import MissingError, StudyTables
from restudy.evidence.reasons import (
    Finding,
    Reason,
    by_design,
    columns,
    nested,
    parse,
    reason,
    rounded,
    unique,
)
from restudy.evidence.schema import Claim, ErratumEffect
from restudy.evidence.statuses import Status
from restudy.experiments.project import project
from restudy.results.table_files import make_table
from restudy.stats.effects import has_low_power, p_against_margin
from restudy.stats.holm import holm
from restudy.stats.verdict import ALPHA, BOUNDS, verdict

SCALES = {True: "ratio", False: "difference"}
"""Whether a test is of a ratio -> the scale of its effect."""


def evaluate_tests(
    claims: Sequence[Claim],
    studies: Mapping[str, StudyTables],
    runs: Mapping[str, pd.DataFrame],
    experiments: Mapping[str, pd.DataFrame] | None = None,
    *,
    timed: bool = False,
) -> pd.DataFrame:
    """Return the outcome of every test of every claim, or of every test of time.

    The p values of the claims of one topic are a family: they are adjusted together, so that the
    chance of finding even one effect that is not there is 5% in each topic. The tests of time are
    families of their own: no other verdict may depend on what is not the same twice. Exploratory
    tests are excluded from the correction and from the verdict.

    Args:
        claims: the claims.
        studies: history and description, by study.
        runs: ``runs.parquet``, by study.
        experiments: tables, by experiment.
        timed: evaluate the tests of time alone; without it all others.

    Returns:
        the table ``claim_tests``, one row per claim, test (from 1) and data set: ``effect, low,
        high`` with a 95% interval, factors for a ratio, ``sd`` of its log then; ``p_equal`` of an
        effect beyond the margin, where the claim is that there is none; ``p_adjusted`` of the p
        that would support the claim; ``p_contradicts``: ``p``, adjusted, of a claim of no effect;
        ``low_power``: an effect as large as the margin would be found in less than 80%.
    """
    rows = [
        row
        for claim in claims
        for place, test in enumerate(claim.tests, start=1)
        if test.timed == timed
        for row in _rows(claim, place, test, studies, runs, experiments or {})
    ]
    return adjust_and_classify(claims, make_table("claim_tests", rows))


def adjust_and_classify(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of tests with p values adjusted by topic, and the verdicts that follow.

    Args:
        claims: the claims.
        table: as :func:`evaluate_tests` returns it. Its adjusted p values and verdicts are
            replaced, so that it may hold rows of several runs.
    """
    table = table.astype({"n": "Int64", "diverged": "Int64"})
    table["p_adjusted"] = table["p_contradicts"] = math.nan
    for _, family in confirmatory_rows(table).groupby("topic", sort=False):
        bounds = family["expected"].isin(BOUNDS)
        p = family["p"].mask(bounds, family["p_equal"])
        table.loc[family.index, "p_adjusted"] = holm(p.to_numpy(np.float64))
        # A difference that contradicts a claim of none is one that is found, as any other.
        found = holm(family["p"].to_numpy(np.float64))
        table.loc[family.index, "p_contradicts"] = np.where(bounds, found, math.nan)
    tests = {claim.id: claim.tests for claim in claims}
    for index, row in table[table["verdict"] != Status.PENDING].iterrows():
        table.loc[index, "verdict"] = _verdict(tests[row["claim"]][int(row["test"]) - 1], row)
    return table


def readable_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a :func:`evaluate_tests` table as texts for people."""
    return pd.DataFrame(
        [
            (
                row["claim"],
                ", ".join(filter(None, (row["study"], row["dataset"]))),
                *(row["metric"], row["contrast"]),
                *(number(row[name]) for name in ("treatment", "control", "effect")),
                interval(row["ci_low"], row["ci_high"]),
                DASH if pd.isna(row["n"]) else f"{row['n']:.0f}",
                number(row["p_adjusted"]),
                *(row["expected"].replace("_", "-"), number(row["margin"])),
                *(row["verdict"], f"{_power(row)}{by_design(row)}".strip(", ") or DASH),
            )
            for row in table.to_dict("records")
        ],
        columns=[
            *("claim", "study", "metric", "contrast", "treatment", "control", "effect", "95%", "n"),
            *("p, adjusted", "predicted", "margin", "verdict", "remarks"),
        ],
    )


def verdicts_of(claims: Sequence[Claim], table: pd.DataFrame) -> dict[str, Finding]:
    """Return the verdict on each claim that has tests, and the outcome of each test.

    A claim is supported if all of its tests support it, contradicted if one contradicts it and
    none supports it, and without meaningful difference if no test finds one; what its tests
    disagree about, or leave open, is inconclusive. Exploratory tests are shown and do not count.

    Args:
        claims: the claims.
        table: as :func:`evaluate_tests` returns it.
    """
    return {
        claim.id: _combined(table[table["claim"] == claim.id]) for claim in claims if claim.tests
    }


def confirmatory_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that verdicts rest on, of tests or effects of errata: not the exploratory."""
    return table[~table["exploratory"].astype(bool)]


def design_columns(design: ClaimTest | ErratumEffect) -> dict[str, Any]:
    """Return the columns that hold whether, and why, a design was changed after a look at runs."""
    return {
        "redesigned": design.redesigned is not None,
        "redesigned_text": design.redesigned or "",
        "exploratory": design.exploratory is not None,
        "exploratory_text": design.exploratory or "",
    }


def _results(
    test: ClaimTest,
    studies: Mapping[str, StudyTables],
    runs: Mapping[str, pd.DataFrame],
    experiments: Mapping[str, pd.DataFrame],
) -> Iterator[EffectResult]:
    kind, there = ("study", studies) if test.experiment is None else ("experiment", experiments)
    name = test.subject
    if name not in there:
        raise MissingError("not_in_this_run", **{kind: name})
    if test.experiment is None:
        return find_in_study(test, studies[name], runs[name])
    return find_in_experiment(test, experiments[name], project().experiments[name].factors)


def _rows(
    claim: Claim,
    place: int,
    test: ClaimTest,
    *tables: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    about = {
        "claim": claim.id,
        "topic": claim.topic,
        "test": place,
        "study": test.subject,
        "dataset": "",
        **{"reductions": "", **columns([])},
        "metric": test.number_text,
        "contrast": test.describe(),
        "expected": test.predicts,
        "scale_of": SCALES[test.ratio],
        "margin": test.margin,
        **design_columns(test),
    }
    try:
        for found in _results(test, *tables):
            yield about | _columns(test, found)
    except MissingError as error:
        yield about | {"verdict": Status.PENDING.value, **columns([error.reason])}


def _columns(test: ClaimTest, found: EffectResult) -> dict[str, Any]:
    effect, back = found.effect, _exp if test.ratio else float
    small = math.log(test.margin) if test.ratio else test.margin
    return {
        "dataset": found.dataset,
        "treatment": found.treatment,
        "control": found.control,
        "effect": back(effect.mean),
        "ci_low": back(effect.low),
        "ci_high": back(effect.high),
        "n": effect.n,
        "sd": found.sd,
        "p": effect.p,
        "p_equal": p_against_margin(effect, small, test.predicts) if test.bounds else math.nan,
        "low_power": has_low_power(effect, small) if small > 0 else None,
        "diverged": found.diverged,
        "n_excluded": found.unpaired,
        "reductions": to_json(found.reductions),
        "verdict": "",
        **columns(found.reasons),
    }


def _exp(value: float) -> float:
    """Return e^value; infinity where it is too large, as an end of a wide interval may be."""
    with np.errstate(over="ignore"):
        return float(np.exp(value))


def _log(value: float) -> float:
    """Undo :func:`_exp`, of 0 and infinity too."""
    with np.errstate(divide="ignore"):
        return float(np.log(value))


def _verdict(test: ClaimTest, row: pd.Series[Any]) -> str:
    low, effect, high, margin = (
        _log(row[name]) if test.ratio else float(row[name])
        for name in ("ci_low", "effect", "ci_high", "margin")
    )
    p = float(row["p_adjusted"])
    p_different = float(row["p_contradicts"]) if test.bounds else p
    if test.exploratory is not None:
        p, p_different = float(row["p_equal"] if test.bounds else row["p"]), float(row["p"])
    if math.isnan(effect):
        return Status.PENDING.value
    if row["reason"]:
        return Status.INCONCLUSIVE.value
    return verdict(
        *(low, effect, high),
        margin=margin,
        direction=test.predicts,
        p=p_different,
        p_equal=p if test.bounds else math.nan,
    )


def _combined(rows: pd.DataFrame) -> Finding:
    judged = rows[rows["verdict"] != Status.PENDING]
    settling = confirmatory_rows(judged)
    missing = rows[rows["verdict"] == Status.PENDING]
    if settling.empty:
        return Finding(Status.PENDING, _reasons_of(rows))
    found = {Status(verdict) for verdict in settling["verdict"]}
    reading = tuple(_outcome(row) for row in judged.to_dict("records"))
    if len(missing):
        pending = reason("tests_pending", n=len(missing), total=len(rows))
        reading += (pending, *_reasons_of(missing))
    if len(found) == 1:
        return Finding(found.pop(), reading)
    if Status.CONTRADICTED in found and Status.SUPPORTED not in found:
        return Finding(Status.CONTRADICTED, reading)
    # More runs would help where a test leaves it open, and not where two say different things.
    disagree = len(found - {Status.INCONCLUSIVE}) > 1
    return Finding(
        Status.INCONCLUSIVE, (reason("tests_disagree"), *reading) if disagree else reading
    )


def _reasons_of(rows: pd.DataFrame) -> tuple[Reason, ...]:
    return unique(one for row in rows.to_dict("records") for one in parse(row))


def _outcome(row: Mapping[Any, Any]) -> Reason:
    """Return a test and its outcome, as a reason of a claim's verdict."""
    is_open = row["verdict"] == Status.INCONCLUSIVE
    reasons = parse(row) if is_open else ()
    p = float(row["p_equal"] if row["expected"] in BOUNDS else row["p"])
    misses_alone = is_open and not reasons and p < ALPHA <= float(row["p_adjusted"])
    return reason(
        "test",
        dataset=row["dataset"],
        metric=row["metric"],
        contrast=row["contrast"],
        is_ratio=row["scale_of"] == SCALES[True],
        **{name: rounded(row[name], 3) for name in ("effect", "ci_low", "ci_high")},
        n=int(row["n"]),
        verdict=row["verdict"],
        reasons=nested(reasons),
        low_power=bool(is_open and not reasons and row["low_power"]),
        p=rounded(p, 2) if misses_alone else None,
        p_adjusted=rounded(row["p_adjusted"], 2) if misses_alone else None,
        redesigned=bool(row["redesigned"]),
        exploratory=bool(row["exploratory"]),
    )


def _power(row: Mapping[Any, Any]) -> str:
    """Return that too few runs may be why a test leaves its claim open."""
    return ", low power" if row["low_power"] and row["verdict"] == Status.INCONCLUSIVE else ""
