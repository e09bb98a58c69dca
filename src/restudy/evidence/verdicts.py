"""Verdicts on claims: each test by itself, adjusted by topic, then the claim as a whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from restudy.common.text_format import DASH, interval, number
from restudy.config.reductions import to_json
from restudy.evidence.effect_estimation import Found, find_in_experiment, find_in_study
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
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status
from restudy.experiments.project import project
from restudy.results.table_files import read_table
from restudy.stats.holm import holm
from restudy.stats.margins import no_effect_p
from restudy.stats.power import has_low_power
from restudy.stats.verdict import ALPHA, BOUNDS, Verdict, verdict

COLUMNS = (
    *("claim", "topic", "test", "study", "dataset", "number", "sides", "predicts", "scale_of"),
    *("treatment", "control", "effect", "low", "high", "n", "sd"),
    *("p", "p_equal", "p_adjusted", "p_contradicts", "margin"),
    *("verdict", "low_power", "diverged", "left_out", "reductions"),
    *("reason", "reason_args"),
    *("redesigned", "redesigned_text", "exploratory", "exploratory_text"),
)

_NUMBERS = (
    *("test", "treatment", "control", "effect", "low", "high"),
    *("n", "sd", "p", "p_equal", "p_adjusted", "p_contradicts", "margin", "diverged", "left_out"),
)
LEVEL_NAMES = {True: "ratio", False: "difference"}


def judge(
    claims: Sequence[Claim],
    studies: Mapping[str, StudyTables],
    runs: Mapping[str, pd.DataFrame],
    experiments: Mapping[str, pd.DataFrame] | None = None,
    *,
    timed: bool = False,
) -> pd.DataFrame:
    """Judge every test of every claim, or every test of time.

    The p values of the claims of one topic are a family: they are adjusted together, so that the
    chance of finding even one effect that is not there is 5% in each topic. The tests of time are
    families of their own: no other verdict may depend on what is not the same twice. An exploratory
    test is of no family, and its p is not adjusted: it settles nothing.

    Args:
        claims: the claims.
        studies: history and description, by study.
        runs: ``runs.parquet``, by study.
        experiments: tables, by experiment.
        timed: judge the tests of time alone; without it all others.

    Returns:
        one row per claim, test and data set, with the columns ``COLUMNS``: ``test`` (from 1),
        ``number`` and ``sides`` (in words), ``scale_of`` (``difference`` or ``ratio``),
        ``treatment`` and ``control`` (means), ``effect, low, high`` (95% interval; factors for a
        ratio), ``n`` (seeds), ``sd`` (of the effect; of its log for a ratio), ``p`` (of no effect,
        two-sided), ``p_equal`` (of an effect beyond the margin, where the claim is that there is
        none), ``p_adjusted`` (of the one that would support the claim), ``p_contradicts`` (``p``,
        adjusted, of a claim that there is none), ``margin``, ``verdict`` (or
        ``pending``), ``low_power`` (an effect as large as the margin would be found in less than
        80%), ``diverged`` (runs), ``left_out`` (combinations of other levels without a number on a
        side, or where a target tells no runs apart), ``reductions`` (of the scale), ``reason``
        (why nothing is concluded from it), ``redesigned`` and ``exploratory``, with texts why.
    """
    rows = [
        row
        for claim in claims
        for place, test in _numbered(claim)
        if test.timed == timed
        for row in _rows(claim, place, test, _Tables(studies, runs, experiments or {}))
    ]
    return settle(claims, pd.DataFrame(rows, columns=list(COLUMNS)))


def settle(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Adjust the p values of tests by topic, and give each test that has a number its verdict.

    Args:
        claims: the claims.
        table: as :func:`judge` returns it. Its adjusted p values and verdicts are made anew, so
            that rows of several runs may stand in it.
    """
    table = table.astype({"n": "Int64", "diverged": "Int64"})
    table["p_adjusted"] = table["p_contradicts"] = math.nan
    for _, family in counted(table).groupby("topic", sort=False):
        bounds = family["predicts"].isin(BOUNDS)
        p = family["p"].mask(bounds, family["p_equal"])
        table.loc[family.index, "p_adjusted"] = holm(p.to_numpy(np.float64))
        # A difference that contradicts a claim of none is one that is found, as any other.
        found = holm(family["p"].to_numpy(np.float64))
        table.loc[family.index, "p_contradicts"] = np.where(bounds, found, math.nan)
    tests = {(claim.id, place): test for claim in claims for place, test in _numbered(claim)}
    for index, row in table[table["verdict"] != Status.PENDING].iterrows():
        test = tests[row["claim"], row["test"]]
        table.loc[index, "verdict"] = _verdict(test, row)
    return table


def read_claim_tests(path: Path) -> pd.DataFrame:
    """Read the table that :func:`judge` makes from its file."""
    return as_numbers(read_table(path))


def as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return a :func:`judge` table whose columns are text, with numbers where they belong."""
    numbers = {name: pd.to_numeric(table[name]) for name in _NUMBERS}
    flags = {name: table[name] == "True" for name in ("low_power", "redesigned", "exploratory")}
    return table.assign(**numbers, **flags)


def readable_tests(table: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of a :func:`judge` table: texts, one row per test."""
    return pd.DataFrame(
        [
            (
                row["claim"],
                ", ".join(filter(None, (row["study"], row["dataset"]))),
                *(row["number"], row["sides"]),
                *(number(row[name]) for name in ("treatment", "control", "effect")),
                interval(row["low"], row["high"]),
                DASH if pd.isna(row["n"]) else f"{row['n']:.0f}",
                *(number(row["p_adjusted"]), row["predicts"], number(row["margin"])),
                *(row["verdict"], f"{_power(row)}{by_design(row)}".strip(", ") or DASH),
            )
            for row in table.to_dict("records")
        ],
        columns=[
            *("claim", "study", "number", "sides", "treatment", "control", "effect", "95%", "n"),
            *("p, adjusted", "predicted", "margin", "verdict", "remarks"),
        ],
    )


