"""What the paper says of the claims."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from restudy.evidence.judging import LEVEL_NAMES
from restudy.evidence.statuses import Status, label
from restudy.report.paper.strips import Axis, Dot, strip
from restudy.report.paper.words import TIMES, agree, amount, estimate, joined, sentence
from restudy.stats.verdict import Verdict

VERDICTS = (
    *(str(Verdict.SUPPORTED), str(Verdict.CONTRADICTED)),
    *(str(Verdict.NO_DIFFERENCE), str(Verdict.INCONCLUSIVE)),
)
ROWS = 20
"""How many rows of a table of claims a page holds."""

SUPPORTED, CONTRADICTED, NONE, OPEN = VERDICTS

_SAID = {
    SUPPORTED: ("is supported", "are supported"),
    CONTRADICTED: ("is contradicted", "are contradicted"),
    NONE: ("shows no meaningful difference", "show no meaningful difference"),
    OPEN: ("remains inconclusive", "remain inconclusive"),
}
_RATIO = LEVEL_NAMES[True]
_AXIS = Axis(limit=100.0, ticks=(-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0), bend=math.asinh)


def tally(claims: pd.DataFrame) -> Counter[str]:
    """Count the claims by status."""
    return Counter(claims["status"])


def n_judged(counts: Counter[str]) -> int:
    """Return how many claims have a verdict."""
    return sum(counts[verdict] for verdict in VERDICTS)


def outcome(counts: Counter[str], of: str = "") -> str:
    """Say in a sentence what the verdicts are.

    Args:
        counts: how many claims have which status.
        of: whose they are, such as ``of`` and the source's id.
    """
    judged, whose = n_judged(counts), f" {of}" if of else ""
    if not judged:
        return sentence(f"no claim{whose} has been tested yet")
    found = [agree(counts[verdict], *_SAID[verdict]) for verdict in VERDICTS if counts[verdict]]
    return sentence(f"of the {amount(judged, 'claim')}{whose} that were tested, {joined(found)}")


def untested(counts: Counter[str]) -> str:
    """Say in a sentence how many claims have no verdict; nothing if all have one."""
    words: dict[str, str] = {
        Status.PENDING: "not tested yet",
        Status.TIMED: "judged by measured times, on the page",
        Status.NOT_TESTABLE: "beyond what such networks and data can show",
    }
    told = [
        agree(
            n, f"is {words.get(status, label(status))}", f"are {words.get(status, label(status))}"
        )
        for status, n in sorted(counts.items())
        if status not in VERDICTS
    ]
    return sentence(f"of the others, {joined(told)}") if told else ""


def power(claims: pd.DataFrame, tests: pd.DataFrame) -> str:
    """Say for how many inconclusive claims the runs were too few; nothing if none is."""
    unclear = claims.loc[claims["status"] == OPEN, "id"]
    weak = tests[(tests["verdict"] == OPEN) & tests["low_power"]]["claim"]
    n = int(unclear.isin(weak).sum())
    if not n:
        return ""
    return sentence(
        f"of the inconclusive claims {agree(n, 'rests', 'rest')} on too few runs: a test would "
        "have missed an effect as large as its margin too often"
    )


def cuts(tests: pd.DataFrame) -> str:
    """Say how many tests are about a study that the scale cuts; nothing if none is."""
    judged = tests[tests["verdict"] != Status.PENDING]
    n = int((judged["reductions"] != "").sum())
    if not n:
        return ""
    return sentence(
        f"of the {amount(len(judged), 'test')} that were made {agree(n, 'is', 'are')} on studies "
        "that this scale cuts, and about the smaller study"
    )


def designs(tests: pd.DataFrame) -> str:
    """Say how many tests were designed anew after a look at runs; nothing if none was."""
    found = tests.drop_duplicates(["claim", "test"])
    n, m = (int(found[name].sum()) for name in ("redesigned", "exploratory"))
    told = []
    if n:
        told.append(
            sentence(
                f"{agree(n, 'test replaces', 'tests replace')} one that did not test its claim; "
                "the design was fixed anew before its outcome was seen, margin and direction kept"
            )
        )
    if m:
        told.append(
            sentence(
                agree(
                    m,
                    "test is exploratory, chosen by a look at its outcome, and judges nothing",
                    "tests are exploratory, chosen by a look at their outcome, and judge nothing",
                )
            )
        )
    return " ".join(told)


def by_topic(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row for each topic with a verdict: its name, its claims by verdict, all others."""
    tested = claims[claims["status"].isin(VERDICTS)]
    topics = [topic for topic in dict.fromkeys(claims["topic"]) if topic in set(tested["topic"])]
    rows = [(topic, claims[claims["topic"] == topic]) for topic in topics]
    rows.append(("all", claims))
    return [
        {
            "topic": topic,
            "counts": [_or_nothing(tally(part)[verdict]) for verdict in VERDICTS],
            "others": _or_nothing(len(part) - n_judged(tally(part))),
        }
        for topic, part in rows
    ]


