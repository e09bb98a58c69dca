"""Tables of claims, their tests, contradictions and configuration searches, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.evidence.contradictions import side_by_side
from restudy.evidence.reasons import by_design, parse, reason_text, texts
from restudy.evidence.statuses import Status, label
from restudy.evidence.verdicts import readable_tests
from restudy.report.html.writer import Folded
from restudy.report.view.model import View
from restudy.results.study_tables import DASH, number

_SHORT = 100
"""A longer reason is folded."""
_PAIR = ["claim", "other", "how"]


def by_topic(view: View) -> pd.DataFrame:
    """Return how many claims of each topic have which verdict."""
    topics = view.frame("claims")["topic"]
    verdicts = pd.Series([status.value for status in view.verdicts.values()], index=topics.index)
    counts = pd.crosstab(topics, verdicts, margins=True, margins_name="all")
    order = [name for name, _ in Counter(verdicts).most_common()]
    names = {name: label(name) for name in order}
    return counts[[*order, "all"]].rename(columns=names).reset_index()


def claims(view: View) -> pd.DataFrame:
    """Return every claim with its verdict, and the outcomes of its tests."""
    table = view.frame("claims")
    tests = pd.concat([view.frame("claim_tests"), view.frame("timed_claim_tests")])
    own = dict(iter(tests.groupby("claim", sort=False)))
    return pd.DataFrame(
        {
            "id": table["id"],
            "topic": table["topic"],
            "source": table["source"],
            "claim": table["statement"],
            "verdict": [view.verdicts[id_].value for id_ in table["id"]],
            "what our runs say": [
                _found(row, own.get(row["id"], tests.iloc[:0])) for row in table.to_dict("records")
            ],
        }
    )


def timed_claims(view: View) -> pd.DataFrame:
    """Return the claims about time, with the verdicts of their times and of their counts."""
    columns = {"of_times": "of its times", "of_counts": "of its counts"}
    timed = view.frame("timed_claims")
    return timed[["id", "statement", "verdict", *columns]].rename(columns=columns)


def timed_tests(view: View) -> pd.DataFrame:
    """Return the tests of measured times."""
    return readable_tests(view.frame("timed_claim_tests"))


def contradictions(view: View) -> pd.DataFrame:
    """Return the contradictions, those about time as measured times decide them."""
    table = view.frame("contradictions")
    decided = table.set_index(_PAIR)
    decided.update(view.frame("timed_contradictions").set_index(_PAIR))
    return decided.reset_index()[list(table.columns)]


def pairs(view: View) -> list[tuple[str, pd.DataFrame, str]]:
    """Return of each pair of claims a title, both sides, and the name of its figure, if any."""
    found = contradictions(view)
    figures = {frozenset(ids): name for name, ids in view.contradiction_figures.items()}
    return [
        (
            f"{row['claim']} and {row['other']}",
            side_by_side(row),
            figures.get(frozenset((row["claim"], row["other"])), ""),
        )
        for row in found[found["other"] != ""].to_dict("records")
    ]


def candidates(view: View) -> dict[str, pd.DataFrame]:
    """Return the candidates of each configuration search, and why they are ruled out."""
    table = view.frame("forensics")
    table = table.assign(because=texts(table)).drop_duplicates(["puzzle", "candidate"])
    columns = ["candidate", "verdict", "because"]
    return {str(name): rows[columns] for name, rows in table.groupby("puzzle", sort=False)}


def _found(claim: Mapping[Any, Any], tests: pd.DataFrame) -> object:
    """Return what the tests of a claim found, and how many found what; or why there is none."""
    if claim["status"] == Status.NOT_TESTABLE or tests.empty:
        because = reason_text(parse(claim))
        return Folded("why", (because,)) if len(because) > _SHORT else because or DASH
    counts = tests["verdict"].value_counts()
    summary = ", ".join(f"{n} {label(str(name))}" for name, n in counts.items())
    title = f"{len(tests)} test{'' if len(tests) == 1 else 's'}: {summary}"
    return Folded(title, tuple(map(_line, tests.to_dict("records"))))


def _line(test: Mapping[Any, Any]) -> str:
    where = f"{test['study']}, {test['dataset']}" if test["dataset"] else test["study"]
    what = f"{where}: {test['number']}, {test['sides']}"
    if test["verdict"] == Status.PENDING:
        told = (f"{what}: {label(test['verdict'])}", reason_text(parse(test)))
        return ", ".join(filter(None, told))
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
