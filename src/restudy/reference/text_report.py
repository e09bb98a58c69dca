"""What a run is beside the reference, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from restudy.reference.comparing import Outcome
from restudy.reference.judging import ALPHA, Judgement

_SHOWN = 20
_HEADS = {
    Outcome.EQUAL: "equal",
    Outcome.CLOSE: "close",
    Outcome.INSIDE: "inside",
    Outcome.OUTSIDE: "outside",
    Outcome.DIFFERENT: "different",
    Outcome.OPEN: "open",
    Outcome.FOLLOWS: "follows",
    Outcome.MISSING: "missing",
    Outcome.NEW: "new",
}
_NAMED = (
    (Outcome.DIFFERENT, "Different"),
    (Outcome.MISSING, "Missing"),
    (Outcome.NEW, "New, and not judged"),
    (Outcome.OUTSIDE, "Outside the 95% interval, which by itself may be chance"),
    (Outcome.OPEN, "Another number, but no spread over seeds to judge it by"),
)
_LEGEND = """\
equal: to the bit. close: within the table's tolerance. inside, outside: of the 95% interval for
the mean of as many more runs. different: beyond chance. open: no spread to judge by.
follows: words or counts made of rows that are judged. Times are not compared."""


def tell(found: Judgement, *, whole: bool = False) -> str:
    """Return a table of outcomes, the rows that differ by name, and a conclusion.

    Args:
        found: the judgement.
        whole: name all rows; without it the first 20 of each outcome.
    """
    parts = [_counts(found.rows), _LEGEND]
    for outcome, title in _NAMED:
        rows = found.rows[found.rows["outcome"] == outcome.value].sort_values(
            "p", kind="stable", na_position="first"
        )
        parts += _list(title, [_line(row) for row in rows.to_dict("records")], whole=whole)
    changed = found.rows[found.rows["changed"].fillna("") != ""]
    lines = [f"{row['table']} [{row['row']}] {row['changed']}" for _, row in changed.iterrows()]
    parts += _list("Verdicts that changed", lines, whole=whole)
    return "\n\n".join([*parts, "\n".join(_conclusion(found))])


def _counts(rows: pd.DataFrame) -> str:
    names = rows["table"].str.replace(r"^.*/", "*/", regex=True)
    counts = pd.crosstab(names, rows["outcome"])
    counts = counts.reindex(columns=[outcome.value for outcome in _HEADS], fill_value=0)
    counts.loc["all"] = counts.sum()
    lines = [f"{'table':20}{'rows':>7}" + "".join(f"{head:>10}" for head in _HEADS.values())]
    for name, row in counts.iterrows():
        numbers = "".join(f"{value:>10,}" if value else f"{'.':>10}" for value in row)
        lines.append(f"{name:20}{row.sum():>7,}{numbers}")
    return "\n".join(lines)


def _list(title: str, lines: list[str], *, whole: bool) -> Iterator[str]:
    if not lines:
        return
    shown = lines if whole else lines[:_SHOWN]
    more = [f"  and {len(lines) - len(shown):,} more (--all names them)"]
    rest = more if len(shown) < len(lines) else []
    yield "\n".join([f"{title} ({len(lines):,}):", *(f"  {line}" for line in shown), *rest])


def _line(row: dict[Any, Any]) -> str:
    words = f"{row['table']} [{row['row']}]"
    if isinstance(row["column"], str) and row["column"]:
        words += f" {row['column']} {row['reference'] or '-'} -> {row['own'] or '-'}"
    if pd.notna(row["low"]):
        words += f" (interval {row['low']:.6g} to {row['high']:.6g}, n {row['n']:.0f}"
        words += f", p {row['p']:.2g})" if pd.notna(row["p"]) else ")"
    return words + (f": {row['why']}" if row["why"] else "")


def _conclusion(found: Judgement) -> Iterator[str]:
    rows, excess = found.rows, found.excess
    counts = rows["outcome"].value_counts()
    if found.judged and not rows["outcome"].eq(Outcome.EQUAL.value).all():
        outside = int((rows["p"].lt(0.05) & rows["p_adjusted"].notna()).sum())
        yield (
            f"By chance: {found.judged:,} rows may differ; {outside:,} lie outside their 95% "
            f"interval, {0.05 * found.judged:,.0f} or fewer are expected."
        )
        yield (
            f"Combinations of levels: {excess.outside:,} of {excess.n:,} outside (corrected for "
            f"their metrics), {excess.expected:.1f} or fewer expected; p {excess.p:.2g}."
        )
    wrong = [
        f"{counts[outcome.value]:,} rows are {outcome.value}"
        for outcome in (Outcome.DIFFERENT, Outcome.MISSING)
        if counts.get(outcome.value, 0)
    ]
    if excess.p < ALPHA / 2:
        wrong.append("more combinations lie outside their intervals than chance puts there")
    if wrong:
        yield f"DIFFERENT: {'; '.join(wrong)}."
    elif counts.get(Outcome.EQUAL.value, 0) == len(rows):
        yield "THE SAME: every row is equal to the bit."
    else:
        yield "AGREES: all that differs can be chance or rounding."
