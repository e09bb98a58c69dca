"""The section on claims that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from restudy.evidence.contradictions import side_by_side
from restudy.report.parts import Block, Picture, Section, Table

_TABLES = "../tables"
_KEYS = ["claim", "other", "how"]


def contradictions(
    table: pd.DataFrame,
    timed: pd.DataFrame,
    pictures: Mapping[frozenset[str], Picture],
) -> Section:
    """Return the section on claims that contradict each other, each pair with its curves.

    Args:
        table: :func:`restudy.evidence.contradictions.contradictions`.
        timed: the same of claims about time, with their verdicts.
        pictures: ids of two claims -> the figure of what they disagree about.
    """
    shown = _with_times(table, timed)
    paired, alone = shown[shown["other"] != ""], shown[shown["other"] == ""]
    blocks: list[Block] = []
    if len(paired):
        overview = paired[["claim", "verdict", "other", "other_verdict", "conclusion"]]
        columns = {"other": "against", "other_verdict": "its verdict"}
        blocks.append(
            Table(
                "Each pair",
                overview.rename(columns=columns),
                badges=["verdict", "its verdict"],
                stacked=True,
            )
        )
    for row in paired.to_dict("records"):
        picture = pictures.get(frozenset((row["claim"], row["other"])))
        blocks += [picture] if picture else []
        title = f"{row['claim']} and {row['other']}"
        blocks.append(Table(title, side_by_side(row), folded=True))
    if len(alone):
        columns = {"other_statement": "against it", "other_sources": "by"}
        blocks.append(
            Table(
                "Claims that a number or a remark of a source contradicts",
                alone[["claim", "statement", *columns, "conclusion"]].rename(columns=columns),
                folded=True,
                stacked=True,
            )
        )
    return Section(
        name="contradictions",
        title="Claims that contradict each other",
        question="Where the sources, or two passages of one source, say the opposite: which of the "
        "two do our runs bear out?",
        notes="Each claim is judged by tests of its own, fixed before its runs, so both of a pair "
        "can hold, or neither. Curves are means over seeds with 95% intervals.",
        blocks=blocks,
        empty="" if blocks else "No claim of the evidence contradicts another.",
        links={
            "all of them": f"{_TABLES}/contradictions.csv",
            "for reading": f"{_TABLES}/contradictions.md",
            "those about time": f"{_TABLES}/timed_contradictions.csv",
        },
    )


def _with_times(table: pd.DataFrame, timed: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the rows of claims about time as the times decide them."""
    shown = table.set_index(_KEYS)
    shown.update(timed.set_index(_KEYS))
    return shown.reset_index()[list(table.columns)]