def verdicts_of(claims: Sequence[Claim], table: pd.DataFrame) -> dict[str, Finding]:
    """Return the verdict on each claim that has tests, and what each of them found.

    A claim is supported if all of its tests support it, contradicted if one contradicts it and
    none supports it, and without meaningful difference if no test finds one; what its tests
    disagree about, or leave open, is inconclusive. Exploratory tests are read out and do not count.

    Args:
        claims: the claims.
        table: as :func:`judge` returns it.
    """
    return {
        claim.id: _combined(table[table["claim"] == claim.id]) for claim in claims if claim.tests
    }


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that verdicts rest on, of tests or demonstrations: not the exploratory."""
    return table[~table["exploratory"].astype(bool)]


class _Tables(NamedTuple):
    """What there is of studies and experiments, by name."""

    studies: Mapping[str, StudyTables]
    runs: Mapping[str, pd.DataFrame]
    experiments: Mapping[str, pd.DataFrame]


def _found(test: ClaimTest, tables: _Tables) -> Iterator[Found]:
    name = test.subject
    if test.experiment is not None:
        if name not in tables.experiments:
            raise MissingError("not_in_this_run", experiment=name)
        factors = project().experiments[name].factors
        return find_in_experiment(test, tables.experiments[name], factors)
    if name not in tables.studies:
        raise MissingError("not_in_this_run", study=name)
    return find_in_study(test, tables.studies[name], tables.runs[name])


def _numbered(claim: Claim) -> Iterator[tuple[int, ClaimTest]]:
    return enumerate(claim.tests, start=1)


def _rows(
    claim: Claim,
    place: int,
    test: ClaimTest,
    tables: _Tables,
) -> Iterator[dict[str, Any]]:
    about = {
        "claim": claim.id,
        "topic": claim.topic,
        "test": place,
        "study": test.subject,
        "dataset": "",
        **{"reductions": "", **columns([])},
        "number": test.number_in_words(),
        "sides": test.in_words(),
        "predicts": test.predicts,
        "scale_of": LEVEL_NAMES[test.ratio],
        "margin": test.margin,
        "redesigned": test.redesigned is not None,
        "redesigned_text": test.redesigned or "",
        "exploratory": test.exploratory is not None,
        "exploratory_text": test.exploratory or "",
    }
    try:
        for found in _found(test, tables):
            yield about | _columns(test, found)
    except MissingError as error:
        yield about | {"verdict": Status.PENDING.value, **columns([error.reason])}


def _columns(test: ClaimTest, found: Found) -> dict[str, Any]:
    effect, back = found.effect, _exp if test.ratio else float
    small = math.log(test.margin) if test.ratio else test.margin
    return {
        "dataset": found.dataset,
        "treatment": found.treatment,
        "control": found.control,
        "effect": back(effect.mean),
        "low": back(effect.low),
        "high": back(effect.high),
        "n": effect.n,
        "sd": found.sd,
        "p": effect.p,
        "p_equal": no_effect_p(effect, small, test.predicts) if test.bounds else math.nan,
        "low_power": has_low_power(effect, small) if small > 0 else None,
        "diverged": found.diverged,
        "left_out": found.unpaired,
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
        for name in ("low", "effect", "high", "margin")
    )
    p = float(row["p_adjusted"])
    p_different = float(row["p_contradicts"]) if test.bounds else p
    if test.exploratory is not None:
        p, p_different = float(row["p_equal"] if test.bounds else row["p"]), float(row["p"])
    if math.isnan(effect):
        return Status.PENDING.value
    if row["reason"]:
        return str(Verdict.INCONCLUSIVE)
    return str(
        verdict(
            low,
            effect,
            high,
            margin=margin,
            direction=test.predicts,
            p=p_different,
            p_equal=p if test.bounds else math.nan,
        )
    )


def _combined(rows: pd.DataFrame) -> Finding:
    judged = rows[rows["verdict"] != Status.PENDING]
    settling = counted(judged)
    missing = rows[rows["verdict"] == Status.PENDING]
    if settling.empty:
        return Finding(Status.PENDING, _reasons_of(rows))
    found = {Status(verdict) for verdict in settling["verdict"]}
    reading = tuple(_read_out(row) for row in judged.to_dict("records"))
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


def _read_out(row: Mapping[Any, Any]) -> Reason:
    """Return a test and what it found, as a reason of a claim's verdict."""
    is_open = row["verdict"] == Status.INCONCLUSIVE
    reasons = parse(row) if is_open else ()
    p = float(row["p_equal"] if row["predicts"] in BOUNDS else row["p"])
    misses_alone = is_open and not reasons and p < ALPHA <= float(row["p_adjusted"])
    return reason(
        "test",
        dataset=row["dataset"],
        number=row["number"],
        sides=row["sides"],
        is_ratio=row["scale_of"] == LEVEL_NAMES[True],
        **{name: rounded(row[name], 3) for name in ("effect", "low", "high")},
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
