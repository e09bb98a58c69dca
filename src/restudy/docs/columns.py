"""The columns of the tables in ``docs/results.md``, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from restudy.experiments.tables import evidence_tables
from restudy.results.declarations import RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Column, Table

PAGE = Path("docs/results.md")
EVIDENCE, STUDY, RUNS = "tables of evidence", "tables of studies", "tables of runs"
"""The blocks of the page."""


def made() -> dict[str, str]:
    """Return the content of each block."""
    return {
        EVIDENCE: _tables(evidence_tables().values(), "csv"),
        STUDY: _tables(STUDY_TABLES.values(), "csv"),
        RUNS: _tables(RUN_TABLES.values(), "parquet"),
    }


def _tables(tables: Iterable[Table], suffix: str) -> str:
    return "\n\n".join(_table(table, suffix) for table in tables)


def _table(table: Table, suffix: str) -> str:
    columns = [*([table.others] if table.others else []), *table.columns]
    head = f"**`{table.name}.{suffix}`**: one row per {table.row}.\n"
    lines = ["| column | type | |", "|---|---|---|", *map(_column, columns)]
    return "\n".join([head, *lines])


def _column(column: Column) -> str:
    meaning = f"{column.meaning} ({column.unit})" if column.unit else column.meaning
    return f"| `{column.name}` | {column.type.value} | {meaning} |"
