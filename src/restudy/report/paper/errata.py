"""What the paper says of the mistakes, and of settings that the sources leave out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from restudy.common.text_format import brief, estimate, joined, sentence
from restudy.evidence.printed_differences import count_signs
from restudy.evidence.reasons import reason_text
from restudy.evidence.search_tables import conclusion
from restudy.evidence.verdicts import confirmatory_rows
from restudy.report.view.model import View

NUMBERS = 26
"""How many numbers with a mistake and without a page holds."""


def signs(view: View) -> str:
    """Return how many differences of two published numbers keep their sign over our seeds.

    Empty if none was compared.
    """
    contrasts = view.frame("printed_differences")
    compared = (contrasts["sign"] != "").any()
    return sentence(reason_text([count_signs(contrasts)])) if compared else ""


def effects(view: View) -> list[dict[str, Any]]:
    """Return a row for each mistake that changes a number: what is wrong, and these numbers."""
    shown = confirmatory_rows(view.frame("erratum_effects"))
    differs = shown[(shown["ci_low"] > 0) | (shown["ci_high"] < 0)]
    return [
        {
            "id": row["id"],
            "severity": row["severity"],
            "wrong": row["what_is_wrong"],
            "numbers": [_numbers(one) for one in own.to_dict("records")],
        }
        for row in view.frame("errata").to_dict("records")
        for own in [differs[differs["erratum"] == row["id"]]]
        if len(own)
    ]


def most_severe(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the mistakes of high severity among :func:`effects`, as many as a page holds."""
    high = [row for row in rows if row["severity"] == "high"] or list(rows)
    sizes = itertools.accumulate(len(row["numbers"]) for row in high)
    return [row for row, size in zip(high, sizes, strict=True) if size <= NUMBERS]


def searches(view: View) -> list[dict[Any, Any]]:
    """Return the title and conclusion of each search that came to one."""
    table = view.frame("configuration_searches")
    done = table[table["compatible"] + table["ruled_out"] > 0]
    return [
        {name: row[name] for name in ("search", "source", "title")}
        | {"conclusion": conclusion(row)}
        for row in done.to_dict("records")
    ]


def open_searches(view: View) -> str:
    """Return which searches have come to nothing yet; empty if all have."""
    done = {row["search"] for row in searches(view)}
    waiting = [name for name in view.frame("configuration_searches")["search"] if name not in done]
    if not waiting:
        return ""
    verb, noun = ("is", "answer") if len(waiting) == 1 else ("are", "answers")
    return sentence(f"not yet known {verb} the {noun} to {joined(waiting)}")


def _numbers(row: dict[Any, Any]) -> dict[str, str]:
    ends = (float(row[name]) for name in ("difference", "ci_low", "ci_high"))
    difference, interval = estimate(*ends, signed=True)
    return {
        "what": str(row["description"]),
        "published": brief(float(row["as_published"]), 4),
        "corrected": brief(float(row["corrected"]), 4),
        "difference": difference,
        "interval": interval,
        "n": f"{row['n']:.0f}",
    }
