"""Key findings: chosen from the tables by a rule, never by hand.

There are five kinds of findings, each with an order of its own:

1. contradicted claims, the clearest first;
2. supported claims, the clearest first;
3. mistakes that change a number, by severity, then the clearest first;
4. claims of a difference where there is none that matters, the narrowest interval first;
5. factors that explain the variance of the test accuracy, the largest share first.

Studies come before small experiments. A test is clear by the number of margins between no effect
and the near end of its 95% interval; the margin is the smallest effect of interest, fixed before
the runs. A mistake is clear by the number of half widths of the interval between 0 and the
difference. A test without spread over the seeds takes no part. A claim is represented by its
clearest test, of those with the verdict of the whole claim. Tests of time are left out, since the
page would differ from run to run.

The findings are the first of each kind; where a kind has none, the next of the other kinds follow.
No topic, and no study, comes twice in one kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

import pandas as pd

from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import confirmatory_rows
from restudy.report.view.model import Finding, FindingKind
from restudy.stats.verdict import BOUNDS

FINDINGS = 5
_SEVERITIES = ("high", "medium", "low")


def key_findings(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """Return what is worth knowing, at most ``FINDINGS``.

    Args:
        tables: ``claims``, ``claim_tests``, ``errata`` and ``erratum_effects``, and of each study
            ``STUDY/summary`` and, if there is one, ``STUDY/variance_components``.
    """
    studies = [name.split("/")[0] for name in tables if name.endswith("/summary")]
    tests, shown = (
        table.assign(small=~table["study"].isin(studies))
        for table in map(confirmatory_rows, (tables["claim_tests"], tables["erratum_effects"]))
    )
    claims = {row["id"]: row for row in tables["claims"].to_dict("records")}
    kinds = (
        _claims(claims, tests, Status.CONTRADICTED, FindingKind.CONTRADICTED),
        _claims(claims, tests, Status.SUPPORTED, FindingKind.SUPPORTED),
        _errata(tables["errata"], shown),
        _claims(claims, tests, Status.NO_DIFFERENCE, FindingKind.NO_DIFFERENCE),
        _factors(tables),
    )
    turns = (one for turn in zip_longest(*kinds) for one in turn if one is not None)
    return list(islice(turns, FINDINGS))


def clearness(test: Mapping[Any, Any]) -> float:
    """Return how clear a test of a claim is; more is clearer.

    Of one that found an effect: how far the near end of the interval lies from no effect, in
    margins. Of one that found that there is none: minus the distance of the far end, so that more
    is clearer too. NaN without an interval, a spread or a margin.
    """
    ends = [float(test["ci_low"]), float(test["ci_high"])]
    margin = float(test["margin"])
    if test["scale_of"] == "ratio":
        margin = math.log(margin) if margin > 0 else math.nan
        ends = [math.log(end) if end > 0 else -math.inf for end in ends]
    if any(map(math.isnan, (*ends, margin))) or ends[0] == ends[1] or margin <= 0:
        return math.nan
    outside = test["verdict"] == Status.CONTRADICTED
    if test["expected"] in ("non_superior", "non_inferior") and not outside:
        # What lies on the other side speaks for the claim, however far.
        far = ends[1] if test["expected"] == "non_superior" else -ends[0]
        return -max(far, 0.0) / margin
    distances = sorted(abs(end) / margin for end in ends)
    if test["verdict"] == Status.NO_DIFFERENCE or test["expected"] in BOUNDS:
        return distances[0] if outside else -distances[1]
    return distances[0] if (ends[0] > 0) == (ends[1] > 0) else -distances[0]


def _claims(
    claims: Mapping[str, Mapping[Any, Any]],
    tests: pd.DataFrame,
    verdict: Status,
    kind: FindingKind,
) -> Iterator[Finding]:
    rows = [
        row | {"clearness": clearness(row)}
        for row in tests[tests["verdict"] == verdict].to_dict("records")
        if claims[row["claim"]]["status"] == verdict
    ]
    rows = [row for row in rows if math.isfinite(row["clearness"])]
    # Claims of equality have intervals around no effect, and are found last.
    rows.sort(key=lambda row: (row["small"], -row["clearness"], row["claim"], row["test"]))
    for row in _first(rows, "topic"):
        claim = claims[row["claim"]]
        yield Finding(
            kind=kind,
            id=row["claim"],
            source=claim["source"],
            statement=claim["statement"],
            dataset=row["dataset"],
            measured=(row["metric"], row["contrast"]),
            measure=row["scale_of"],
            effect=row["effect"],
            low=row["ci_low"],
            high=row["ci_high"],
            seeds=int(row["n"]),
        )


def _errata(errata: pd.DataFrame, shown: pd.DataFrame) -> Iterator[Finding]:
    of = {row["id"]: row for row in errata.to_dict("records")}
    rows = [
        row
        | {"clearness": abs(row["difference"]) / ((row["ci_high"] - row["ci_low"]) / 2 or math.inf)}
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
        yield Finding(
            kind=FindingKind.ERRATUM,
            id=row["erratum"],
            source=row["source"],
            statement=of[row["erratum"]]["what_is_wrong"],
            measured=(row["description"],),
            measure="difference",
            effect=row["difference"],
            values=(row["as_published"], row["corrected"]),
            low=row["ci_low"],
            high=row["ci_high"],
            seeds=int(row["n"]),
        )


def _factors(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    rows = [
        row | {"study": name.split("/")[0]}
        for name, table in tables.items()
        if name.endswith("/variance_components")
        for row in table.to_dict("records")
        # A factor alone, and no interaction: only that has a best level.
        if row["best"] and not math.isnan(row["omega_squared"])
    ]
    rows.sort(key=lambda row: (-row["omega_squared"], row["study"], row["dataset"]))
    for row in _first(rows, "study"):
        yield Finding(
            kind=FindingKind.VARIANCE,
            id=row["study"],
            statement=row["source"],
            dataset=row["dataset"],
            measured=("test accuracy",),
            measure="share",
            effect=row["omega_squared"],
            levels=(row["best"], row["worst"]),
            low=row["ci_low"],
            high=row["ci_high"],
            seeds=int(row["seeds"]),
        )


def _first(rows: Iterable[dict[Any, Any]], key: str) -> Iterator[dict[Any, Any]]:
    """Yield the rows whose value of ``key`` has not come before."""
    seen = set()
    for row in rows:
        if row[key] not in seen:
            seen.add(row[key])
            yield row
