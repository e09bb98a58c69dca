"""The section on what the sources leave out."""

from __future__ import annotations

import pandas as pd

from restudy.evidence.reasons import texts
from restudy.report.parts import LONG, Block, Section, Table

_TABLES = "../tables"


def puzzles(conclusions: pd.DataFrame, candidates: pd.DataFrame) -> Section:
    """Return the section on settings that the sources leave out.

    Args:
        conclusions: :func:`restudy.evidence.forensics_tables.conclusions`.
        candidates: :func:`restudy.evidence.forensics_tables.forensics_table`.
    """
    blocks: list[Block] = []
    if len(conclusions):
        columns = ["puzzle", "source", "question", "conclusion"]
        blocks.append(Table("What is left", conclusions[columns], anchor="puzzle", stacked=True))
    candidates = candidates.assign(because=texts(candidates))
    verdicts = candidates.drop_duplicates(["puzzle", "candidate"])
    for puzzle, rows in verdicts.groupby("puzzle", sort=False):
        blocks.append(
            Table(
                f"{puzzle}: the candidates",
                rows[["candidate", "verdict", "because"]],
                folded=True,
                badges=["verdict"],
                filters=["verdict"] if len(rows) > LONG else [],
                stacked=True,
                on_paper=False,
            )
        )
    return Section(
        name="puzzles",
        title="Puzzles: what the sources leave out",
        question="Which settings, or which data, could have given what the sources print?",
        notes="Declared searches. A candidate is ruled out if a number that it must give lies "
        "outside the interval for one more run of ours; the right one, if it was searched, is kept "
        "in 95% of cases or more.",
        blocks=blocks,
        empty="" if blocks else "The evidence has no puzzles (config/evidence/forensics.yaml).",
        links={
            "conclusions": f"{_TABLES}/puzzles.csv",
            "every number of every candidate": f"{_TABLES}/forensics.csv",
        },
    )
