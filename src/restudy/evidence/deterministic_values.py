"""Values that no training decides, such as sizes of data sets: those that the project computes.

A row of ``published.yaml`` names its fact as ``group.name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from restudy.experiments.project import project

if TYPE_CHECKING:
    import pandas as pd

    from restudy.data.load import PreparedData
    from restudy.evidence.schema import Published


class DeterministicValue(NamedTuple):
    """A value that no seed changes.

    Attributes:
        ours: the value, as text.
        with_bug: what it is with the mistake that the source must have made, if there is one.
        note: a remark.
    """

    ours: str
    with_bug: str = ""
    note: str = ""


def fact_names() -> list[str]:
    """Return the names of all facts, as rows have them."""
    return [f"{group.name}.{name}" for group in project().facts.values() for name in group.names]


def fact_datasets(facts: Iterable[str]) -> list[str]:
    """Return the data sets that some facts are about, sorted."""
    needed = {project().facts[fact.partition(".")[0]].dataset for fact in facts}
    return sorted(name for name in needed if name is not None)


def facts_table(rows: Iterable[Published], data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Return the table ``facts``: the facts that rows name, as a source prints them.

    Args:
        rows: the rows of ``published.yaml``.
        data: name -> prepared data set; facts about others are left out.
    """
    from restudy.results.table_files import make_table

    named = {row.id: row.fact for row in rows if row.fact is not None}
    found: dict[str, str] = {}
    for name in dict.fromkeys(fact.partition(".")[0] for fact in named.values()):
        group = project().facts[name]
        if group.dataset is None or group.dataset in data:
            arguments = [] if group.dataset is None else [data[group.dataset]]
            computed = project().function(group)(*arguments)
            found |= {f"{name}.{key}": value for key, value in computed.items()}
    rows_ = ((id_, fact, found[fact]) for id_, fact in named.items() if fact in found)
    return make_table("facts", rows_)


def deterministic_values(
    facts: pd.DataFrame, tables: Iterable[pd.DataFrame]
) -> dict[str, DeterministicValue]:
    """Return the facts and the values of the project's tables, by id.

    Args:
        facts: a :func:`facts_table`.
        tables: those that the project declares, read as text; one without the columns ``id`` and
            ``ours`` gives no values. See :class:`restudy.experiments.declaration.Table`.
    """
    return {
        row["id"]: DeterministicValue(*(row.get(name, "") for name in DeterministicValue._fields))
        for table in (facts, *tables)
        if {"id", "ours"} <= set(table.columns)
        for row in table.to_dict("records")
    }