def listed(
    claims: pd.DataFrame, tests: pd.DataFrame, verdict: str | None = None
) -> list[dict[str, str]]:
    """Return a row for each claim with a verdict, and with the test that it rests on most.

    That is the first test which found what the verdict says, or the first that found anything.

    Args:
        claims: the ledger's table of claims.
        tests: :func:`restudy.evidence.judging.judge`.
        verdict: only claims with this one.
    """
    wanted = VERDICTS if verdict is None else (verdict,)
    made = tests[tests["verdict"] != Status.PENDING]
    rows = []
    for claim in claims[claims["status"].isin(wanted)].to_dict("records"):
        own = made[made["claim"] == claim["id"]]
        if own.empty:
            continue
        same = own[own["verdict"] == claim["status"]]
        test = (same if len(same) else own).iloc[0]
        rows.append(
            {name: str(claim[name]) for name in ("id", "source", "topic", "statement")}
            | {
                "verdict": label(claim["status"]),
                "number": ", ".join(filter(None, [test["dataset"], test["number"]])),
                "sides": str(test["sides"]),
                "margin": _margin(test),
                "n": f"{test['n']:.0f}",
                "tests": amount(len(own), "test") if len(own) > 1 else "",
            }
            | _effect(test)
        )
    return rows


def few(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Return as many rows of a table of claims as a page holds."""
    return list(rows[:ROWS])


def opposed(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return the pairs of claims that contradict each other, with what our runs say of them.

    Args:
        table: :func:`restudy.evidence.contradictions.contradictions`, texts.
    """
    judgeable = (table["verdict"] != Status.NOT_TESTABLE) | (
        table["other_verdict"] != Status.NOT_TESTABLE
    )
    pairs = table[(table["other"] != "") & judgeable]
    columns = ("claim", "sources", "statement", "other", "other_sources", "other_statement")
    return [
        {name: str(row[name]) for name in (*columns, "conclusion")}
        for row in pairs.to_dict("records")
    ]


def places(tests: pd.DataFrame) -> dict[str, Any]:
    """Return where effects lie, in units of their margins, to the right as the claim says.

    Tests of claims that there is no difference have no right and left, and are left out.
    """
    directed = tests[
        (tests["verdict"] != Status.PENDING) & tests["predicts"].isin(["greater", "less"])
    ]
    dots = [
        Dot(str(test["topic"]), _in_margins(test), label(test["verdict"]))
        for _, test in directed.iterrows()
    ]
    dots = [dot for dot in dots if not math.isnan(dot.value)]
    return strip(dots, _AXIS, 1.0) | {"n": f"{len(dots):,}"}


def _in_margins(test: pd.Series[Any]) -> float:
    size, margin = float(test["effect"]), float(test["margin"])
    if test["scale_of"] == _RATIO:
        size, margin = _log(size), _log(margin)
    if not margin > 0:
        return math.nan
    return size / margin * (-1 if test["predicts"] == "less" else 1)


def _log(value: float) -> float:
    if value <= 0 or math.isinf(value):
        return -math.inf if value <= 0 else value
    return math.log(value)


def _effect(test: pd.Series[Any]) -> dict[str, str]:
    """Return a test's effect with its interval: ``+0.0056``, or ``× 0.45`` for a ratio."""
    is_ratio = test["scale_of"] == _RATIO
    ends = (float(test[name]) for name in ("effect", "low", "high"))
    found, interval = estimate(*ends, signed=not is_ratio)
    return {"effect": f"{TIMES} {found}" if is_ratio else found, "interval": interval}


def _margin(test: pd.Series[Any]) -> str:
    return (f"{TIMES} " if test["scale_of"] == _RATIO else "") + f"{float(test['margin']):g}"


def _or_nothing(n: int) -> str:
    return f"{n:,}" if n else ""
