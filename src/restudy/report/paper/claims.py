"""What the paper says of the claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from restudy.common.text_format import TIMES, agree, amount, estimate, nonzero, sentence
from restudy.evidence.statuses import Kind, Status, label, of_kind
from restudy.evidence.verdicts import SCALES, confirmatory_rows
from restudy.report.paper.dot_plot import Axis, dot_plot
from restudy.report.phrases import is_tested
from restudy.report.view.model import View

VERDICTS = [status for status in of_kind(Kind.CLAIMS) if is_tested(status)]
ROWS = 20
"""How many rows of a table of claims a page holds."""

_RATIO = SCALES[True]
_AXIS = Axis(100.0, (-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0), np.arcsinh)


def power(view: View) -> str:
    """Return for how many inconclusive claims the runs were too few; empty if for none."""
    claims, tests = view.frame("claims"), confirmatory_rows(view.frame("claim_tests"))
    unclear = claims.loc[claims["status"] == Status.INCONCLUSIVE, "id"]
    weak = tests[(tests["verdict"] == Status.INCONCLUSIVE) & tests["low_power"]]["claim"]
    n = int(unclear.isin(weak).sum())
    if not n:
        return ""
    return sentence(
        f"of the inconclusive claims {agree(n, 'rests', 'rest')} on too few runs: a test would "
        "have missed an effect as large as its margin too often"
    )


def reductions(view: View) -> str:
    """Return how many tests are about a study that the scale reduces; empty if none is."""
    tests = confirmatory_rows(view.frame("claim_tests"))
    tested = tests[tests["verdict"] != Status.PENDING]
    n = int((tested["reductions"] != "").sum())
    if not n:
        return ""
    return sentence(
        f"of the {amount(len(tested), 'test')} that were made {agree(n, 'is', 'are')} on studies "
        "that this scale reduces, and about the smaller study"
    )


def designs(view: View) -> str:
    """Return how many tests were designed anew after a look at runs; empty if none was."""
    found = view.frame("claim_tests").drop_duplicates(["claim", "test"])
    n, m = (int(found[name].sum()) for name in ("redesigned", "exploratory"))
    replaced = (
        f"{agree(n, 'test replaces', 'tests replace')} one that did not test its claim; the design "
        "was fixed anew before its outcome was seen, margin and direction kept"
    )
    exploratory = agree(
        m,
        "test is exploratory, chosen by a look at its outcome, and does not count",
        "tests are exploratory, chosen by a look at their outcome, and do not count",
    )
    return " ".join(sentence(text) for k, text in ((n, replaced), (m, exploratory)) if k)


def by_topic(view: View) -> list[list[str]]:
    """Return a row for each topic with a verdict: its name, its claims by verdict, all others."""
    claims = view.frame("claims")
    tested = set(claims.loc[claims["status"].isin(VERDICTS), "topic"])
    topics = [topic for topic in claims["topic"].unique() if topic in tested]
    rows = [(topic, claims.loc[claims["topic"] == topic, "status"]) for topic in topics]
    return [
        [topic, *nonzero([*((status == each).sum() for each in VERDICTS), _others(status)])]
        for topic, status in [*rows, ("all", claims["status"])]
    ]


def listed(view: View, verdicts: Sequence[Status] = tuple(VERDICTS)) -> list[dict[str, str]]:
    """Return a row for each claim with a verdict, and with the test that it rests on most.

    That is the first test which found what the verdict says, or the first that found anything.

    Args:
        view: the view model.
        verdicts: only claims with these.
    """
    claims, tests = view.frame("claims"), confirmatory_rows(view.frame("claim_tests"))
    made = tests[tests["verdict"] != Status.PENDING]
    rows = []
    for claim in claims[claims["status"].isin(verdicts)].to_dict("records"):
        own = made[made["claim"] == claim["id"]]
        if own.empty:
            continue
        same = own[own["verdict"] == claim["status"]]
        test = (same if len(same) else own).iloc[0]
        rows.append(
            {name: str(claim[name]) for name in ("id", "source", "topic", "statement")}
            | {
                "verdict": label(claim["status"]),
                "number": ", ".join(filter(None, [test["dataset"], test["metric"]])),
                "contrast": str(test["contrast"]),
                "margin": _margin(test),
                "n": f"{test['n']:.0f}",
                "tests": amount(len(own), "test") if len(own) > 1 else "",
            }
            | _effect(test)
        )
    return rows


def opposed(view: View) -> list[dict[Any, Any]]:
    """Return the pairs of claims that contradict each other, with the outcome of our runs."""
    table = view.contradictions()
    testable = (table["verdict"] != Status.NOT_TESTABLE) | (
        table["other_verdict"] != Status.NOT_TESTABLE
    )
    columns = ("claim", "sources", "statement", "other", "other_sources", "other_statement")
    pairs = table[(table["other"] != "") & testable][[*columns, "conclusion"]]
    return pairs.to_dict("records")


def effect_plot(view: View) -> dict[str, Any]:
    """Return the effects in units of their margins, positive in the direction of the claim.

    Ratios are taken by their logarithms. Tests of claims that there is no difference have no
    direction, and are left out.
    """
    tests = confirmatory_rows(view.frame("claim_tests"))
    tests = tests[tests["verdict"] != Status.PENDING]
    with np.errstate(divide="ignore"):
        effect, margin = (
            tests[name].mask(tests["scale_of"] == _RATIO, np.log(tests[name].clip(lower=0)))
            for name in ("effect", "margin")
        )
    direction = tests["expected"].map({"greater": 1, "less": -1}).astype(float)
    value = direction * effect / margin.where(margin > 0)
    dots = {"row": tests["topic"], "value": value, "kind": tests["verdict"].map(label)}
    return dot_plot(pd.DataFrame(dots), _AXIS, 1.0)


def _effect(test: pd.Series[Any]) -> dict[str, str]:
    """Return a test's effect with its interval: ``+0.0056``, or ``× 0.45`` for a ratio."""
    is_ratio = test["scale_of"] == _RATIO
    ends = (float(test[name]) for name in ("effect", "ci_low", "ci_high"))
    found, interval = estimate(*ends, signed=not is_ratio)
    return {"effect": f"{TIMES} {found}" if is_ratio else found, "interval": interval}


def _margin(test: pd.Series[Any]) -> str:
    return (f"{TIMES} " if test["scale_of"] == _RATIO else "") + f"{float(test['margin']):g}"


def _others(statuses: pd.Series[str]) -> int:
    return int((~statuses.isin(VERDICTS)).sum())
