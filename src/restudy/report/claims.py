"""The section on claims: a verdict each, what every test found, and those of times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from restudy.evidence.judging import readable_tests
from restudy.evidence.reasons import by_design, parse, reason_text
from restudy.evidence.statuses import Status, label
from restudy.report.parts import Block, Folded, Section, Table
from restudy.tables import DASH, number

_TABLES = "../tables"
_SHORT = 100


def verdicts(claims: pd.DataFrame, timed: pd.DataFrame) -> list[str]:
    """Return the verdict on each claim, of one about time that of its times.

    Args:
        claims: the ledger's table.
        timed: :func:`restudy.evidence.timing.timed_claims`.
    """
    by_times = dict(zip(timed["id"], timed["verdict"], strict=True))
    return [
        by_times.get(id_, status) if status == Status.TIMED else status
        for id_, status in zip(claims["id"], claims["status"], strict=True)
    ]


def claims(
    ledger: pd.DataFrame, tests: pd.DataFrame, timed: pd.DataFrame, timed_tests: pd.DataFrame
) -> Section:
    """Return the section on claims.

    Args:
        ledger: the ledger's table of claims.
        tests: :func:`restudy.evidence.judging.judge`.
        timed: :func:`restudy.evidence.timing.timed_claims`.
        timed_tests: as ``tests``, of times.
    """
    return Section(
        name="claims",
        title="The claims, judged",
        question="Which of the things that the sources say of networks do our runs bear out?",
        notes="The margin of each test was fixed before its runs. p values are adjusted by topic "
        "(Holm). Where this scale cuts a study, the verdict is on the smaller study. Low power: "
        "an effect as large as the margin would be missed in one case of five, or more. Seconds "
        "are those of the processor, measured in turns; they are not the same twice. Redesigned: "
        "the test that stood here did not test the claim, and was replaced before the new one was "
        "seen. Exploratory: the design was chosen by a look at what it finds; it does not count.",
        blocks=list(_blocks(ledger, tests, timed, timed_tests)) if len(ledger) else [],
        empty="" if len(ledger) else "The evidence has no claims (config/evidence/claims.yaml).",
        links={
            "verdicts": f"{_TABLES}/claims.csv",
            "tests": f"{_TABLES}/claim_tests.csv",
            "verdicts by times": f"{_TABLES}/timed_claims.csv",
            "tests of times": f"{_TABLES}/timed_claim_tests.csv",
        },
    )


def _blocks(
    ledger: pd.DataFrame, tests: pd.DataFrame, timed: pd.DataFrame, timed_tests: pd.DataFrame
) -> Iterable[Block]:
    verdict = verdicts(ledger, timed)
    yield Table("How many have which verdict, by topic", _counts(ledger.assign(verdict=verdict)))
    every = pd.concat([tests, timed_tests], ignore_index=True)
    found = dict(iter(every.groupby("claim", sort=False)))
    rows, nothing = ledger.to_dict("records"), every.iloc[:0]
    frame = pd.DataFrame(
        {
            "id": ledger["id"],
            "topic": ledger["topic"],
            "source": ledger["source"],
            "claim": ledger["statement"],
            "verdict": verdict,
            "what our runs say": [_found(row, found.get(row["id"], nothing)) for row in rows],
        }
    )
    yield Table(
        "Every claim",
        frame,
        anchor="id",
        badges=["verdict"],
        filters=["topic", "source", "verdict"],
        stacked=True,
    )
    if len(timed):
        columns = {"of_times": "of its times", "of_counts": "of its counts"}
        yield Table(
            "Claims about time, of this machine and this run",
            timed[["id", "statement", "verdict", *columns]].rename(columns=columns),
            badges=["verdict", *columns.values()],
            stacked=True,
        )
    if len(timed_tests):
        shown = readable_tests(timed_tests)
        yield Table("Times: the tests", shown, folded=True, badges=["verdict"], on_paper=False)


def _counts(ledger: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(ledger["topic"], ledger["verdict"], margins=True, margins_name="all")
    order = [verdict for verdict, _ in Counter(ledger["verdict"]).most_common()]
    return (
        counts[[*order, "all"]].rename(columns={name: label(name) for name in order}).reset_index()
    )


def _found(claim: Mapping[Any, Any], tests: pd.DataFrame) -> object:
    """Return what the tests of a claim say, and how many say what; or why there is nothing."""
    if claim["status"] == Status.NOT_TESTABLE or tests.empty:
        because = reason_text(parse(claim))
        return Folded("why", (because,)) if len(because) > _SHORT else because or DASH
    counts = tests["verdict"].value_counts()
    summary = ", ".join(f"{number} {label(str(name))}" for name, number in counts.items())
    title = f"{len(tests)} test{'' if len(tests) == 1 else 's'}: {summary}"
    return Folded(title, tuple(map(_line, tests.to_dict("records"))))


def _line(test: Mapping[Any, Any]) -> str:
    where = f"{test['study']}, {test['dataset']}" if test["dataset"] else test["study"]
    what = f"{where}: {test['number']}, {test['sides']}"
    if test["verdict"] == Status.PENDING:
        return ", ".join(
            filter(None, [f"{what}: {label(test['verdict'])}", reason_text(parse(test))])
        )
    signed = test["scale_of"] != "ratio"
    effect, low, high = (number(test[name], signed=signed) for name in ("effect", "low", "high"))
    line = (
        f"{what}: {number(test['treatment'])} and {number(test['control'])}, {test['scale_of']} "
        f"{effect} ({low} to {high}; n {test['n']:.0f}; p {number(test['p_adjusted'])}), predicted "
        f"{test['predicts']}, margin {number(test['margin'])}: {label(test['verdict'])}"
    )
    if test["low_power"] and test["verdict"] == Status.INCONCLUSIVE:
        line += ", low power"
    line += " (the study is cut at this scale)" if test["reductions"] else ""
    return line + by_design(test)
