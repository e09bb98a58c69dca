"""Result tables of a run, and their rows as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH, interval, number
from restudy.evidence.contradictions import conclusion
from restudy.evidence.reasons import parse, reason_parts, reason_text
from restudy.report.view.model import Folded, Table

Tables = Mapping[str, pd.DataFrame]
"""Result tables with their declared types, such as ``published`` or ``grid/summary``."""


def of_source(table: pd.DataFrame, source: str | None) -> pd.DataFrame:
    """Return the rows of a source, or all; a row may have several sources."""
    if source is None:
        return table
    own = [source in ids.split(", ") for ids in table["source"]]
    return table[pd.Series(own, index=table.index, dtype=bool)]


def named(tables: Tables, suffix: str) -> dict[str, pd.DataFrame]:
    """Return a table that several studies have, by study."""
    end = f"/{suffix}"
    return {name.removesuffix(end): rows for name, rows in tables.items() if name.endswith(end)}


def decided_contradictions(tables: Tables) -> pd.DataFrame:
    """Return contradictions with their conclusions; measured times decide those about time."""
    keys = ["claim", "other", "how"]
    table = tables["contradictions"]
    decided = table.set_index(keys)
    decided.update(tables["timed_contradictions"].set_index(keys))
    decided = decided.reset_index()[list(table.columns)]
    return decided.assign(conclusion=[conclusion(row) for row in decided.to_dict("records")])


def as_texts(frame: pd.DataFrame) -> Table:
    """Return a table with the texts that people read."""
    rows = frame.itertuples(index=False, name=None)
    return Table(
        columns=tuple(map(str, frame.columns)),
        rows=tuple(tuple(map(cell, row)) for row in rows),
    )


def cell(value: Any) -> str | Folded:
    """Return a value as people read it."""
    if isinstance(value, Folded):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return DASH if value is None or value is pd.NA else str(value)


def interval_columns(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return the interval of a difference, and its number of runs."""
    return {"95%": interval(row["ci_low"], row["ci_high"], signed=True), "n": f"{row['n']:.0f}"}


def reasons(row: Mapping[Any, Any], summary: str, longest: int = 60) -> Folded | str:
    """Return the reasons of a row in words; folded if they have more letters than ``longest``."""
    found = parse(row)
    text = reason_text(found)
    if len(text) > longest:
        return Folded(summary=summary, lines=reason_parts(found))
    return text or DASH
