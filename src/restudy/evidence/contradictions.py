"""Claims that contradict each other: both verdicts side by side, and which our runs bear out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from tabulate import tabulate

from restudy.evidence.reasons import Finding, parse, reason_text
from restudy.evidence.schema import Claim, Contradiction
from restudy.evidence.statuses import Status, label

COLUMNS = (
    *("claim", "sources", "statement", "verdict", "found"),
    *("other", "other_sources", "other_statement", "other_verdict", "other_found"),
    *("how", "conclusion"),
)

_WORDS = {
    Status.SUPPORTED: "bear out {}",
    Status.CONTRADICTED: "speak against {}",
    Status.NO_DIFFERENCE: "show no difference that matters where {} sees one",
    Status.INCONCLUSIVE: "leave {} open",
    Status.TIMED: "judge {} by times (timed_contradictions.csv)",
    Status.PENDING: "do not judge {} yet",
    Status.NOT_TESTABLE: "cannot judge {}",
}
"""Verdict -> what our runs do with the claims that have it."""

_BOTH = {
    Status.SUPPORTED: "As tested the two do not exclude each other.",
    Status.CONTRADICTED: "As tested neither holds.",
}
"""What is said where both claims have this verdict."""


class Side(NamedTuple):
    """One of two statements that contradict each other.

    Attributes:
        id: of the claim; empty if the statement has no row of its own.
        sources, statement: who says it, and what.
        finding: the verdict on it, and what its tests found; None if the statement has no row.
    """

    id: str
    sources: str
    statement: str
    finding: Finding | None


def contradictions(claims: Sequence[Claim], verdicts: Mapping[str, Finding]) -> pd.DataFrame:
    """Put claims that contradict each other side by side.

    Args:
        claims: rows of the ledger.
        verdicts: of each claim, by id.

    Returns:
        one row per pair, with the columns ``COLUMNS``: of either side its id, sources, statement,
        verdict and what its tests found (effects with intervals); ``how`` they contradict each
        other; ``conclusion`` in words. Then those where the other side is a number or a remark of a
        source that is no claim with a row: ``other`` is empty, and ``other_statement`` what it is.
    """
    of = {claim.id: claim for claim in claims}
    paired, alone = [], []
    seen: set[frozenset[str]] = set()
    for claim, other in _contradicted(claims):
        left = _side(claim, verdicts)
        if other.claim is None:
            right = Side("", ", ".join(other.sources), other.how, None)
            alone.append(_row(left, right, other.how))
        elif (pair := frozenset((claim.id, other.claim))) not in seen:
            seen.add(pair)
            paired.append(_row(left, _side(of[other.claim], verdicts), other.how))
    return pd.DataFrame([*paired, *alone], columns=list(COLUMNS))


def statuses_in(table: pd.DataFrame) -> dict[str, Finding]:
    """Return the verdicts that a table of the ledger's claims holds, by id."""
    return {
        row["id"]: Finding(Status(row["status"]), parse(row)) for row in table.to_dict("records")
    }


def conclusion(sides: Sequence[tuple[str, str]]) -> str:
    """Say in words which of some claims our runs bear out.

    Args:
        sides: id and verdict of each.
    """
    by_verdict: dict[Status, list[str]] = {}
    for id_, verdict in sides:
        by_verdict.setdefault(Status(verdict), []).append(id_)
    # What is borne out first.
    order = sorted(by_verdict, key=lambda verdict: list(_WORDS).index(verdict))
    parts = [_WORDS[verdict].format(" and ".join(by_verdict[verdict])) for verdict in order]
    words = f"Our runs {', and '.join(parts)}."
    if len(sides) > 1 and len(by_verdict) == 1 and order[0] in _BOTH:
        words += f" {_BOTH[order[0]]}"
    return words


def side_by_side(row: Mapping[Any, str]) -> pd.DataFrame:
    """Return a row of :func:`contradictions` with a column for each side."""
    parts = {"by": "sources", "says": "statement", "verdict": "verdict", "our runs": "found"}
    titles = [row["claim"], row["other"] or "no claim of its own"]
    columns = {
        "": list(parts),
        titles[0]: [_readable(name, row[name]) for name in parts.values()],
        titles[1]: [_readable(name, row[f"other_{name}"]) for name in parts.values()],
    }
    return pd.DataFrame(columns)


def text(table: pd.DataFrame) -> str:
    """Return :func:`contradictions` as Markdown."""
    parts = ["# Claims that contradict each other\n"]
    for row in table.to_dict("records"):
        names = f"{row['claim']} and {row['other']}" if row["other"] else row["claim"]
        body = tabulate(
            side_by_side(row).replace(r"\|", r"\\|", regex=True).to_dict("list"),
            headers="keys",
            tablefmt="pipe",
            disable_numparse=True,
        )
        parts.append(f"## {names}\n\n{body}\n\n{row['conclusion']}\n")
    return "\n".join(parts)


def _contradicted(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Contradiction]]:
    for claim in claims:
        for other in claim.contradicted_by:
            yield claim, other


def _side(claim: Claim, verdicts: Mapping[str, Finding]) -> Side:
    return Side(claim.id, claim.origin, claim.statement, verdicts[claim.id])


def _row(left: Side, right: Side, how: str) -> tuple[str, ...]:
    sides = [(one.id, one.finding.status) for one in (left, right) if one.finding]
    return (
        *(left.id, left.sources, left.statement, *_told(left)),
        *(right.id, right.sources, right.statement, *_told(right)),
        *(how, conclusion(sides)),
    )


def _told(side: Side) -> tuple[str, str]:
    """Return a verdict, and what its tests found in words; empty for a statement without a row."""
    if side.finding is None:
        return "", ""
    return side.finding.status.value, reason_text(side.finding.reasons)


def _readable(column: str, text: str) -> str:
    return label(text) if column == "verdict" else text
