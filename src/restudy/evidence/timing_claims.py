"""Claims about time: judged like all others, but in tables of their own.

Timings vary between runs; all other tables are bit-identical. So no table but these depends on a
measured time: ``claims.csv`` has for a claim with a test of time only that it is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from restudy.evidence.contradictions import contradictions, findings_in
from restudy.evidence.reasons import Finding, columns, reason
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import verdicts_of
from restudy.results.table_files import make_table

CLAIMS = "timed_claims.csv"
TABLES = ("timed_claim_tests.csv", CLAIMS, "timed_contradictions.csv")
"""The tables that are not the same twice."""


def timed_claims(
    claims: Sequence[Claim], tests: pd.DataFrame, timed_tests: pd.DataFrame
) -> pd.DataFrame:
    """Return the table ``timed_claims``: the verdict on each claim that has a test of time.

    Args:
        claims: all claims.
        tests: :func:`restudy.evidence.verdicts.evaluate_tests`, of tests without times.
        timed_tests: the same, of the tests of times.
    """
    about = _timed(claims)
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
    return make_table("timed_claims", rows)


def timed_contradictions(
    claims: Sequence[Claim], verdicts: Mapping[str, Finding], judged: pd.DataFrame
) -> pd.DataFrame:
    """Return :func:`restudy.evidence.contradictions.contradictions` of claims about time.

    Args:
        claims: all claims.
        verdicts: of the catalogue, by id.
        judged: :func:`timed_claims`.
    """
    found = findings_in(judged, "verdict")
    table = contradictions(claims, {**verdicts, **found})
    return table[table["claim"].isin(found) | table["other"].isin(found)].reset_index(drop=True)


def untimed_findings(
    claims: Sequence[Claim], verdicts: Mapping[str, Finding], experiments: Sequence[str]
) -> dict[str, Finding]:
    """Return the finding in ``claims.csv`` on each claim that has a test of time.

    Args:
        claims: all claims.
        verdicts: of their tests without times, by id.
        experiments: the experiments of this run.
    """
    found = {}
    for claim in _timed(claims):
        timed = dict.fromkeys(test.subject for test in claim.tests if test.timed)
        if missing := [name for name in timed if name not in experiments]:
            why = (reason("not_in_this_run", experiment=name) for name in missing)
            found[claim.id] = Finding(Status.PENDING, tuple(why))
            continue
        in_part = not all(test.timed for test in claim.tests)
        others = verdicts[claim.id].reasons if in_part else ()
        found[claim.id] = Finding(
            Status.TIMED, (reason("in_timed_table", in_part=in_part), *others)
        )
    return found


def _timed(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims that have a test of time."""
    return [claim for claim in claims if any(test.timed for test in claim.tests)]
