"""What is worth knowing: chosen from the tables by a rule, never by hand.

The rule (``RULE`` says it on the page). There are five kinds of findings, and each has an order of
its own:

1. claims that our runs contradict, the clearest first;
2. claims that hold, the clearest first;
3. mistakes whose number is another once they are mended, by severity, then the clearest first;
4. claims of a difference where there is none that matters, the narrowest interval first;
5. choices that explain the variance of the test accuracy, the largest share first.

What studies say, of networks trained on the data, comes before what small experiments say. *Clear*
is a test by how many margins the near end of its 95% interval lies from no effect; the
margin is the smallest effect of interest, fixed before the runs. *Clear* is a mistake by how many
half widths of its interval the difference is away from 0. What has no spread over the seeds, as
exact arithmetic has none, takes no part. Of a claim the clearest test stands for
it, of those that found what the verdict on the whole claim says. Tests of time do not take part:
the page would not be the same twice.

The findings are the first of each kind, and where a kind has none the second ones of the others
take its place. No topic, and no study, comes twice in one kind.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

import pandas as pd

from restudy.evidence.judging import counted
from restudy.evidence.statuses import Status
from restudy.report.paper.words import brief, estimate, percent
from restudy.report.parts import Finding
from restudy.stats.verdict import BOUNDS, Verdict

FINDINGS = 5
RULE = (
    "Chosen from the tables by a fixed rule, not by hand: the clearest contradicted claim, the "
    "clearest claim that holds, the most severe mistake that changes a number, the claim of a "
    "difference that most surely is none, and the choice that explains most of the variance; where "
    "one is missing, the next of the others. Networks trained on the data come before small "
    "experiments. Clear is what lies far from no effect, counted in margins that were fixed before "
    "the runs. Tests of time take no part."
)
_SEVERITIES = ("high", "medium", "low")


def findings(
    claims: pd.DataFrame,
    tests: pd.DataFrame,
    errata: pd.DataFrame,
    shown: pd.DataFrame,
    matters: Mapping[str, pd.DataFrame],
    studies: Collection[str],
) -> list[Finding]:
    """Return what is worth knowing, at most ``FINDINGS``.

    Args:
        claims: the ledger's table.
        tests: :func:`restudy.evidence.judging.judge`.
        errata: the ledger's table.
        shown: :func:`restudy.evidence.demonstrations.demonstrate`.
        matters: study -> :func:`restudy.matters.matters_table`.
        studies: names of the studies; other tests are of experiments.
    """
    tests = counted(tests).assign(small=~tests["study"].isin(studies))
    shown = counted(shown).assign(small=~shown["study"].isin(studies))
    kinds = (
        _claims(claims, tests, Verdict.CONTRADICTED, "A claim that our runs contradict"),
        _claims(claims, tests, Verdict.SUPPORTED, "A claim that holds"),
        _errata(errata, shown),
        _claims(claims, tests, Verdict.NO_DIFFERENCE, "A difference that is none"),
        _choices(matters),
    )
    turns = (one for turn in zip_longest(*kinds) for one in turn if one is not None)
    return list(islice(turns, FINDINGS))


def clearness(test: Mapping[Any, Any]) -> float:
    """Return how clear a test of a claim is; more is clearer.

    Of one that found an effect: how far the near end of the interval lies from no effect, in
    margins. Of one that found that there is none: minus the distance of the far end, so that more
    is clearer too. NaN without an interval, a spread or a margin.
    """
    ends = [float(test["low"]), float(test["high"])]
    margin = float(test["margin"])
    if test["scale_of"] == "ratio":
        margin = math.log(margin) if margin > 0 else math.nan
        ends = [math.log(end) if end > 0 else -math.inf for end in ends]
    if any(map(math.isnan, (*ends, margin))) or ends[0] == ends[1] or margin <= 0:
        return math.nan
    outside = test["verdict"] == Verdict.CONTRADICTED
    if test["predicts"] in ("no greater", "no less") and not outside:
        # What lies on the other side speaks for the claim, however far.
        far = ends[1] if test["predicts"] == "no greater" else -ends[0]
        return -max(far, 0.0) / margin
    distances = sorted(abs(end) / margin for end in ends)
    if test["verdict"] == Verdict.NO_DIFFERENCE or test["predicts"] in BOUNDS:
        return distances[0] if outside else -distances[1]
    return distances[0] if (ends[0] > 0) == (ends[1] > 0) else -distances[0]


def _claims(
    claims: pd.DataFrame, tests: pd.DataFrame, verdict: str, kind: str
) -> Iterator[Finding]:
    of = {row["id"]: row for row in claims.to_dict("records")}
    rows = [
        row | {"clearness": clearness(row)}
        for row in tests[tests["verdict"] == verdict].to_dict("records")
        if of[row["claim"]]["status"] == verdict
    ]
    rows = [row for row in rows if math.isfinite(row["clearness"])]
    # Claims of equality have intervals around no effect, and are found last.
    rows.sort(key=lambda row: (row["small"], -row["clearness"], row["claim"], row["test"]))
    for row in _first(rows, "topic"):
        claim = of[row["claim"]]
        effect, ends = estimate(
            row["effect"], row["low"], row["high"], signed=row["scale_of"] != "ratio"
        )
        yield Finding(
            kind=kind,
            status=verdict,
            statement=f"{claim['source']}: {claim['statement']}",
            measured=_joined(row["dataset"], f"{row['number']}, {row['sides']}"),
            effect=f"{row['scale_of']} {effect} (95% interval {ends}; {row['n']:.0f} seeds)",
            id=row["claim"],
        )


def _errata(errata: pd.DataFrame, shown: pd.DataFrame) -> Iterator[Finding]:
    of = {row["id"]: row for row in errata.to_dict("records")}
    rows = [
        row | {"clearness": abs(row["difference"]) / ((row["high"] - row["low"]) / 2 or math.inf)}
        for row in shown[shown["difference"].notna()].to_dict("records")
        if of[row["erratum"]]["status"] == Status.EFFECT_CONFIRMED
    ]
    rows = [row for row in rows if row["clearness"] > 1]
    rows.sort(
        key=lambda row: (
            *(_SEVERITIES.index(row["severity"]), row["small"]),
            *(-row["clearness"], row["erratum"]),
        )
    )
    for row in _first(rows, "erratum"):
        effect, ends = estimate(row["difference"], row["low"], row["high"], signed=True)
        yield Finding(
            kind="A mistake that changes a number",
            status=Status.EFFECT_CONFIRMED,
            statement=f"{row['source']}: {of[row['erratum']]['what_is_wrong']}",
            measured=f"{row['what']}: {brief(row['as_published'])} as published, "
            f"{brief(row['corrected'])} corrected",
            effect=f"difference {effect} (95% interval {ends}; {row['n']:.0f} seeds)",
            id=row["erratum"],
        )


def _choices(matters: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    rows = [
        row | {"study": study}
        for study, table in matters.items()
        for row in table.to_dict("records")
        # A factor alone, and no interaction: only that has a best level.
        if pd.notna(row["best"]) and not math.isnan(row["share"])
    ]
    rows.sort(key=lambda row: (-row["share"], row["study"], row["dataset"]))
    for row in _first(rows, "study"):
        share, low, high = (percent(row[name]) for name in ("share", "low", "high"))
        study, name = row["study"], str(row["source"]).replace("_", " ")
        yield Finding(
            kind="The choice that matters most",
            status="",
            statement=f"{name[0].upper()}{name[1:]}: {row['best']} rather than {row['worst']}",
            measured=_joined(row["dataset"], f"share of the variance of test accuracy, {study}"),
            effect=f"{share} (95% interval {low} to {high}; {row['seeds']:.0f} seeds)",
            id=f"matters-{study}",
        )


def _first(rows: Iterable[dict[Any, Any]], key: str) -> Iterator[dict[Any, Any]]:
    """Yield the rows whose value of ``key`` has not come before."""
    seen = set()
    for row in rows:
        if row[key] not in seen:
            seen.add(row[key])
            yield row


def _joined(dataset: object, text: str) -> str:
    return f"{dataset}: {text}" if isinstance(dataset, str) and dataset else text
