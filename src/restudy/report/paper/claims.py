"""What the paper says of the claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from restudy.common.text_format import agree, amount, nonzero, sentence
from restudy.evidence.statuses import Kind, Status, of_kind
from restudy.report import phrases
from restudy.report.paper.dot_plot import Axis, dot_plot
from restudy.report.view.model import ClaimView, Counts, TestCounts, View

VERDICTS = [status for status in of_kind(Kind.CLAIMS) if status.is_tested]
ROWS = 20
"""How many rows of a table of claims a page holds."""

_AXIS = Axis(100.0, (-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0), math.asinh)


def content(view: View) -> dict[str, Any]:
    """Return what the paper says of the claims, as plain values."""
    contradicted = [one for one in view.claims if one.status is Status.CONTRADICTED]
    return {
        "outcome": phrases.outcome("claims", view.counts.claims_untimed),
        "power": _power(view.tests),
        "reductions": _reductions(view.tests),
        "designs": _designs(view.tests),
        "by_topic": _by_topic(view),
        "verdicts": [verdict.label for verdict in VERDICTS],
        "contradicted": _listed(contradicted)[:ROWS],
        "opposed": _opposed(view)[:ROWS],
        "all": _listed(view.claims),
        "plot": dot_plot(view.effect_dots, _AXIS, 1.0),
    }


def _power(tests: TestCounts) -> str:
    if not tests.low_power:
        return ""
    return sentence(
        f"of the inconclusive claims {agree(tests.low_power, 'rests', 'rest')} on too few runs: a "
        "test would have missed an effect as large as its margin too often"
    )


def _reductions(tests: TestCounts) -> str:
    if not tests.on_reduced:
        return ""
    return sentence(
        f"of the {amount(tests.made, 'test')} that were made "
        f"{agree(tests.on_reduced, 'is', 'are')} on studies that this scale reduces, and about the "
        "smaller study"
    )


def _designs(tests: TestCounts) -> str:
    replaced = (
        f"{agree(tests.redesigned, 'test replaces', 'tests replace')} one that did not test its "
        "claim; the design was fixed anew before its outcome was seen, margin and direction kept"
    )
    exploratory = agree(
        tests.exploratory,
        "test is exploratory, chosen by a look at its outcome, and does not count",
        "tests are exploratory, chosen by a look at their outcome, and do not count",
    )
    remarks = ((tests.redesigned, replaced), (tests.exploratory, exploratory))
    return " ".join(sentence(text) for n, text in remarks if n)


def _by_topic(view: View) -> list[list[str]]:
    """Return a row for each topic with a verdict: its name, its claims by verdict, all others."""
    rows = [
        (topic.name, topic.claims_untimed)
        for topic in view.topics
        if any(one.status.is_tested for one in topic.claims_untimed)
    ]
    return [[name, *_counted(own)] for name, own in [*rows, ("all", view.counts.claims_untimed)]]


def _counted(counts: Counts) -> list[str]:
    found = {one.status: one.n for one in counts}
    others = sum(n for status, n in found.items() if not status.is_tested)
    return nonzero([*(found.get(verdict, 0) for verdict in VERDICTS), others])


def _listed(claims: Sequence[ClaimView]) -> list[dict[str, str]]:
    """Return a row for each claim with a verdict, and with the test that it rests on most."""
    return [
        one.model_dump(include={"id", "source", "topic", "statement"})
        | {"verdict": one.status.label}
        | one.test.model_dump()
        for one in claims
        if one.status.is_tested and one.test
    ]


def _opposed(view: View) -> list[dict[str, str]]:
    """Return the pairs of claims that contradict each other, with the outcome of our runs."""
    return [
        pair.model_dump(exclude={"verdict", "other_verdict", "sides", "figure"})
        for pair in view.contradictions
        if pair.other and {pair.verdict, pair.other_verdict} != {Status.NOT_TESTABLE}
    ]
