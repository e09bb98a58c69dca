"""Our value of each row that has exactly one, which no seed changes: the project computes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from restudy.data.load import PreparedData
from restudy.evidence import facts
from restudy.evidence.schema import Published


class Exact(NamedTuple):
    """A value that no seed changes.

    Attributes:
        ours: the value, as text.
        with_bug: what it is with the mistake that the source must have made, if there is one.
        note: what is to be known about it.
    """

    ours: str
    with_bug: str = ""
    note: str = ""


def facts_table(rows: Iterable[Published], data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Compute the facts that rows name.

    Args:
        rows: the rows of ``published.yaml``.
        data: name -> prepared data set; facts about others are left out.

    Returns:
        ``id`` (of the row), ``fact``, ``ours`` (text).
    """
    named = {row.id: row.fact for row in rows if row.fact is not None}
    found = facts.compute(list(named.values()), data)
    records = [(id_, fact, found[fact]) for id_, fact in named.items() if fact in found]
    return pd.DataFrame(records, columns=["id", "fact", "ours"])


def exact_values(of_facts: pd.DataFrame, tables: Iterable[pd.DataFrame]) -> dict[str, Exact]:
    """Put facts and the values of the project's tables together, by id.

    Args:
        of_facts: a :func:`facts_table`.
        tables: those that the project declares, read as text; one without the columns ``id`` and
            ``ours`` gives no values. See :class:`restudy.experiments.declaration.Table`.
    """
    found = {row["id"]: Exact(row["ours"]) for row in of_facts.to_dict("records")}
    for table in tables:
        if {"id", "ours"} <= set(table.columns):
            for row in table.to_dict("records"):
                found[row["id"]] = Exact(row["ours"], row.get("with_bug", ""), row.get("note", ""))
    return found
