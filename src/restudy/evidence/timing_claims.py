"""Claims about time: judged like all others, but in tables of their own.

Seconds are not the same twice, and all other tables are. So no table but these depends on a
measured time: the ledger says of a claim with a test of time only that it is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from restudy.evidence.contradictions import contradictions
from restudy.evidence.reasons import Finding, columns, parse, reason
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import verdicts_of

CLAIMS = "timed_claims.csv"
TABLES = ("timed_claim_tests.csv", CLAIMS, "timed_contradictions.csv")
"""The tables that are not the same twice."""

COLUMNS = (
    *("id", "source", "topic", "statement", "verdict", "of_times", "of_counts"),
    *("reason", "reason_args"),
)


def timed_claims(
    claims: Sequence[Claim], tests: pd.DataFrame, timed_tests: pd.DataFrame
) -> pd.DataFrame:
    """Return the verdict on each claim that has a test of time.

    Args:
        claims: all claims.
        tests: :func:`restudy.evidence.verdicts.judge`, of tests without times.
        timed_tests: the same, of the tests of times.

    Returns:
        one row per claim, with the columns ``COLUMNS``: ``verdict`` (of all its tests together),
        ``of_times`` and ``of_counts`` (of those of times, and of the others, if there are any),
        ``reason`` (what each test found).
    """
    about = timed(claims)
    both = pd.concat([tests, timed_tests], ignore_index=True).sort_values(
        ["claim", "test"], kind="stable"
    )
    whole, times, counts = (verdicts_of(about, part) for part in (both, timed_tests, tests))
    rows = [
        (
            *(claim.id, claim.origin, claim.topic, claim.statement),
            *(whole[claim.id].status.value, times[claim.id].status.value),
            "" if all(test.timed for test in claim.tests) else counts[claim.id].status.value,
            *columns(whole[claim.id].reasons).values(),
        )
        for claim in about
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def timed_contradictions(
    claims: Sequence[Claim], verdicts: Mapping[str, Finding], judged: pd.DataFrame
) -> pd.DataFrame:
    """Return :func:`restudy.evidence.contradictions.contradictions` of claims about time.

    Args:
        claims: all claims.
        verdicts: of the ledger, by id.
        judged: :func:`timed_claims`.
    """
    found = {
        row["id"]: Finding(Status(row["verdict"]), parse(row)) for row in judged.to_dict("records")
    }
    table = contradictions(claims, {**verdicts, **found})
    return table[table["claim"].isin(found) | table["other"].isin(found)].reset_index(drop=True)


def timed(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims that have a test of time."""
    return [claim for claim in claims if any(test.timed for test in claim.tests)]


def judged_elsewhere(
    claims: Sequence[Claim], verdicts: Mapping[str, Finding], experiments: Sequence[str]
) -> dict[str, Finding]:
    """Return what the ledger says of each claim that has a test of time.

    Args:
        claims: all claims.
        verdicts: of their tests without times, by id.
        experiments: the experiments of this run.
    """
    found = {}
    for claim in timed(claims):
        missing = [
            test.subject for test in claim.tests if test.timed and test.subject not in experiments
        ]
        if missing:
            why = (reason("not_in_this_run", experiment=one) for one in dict.fromkeys(missing))
            found[claim.id] = Finding(Status.PENDING, tuple(why))
            continue
        in_part = not all(test.timed for test in claim.tests)
        others = verdicts[claim.id].reasons if in_part else ()
        found[claim.id] = Finding(
            Status.TIMED, (reason("in_timed_table", in_part=in_part), *others)
        )
    return found
