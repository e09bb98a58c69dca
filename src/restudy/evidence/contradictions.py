"""Claims that contradict each other: both verdicts side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from tabulate import tabulate

from restudy.evidence.reasons import Finding, parse, reason_text
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status, label
from restudy.results.table_files import make_table

_WORDS = {
    Status.SUPPORTED: "support {}",
    Status.CONTRADICTED: "contradict {}",
    Status.NO_DIFFERENCE: "show no meaningful difference for {}",
    Status.INCONCLUSIVE: "leave {} open",
    Status.TIMED: "decide {} by times (timed_contradictions.csv)",
    Status.PENDING: "do not test {} yet",
    Status.NOT_TESTABLE: "cannot test {}",
}
"""Verdict -> what our runs do with the claims that have it."""

_BOTH = {
    Status.SUPPORTED: " As tested the two do not exclude each other.",
    Status.CONTRADICTED: " As tested neither holds.",
}
"""What is added where both claims have this verdict."""


def contradictions(claims: Sequence[Claim], verdicts: Mapping[str, Finding]) -> pd.DataFrame:
    """Return the table ``contradictions``: claims that contradict each other, with their verdicts.

    Args:
        claims: rows of the catalogue.
        verdicts: of each claim, by id.

    Returns:
        one row per pair. Then those where the other side is a number or a remark of a source that
        is no claim with a row: ``other`` is empty, and ``other_statement`` what it is.
    """
    by_id = {claim.id: claim for claim in claims}
    paired: dict[frozenset[str], dict[str, str]] = {}
    alone = []
    for claim in claims:
        for other in claim.contradicted_by:
            row = _side(claim, verdicts) | {"how": other.how}
            if other.claim is None:
                stated = {"sources": ", ".join(other.sources), "statement": other.how}
                alone.append(row | _other({"claim": "", "verdict": "", **stated}))
            else:
                second = _side(by_id[other.claim], verdicts)
                paired.setdefault(frozenset((claim.id, other.claim)), row | _other(second))
    return make_table("contradictions", [*paired.values(), *alone])


def findings_in(table: pd.DataFrame, column: str = "status") -> dict[str, Finding]:
    """Return the verdicts that a table of claims holds in a column, with their reasons, by id."""
    return {row["id"]: Finding(Status(row[column]), parse(row)) for row in table.to_dict("records")}


def conclusion(row: Mapping[Any, str]) -> str:
    """Return in words which claims of a row of :func:`contradictions` our runs support."""
    by_verdict: dict[Status, list[str]] = {}
    for side in ("", "other_"):
        if verdict := row[f"{side}verdict"]:
            by_verdict.setdefault(Status(verdict), []).append(row["other" if side else "claim"])
    parts = [
        _WORDS.get(verdict, f"find {{}} {verdict.label}").format(" and ".join(by_verdict[verdict]))
        for verdict in sorted(by_verdict, key=lambda one: one.order)
    ]
    [first, *others] = by_verdict
    both = "" if others or not row["other"] else _BOTH.get(first, "")
    return f"Our runs {', and '.join(parts)}.{both}"


def side_by_side(row: Mapping[Any, str], findings: Mapping[str, Finding]) -> pd.DataFrame:
    """Return a row of :func:`contradictions` with a column for each side.

    Args:
        row: the row.
        findings: verdicts on claims with their reasons, by id.
    """
    columns: dict[str, list[str]] = {"": ["by", "says", "verdict", "our runs"]}
    for side, id_ in (("", row["claim"]), ("other_", row["other"])):
        finding = findings.get(id_)
        columns[id_ or "no claim of its own"] = [
            *(row[f"{side}sources"], row[f"{side}statement"], label(row[f"{side}verdict"])),
            reason_text(finding.reasons) if finding else "",
        ]
    return pd.DataFrame(columns)


def to_text(table: pd.DataFrame, findings: Mapping[str, Finding]) -> str:
    """Return :func:`contradictions` as Markdown."""
    parts = ["# Claims that contradict each other\n"]
    for row in table.to_dict("records"):
        names = f"{row['claim']} and {row['other']}" if row["other"] else row["claim"]
        sides = side_by_side(row, findings).replace(r"\|", r"\\|", regex=True).to_dict("list")
        body = tabulate(sides, headers="keys", tablefmt="pipe", disable_numparse=True)
        parts.append(f"## {names}\n\n{body}\n\n{conclusion(row)}\n")
    return "\n".join(parts)


def _side(claim: Claim, verdicts: Mapping[str, Finding]) -> dict[str, str]:
    return {
        "claim": claim.id,
        "sources": claim.origin,
        "statement": claim.statement,
        "verdict": verdicts[claim.id].status.value,
    }


def _other(side: Mapping[str, str]) -> dict[str, str]:
    return {"other" if name == "claim" else f"other_{name}": value for name, value in side.items()}
