"""What the paper says of the mistakes, and of settings that the sources leave out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.evidence.contrasts import count_signs
from restudy.evidence.judging import counted
from restudy.evidence.reasons import reason_text
from restudy.evidence.statuses import Status, label
from restudy.report.paper.words import agree, amount, brief, estimate, joined, sentence

NUMBERS = 26
"""How many numbers with a mistake and without a page holds."""

_SAID = (
    (Status.EFFECT_CONFIRMED, "changes a number of ours", "change a number of ours"),
    (
        Status.NO_EFFECT_FOUND,
        "changes none by more than the seeds do",
        "change none by more than the seeds do",
    ),
    (
        Status.ASSESSED,
        "is told of by claims, printed numbers or searches",
        "are told of by claims, printed numbers or searches",
    ),
    (Status.WORDING_ONLY, "is of wording only", "are of wording only"),
    (Status.NOT_TESTABLE, "cannot be shown by such runs", "cannot be shown by such runs"),
    (Status.PENDING, "is not looked into yet", "are not looked into yet"),
)


def outcome(errata: pd.DataFrame, where: str = "") -> str:
    """Say in a sentence what became of the mistakes.

    Args:
        errata: the ledger's table of errata.
        where: they were found, such as ``in`` and the source's id.
    """
    counts, place = Counter(errata["status"]), f" {where}" if where else ""
    if not len(errata):
        return sentence(f"no mistakes{place} are listed")
    found = [agree(counts.pop(status), one, many) for status, one, many in _SAID if counts[status]]
    found += [
        agree(n, f"is {label(name)}", f"are {label(name)}")
        for name, n in sorted(counts.items())
        if n
    ]
    every = amount(len(errata), "mistake")
    return sentence(f"of the {every} that were found{place}, {joined(found)}")


def signs(contrasts: pd.DataFrame) -> str:
    """Say how many differences of two printed numbers keep their sign over our seeds.

    Nothing if none was looked at.

    Args:
        contrasts: :func:`restudy.evidence.contrasts.contrast_table`.
    """
    return (
        sentence(reason_text([count_signs(contrasts)])) if (contrasts["sign"] != "").any() else ""
    )


def effects(errata: pd.DataFrame, shown: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row for each mistake that changes a number: what is wrong, and these numbers.

    Args:
        errata: the ledger's table of errata.
        shown: :func:`restudy.evidence.demonstrations.demonstrate`.
    """
    judging = counted(shown)
    differs = judging[(judging["low"] > 0) | (judging["high"] < 0)]
    return [
        {
            "id": row["id"],
            "severity": row["severity"],
            "wrong": row["what_is_wrong"],
            "numbers": [_numbers(one) for one in own.to_dict("records")],
        }
        for row in errata.to_dict("records")
        for own in [differs[differs["erratum"] == row["id"]]]
        if len(own)
    ]


def gravest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the mistakes of high severity among :func:`effects`, as many as a page holds."""
    high = [row for row in rows if row["severity"] == "high"] or list(rows)
    sizes = itertools.accumulate(len(row["numbers"]) for row in high)
    return [row for row, size in zip(high, sizes, strict=True) if size <= NUMBERS]


def puzzles(conclusions: pd.DataFrame) -> list[dict[str, str]]:
    """Return the title and conclusion of each search that came to one."""
    told = conclusions[
        conclusions[["compatible", "ruled_out"]].apply(pd.to_numeric).sum(axis=1) > 0
    ]
    return [
        {name: str(row[name]) for name in ("puzzle", "source", "title", "conclusion")}
        for row in told.to_dict("records")
    ]


def open_puzzles(conclusions: pd.DataFrame) -> str:
    """Say which searches have come to nothing yet; nothing if all have."""
    done = {row["puzzle"] for row in puzzles(conclusions)}
    waiting = [name for name in conclusions["puzzle"] if name not in done]
    if not waiting:
        return ""
    verb = "is" if len(waiting) == 1 else "are"
    return sentence(f"not yet known {verb} the {_answers(len(waiting))} to {joined(waiting)}")


def _answers(n: int) -> str:
    return "answer" if n == 1 else "answers"


def _numbers(row: dict[Any, Any]) -> dict[str, str]:
    ends = (float(row[name]) for name in ("difference", "low", "high"))
    difference, interval = estimate(*ends, signed=True)
    return {
        "what": str(row["what"]),
        "published": brief(float(row["as_published"]), 4),
        "corrected": brief(float(row["corrected"]), 4),
        "difference": difference,
        "interval": interval,
        "n": f"{row['n']:.0f}",
    }
