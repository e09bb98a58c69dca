"""What the page says of claims that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from restudy.evidence.contradictions import side_by_side
from restudy.report.page import Picture, Section, Table

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
    paired = shown[shown["other"] != ""]
    overview = paired[["claim", "verdict", "other", "other_verdict", "conclusion"]]
    tables = [
        Table(
            "Each pair", overview.rename(columns={"other": "against", "other_verdict": "verdict"})
        )
    ]
    tables += [
        Table(
            f"{row['claim']} and {row['other']}",
            side_by_side(row),
            picture=pictures.get(frozenset((row["claim"], row["other"]))),
        )
        for row in paired.to_dict("records")
    ]
    alone = shown[shown["other"] == ""]
    columns = {"other_statement": "against it", "other_sources": "by"}
    tables.append(
        Table(
            "Claims that a number or a remark of a source contradicts",
            alone[["claim", "statement", *columns, "conclusion"]].rename(columns=columns),
            folded=True,
        )
    )
    return Section(
        name="contradictions",
        title="Claims that contradict each other",
        question="Where the sources, or two passages of one source, say the opposite: which of the "
        "two do our runs bear out?",
        notes="Each claim is judged by tests of its own, fixed before its runs, so both of a pair "
        "can hold, or neither. Curves are means over seeds with 95% intervals.",
        tables=tables,
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
