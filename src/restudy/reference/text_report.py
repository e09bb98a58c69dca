"""The text that compares a run with the reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from restudy.reference.classify_differences import EACH, Comparison
from restudy.reference.compare_tables import Outcome

_SHOWN = 20
_LISTED = (Outcome.DIFFERENT, Outcome.MISSING, Outcome.NEW, Outcome.OUTSIDE, Outcome.OPEN)
_LEGEND = """\
equal: to the bit. close: within the table's tolerance. inside, outside: of the 95% interval for
the mean of as many more runs. different: beyond chance. open: no spread to judge by.
follows: words or counts made of rows that are judged. Times are not compared."""


def report(found: Comparison, *, whole: bool = False) -> str:
    """Return a table of outcomes, the rows that differ by name, and a conclusion.

    Args:
        found: the comparison.
        whole: whether all rows are named; otherwise the first 20 of each outcome.
    """
    parts = [_counts(found.rows), _LEGEND]
    for outcome in _LISTED:
        rows = found.rows[found.rows["outcome"] == outcome]
        rows = rows.sort_values("p", kind="stable", na_position="first")
        parts += _list(
            outcome.heading, [_line(row) for row in rows.to_dict("records")], whole=whole
        )
    changed = found.rows[found.rows["changed"].fillna("") != ""]
    lines = [f"{row['table']} [{row['row']}] {row['changed']}" for _, row in changed.iterrows()]
    parts += _list("Verdicts that changed", lines, whole=whole)
    return "\n\n".join([*parts, "\n".join(_conclusion(found))])


def _counts(rows: pd.DataFrame) -> str:
    names = rows["table"].str.replace(r"^.*/", "*/", regex=True)
    counts = pd.crosstab(names, rows["outcome"]).reindex(columns=list(Outcome), fill_value=0)
    counts.loc["all"] = counts.sum()
    lines = [f"{'table':20}{'rows':>7}" + "".join(f"{one.head:>10}" for one in Outcome)]
    for name, row in counts.iterrows():
        numbers = "".join(f"{value:>10,}" if value else f"{'.':>10}" for value in row)
        lines.append(f"{name:20}{row.sum():>7,}{numbers}")
    return "\n".join(lines)


def _list(title: str, lines: list[str], *, whole: bool) -> Iterator[str]:
    if not lines:
        return
    shown = lines if whole else lines[:_SHOWN]
    if rest := len(lines) - len(shown):
        shown = [*shown, f"and {rest:,} more (--all names them)"]
    yield "\n".join([f"{title} ({len(lines):,}):", *(f"  {line}" for line in shown)])


def _line(row: dict[Any, Any]) -> str:
    text = f"{row['table']} [{row['row']}]"
    if isinstance(row["column"], str) and row["column"]:
        text += f" {row['column']} {row['reference'] or '-'} -> {row['own'] or '-'}"
    if pd.notna(row["ci_low"]):
        text += f" (interval {row['ci_low']:.6g} to {row['ci_high']:.6g}, n {row['n']:.0f}"
        text += f", p {row['p']:.2g})" if pd.notna(row["p"]) else ")"
    return text + (f": {row['why']}" if row["why"] else "")


def _conclusion(found: Comparison) -> Iterator[str]:
    rows, excess = found.rows, found.excess
    counts = rows["outcome"].value_counts()
    equal = counts.get(Outcome.EQUAL, 0) == len(rows)
    if found.n_tested and not equal:
        outside = int((rows["p"].lt(0.05) & rows["p_adjusted"].notna()).sum())
        yield (
            f"By chance: {found.n_tested:,} rows may differ; {outside:,} lie outside their 95% "
            f"interval, {0.05 * found.n_tested:,.0f} or fewer are expected."
        )
        yield (
            f"Combinations of levels: {excess.outside:,} of {excess.n:,} outside (corrected for "
            f"their metrics), {excess.expected:.1f} or fewer expected; p {excess.p:.2g}."
        )
    wrong = [
        f"{counts[outcome]:,} rows are {outcome}"
        for outcome in (Outcome.DIFFERENT, Outcome.MISSING)
        if counts.get(outcome, 0)
    ]
    if excess.p < EACH:
        wrong.append("more combinations lie outside their intervals than chance puts there")
    if wrong:
        yield f"DIFFERENT: {'; '.join(wrong)}."
    elif equal:
        yield "THE SAME: every row is equal to the bit."
    else:
        yield "AGREES: all that differs can be chance or rounding."
