"""What was found about the claims."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from restudy.common.text_format import TIMES, amount, estimate, number
from restudy.evidence.contradictions import findings_in, side_by_side
from restudy.evidence.reasons import by_design, parse, reason_text
from restudy.evidence.statuses import Status, label
from restudy.evidence.verdicts import SCALES, confirmatory_rows
from restudy.report.view.counts import count, final_verdicts
from restudy.report.view.model import (
    ClaimView,
    Contradiction,
    DecidingTest,
    Dot,
    Folded,
    TestCounts,
    Topic,
)
from restudy.report.view.tables import Tables, as_texts, decided_contradictions, reasons

_RATIO = SCALES[True]
_FARTHEST = 1e6
"""Effects beyond as many margins have this place in a plot."""


def claims(tables: Tables) -> list[ClaimView]:
    """Return every claim with its verdict, and the outcomes of its tests."""
    tests = pd.concat([tables["claim_tests"], tables["timed_claim_tests"]])
    own = dict(iter(tests.groupby("claim", sort=False)))
    made = dict(iter(_made(tables).groupby("claim", sort=False)))
    verdicts = final_verdicts(tables)
    return [
        ClaimView(
            **{name: row[name] for name in ("id", "topic", "source", "statement")},
            status=Status(row["status"]),
            verdict=verdicts[row["id"]],
            outcome=_outcomes(own[row["id"]])
            if row["id"] in own and row["status"] != Status.NOT_TESTABLE
            else reasons(row, "why", 100),
            test=_deciding(made[row["id"]], row["status"]) if row["id"] in made else None,
        )
        for row in tables["claims"].to_dict("records")
    ]


def topics(tables: Tables) -> list[Topic]:
    """Return how many claims of each topic have which verdict."""
    verdicts = final_verdicts(tables)
    return [
        Topic(
            name=str(name),
            claims=count(verdicts[id_] for id_ in own["id"]),
            claims_untimed=count(own["status"]),
        )
        for name, own in tables["claims"].groupby("topic", sort=False)
    ]


def test_counts(tables: Tables) -> TestCounts:
    """Count the tests of claims."""
    known, made = tables["claims"], _made(tables)
    unclear = known.loc[known["status"] == Status.INCONCLUSIVE, "id"]
    weak = made.loc[(made["verdict"] == Status.INCONCLUSIVE) & made["low_power"], "claim"]
    designs = tables["claim_tests"].drop_duplicates(["claim", "test"])
    return TestCounts(
        made=len(made),
        on_reduced=int((made["reductions"] != "").sum()),
        redesigned=int(designs["redesigned"].sum()),
        exploratory=int(designs["exploratory"].sum()),
        low_power=int(unclear.isin(weak).sum()),
    )


def effect_dots(tables: Tables) -> list[Dot]:
    """Return the effects in units of their margins, positive in the direction of the claim.

    Ratios are taken by their logarithms. Tests of claims that there is no difference have no
    direction, and are left out.
    """
    tests = _made(tables)
    with np.errstate(divide="ignore"):
        effect, margin = (
            tests[name].mask(tests["scale_of"] == _RATIO, np.log(tests[name].clip(lower=0)))
            for name in ("effect", "margin")
        )
    direction = tests["expected"].map({"greater": 1, "less": -1}).astype(float)
    value = (direction * effect / margin.where(margin > 0)).clip(-_FARTHEST, _FARTHEST)
    return [
        Dot(row=topic, value=place, status=Status(verdict))
        for topic, place, verdict in zip(tests["topic"], value, tests["verdict"], strict=True)
        if not math.isnan(place)
    ]


def timed_claims(tables: Tables) -> pd.DataFrame:
    """Return the claims about time, with the verdicts of their times and of their counts."""
    columns = {"of_times": "of its times", "of_counts": "of its counts"}
    shown = tables["timed_claims"][["id", "statement", "verdict", *columns]]
    return shown.rename(columns=columns)


def contradictions(tables: Tables, figures: Mapping[str, tuple[str, ...]]) -> list[Contradiction]:
    """Return the contradictions with both sides, and the names of their figures.

    Args:
        tables: result tables.
        figures: id of a figure -> ids of its claims.
    """
    findings = findings_in(tables["claims"]) | findings_in(tables["timed_claims"], "verdict")
    drawn = {frozenset(ids): name for name, ids in figures.items()}
    return [
        Contradiction(
            **{str(name): value for name, value in row.items() if name != "how"},
            sides=as_texts(side_by_side(row, findings)),
            figure=drawn.get(frozenset((row["claim"], row["other"])), ""),
        )
        for row in decided_contradictions(tables).to_dict("records")
    ]


def _made(tables: Tables) -> pd.DataFrame:
    """Return the tests that count and that were made."""
    tests = confirmatory_rows(tables["claim_tests"])
    return tests[tests["verdict"] != Status.PENDING]


def _deciding(tests: pd.DataFrame, verdict: str) -> DecidingTest:
    same = tests[tests["verdict"] == verdict]
    test = (same if len(same) else tests).iloc[0]
    is_ratio = test["scale_of"] == _RATIO
    ends = (float(test[name]) for name in ("effect", "ci_low", "ci_high"))
    effect, interval = estimate(*ends, signed=not is_ratio)
    sign = f"{TIMES} " if is_ratio else ""
    return DecidingTest(
        number=", ".join(filter(None, [test["dataset"], test["metric"]])),
        contrast=str(test["contrast"]),
        margin=f"{sign}{float(test['margin']):g}",
        n=f"{test['n']:.0f}",
        tests=amount(len(tests), "test") if len(tests) > 1 else "",
        effect=f"{sign}{effect}",
        interval=interval,
    )


def _outcomes(tests: pd.DataFrame) -> Folded:
    """Return the outcomes of a claim's tests."""
    counts = tests["verdict"].value_counts()
    summary = ", ".join(f"{n} {label(str(name))}" for name, n in counts.items())
    lines = tuple(map(_test_line, tests.to_dict("records")))
    return Folded(summary=f"{amount(len(tests), 'test')}: {summary}", lines=lines)


def _test_line(test: Mapping[Any, Any]) -> str:
    where = f"{test['study']}, {test['dataset']}" if test["dataset"] else test["study"]
    what = f"{where}: {test['metric']}, {test['contrast']}"
    if test["verdict"] == Status.PENDING:
        words = (f"{what}: {label(test['verdict'])}", reason_text(parse(test)))
        return ", ".join(filter(None, words))
    signed = test["scale_of"] != "ratio"
    effect, low, high = (
        number(test[name], signed=signed) for name in ("effect", "ci_low", "ci_high")
    )
    expected = test["expected"].replace("_", "-")
    line = (
        f"{what}: {number(test['treatment'])} and {number(test['control'])}, {test['scale_of']} "
        f"{effect} ({low} to {high}; n {test['n']:.0f}; p {number(test['p_adjusted'])}), predicted "
        f"{expected}, margin {number(test['margin'])}: {label(test['verdict'])}"
    )
    if test["low_power"] and test["verdict"] == Status.INCONCLUSIVE:
        line += ", low power"
    line += " (the study is reduced at this scale)" if test["reductions"] else ""
    return line + by_design(test)
