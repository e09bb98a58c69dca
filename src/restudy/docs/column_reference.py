"""The columns of the tables in ``docs/results.md``, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from restudy.results.declarations import EVIDENCE_TABLES, RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Table

PAGE = Path("docs/results.md")


def column_blocks() -> dict[str, str]:
    """Return the content of each block of the page."""
    return {
        "tables of evidence": _tables(EVIDENCE_TABLES.values(), "csv"),
        "tables of studies": _tables(STUDY_TABLES.values(), "csv"),
        "tables of runs": _tables(RUN_TABLES.values(), "parquet"),
    }


def _tables(tables: Iterable[Table], suffix: str) -> str:
    return "\n\n".join(_table(table, suffix) for table in tables)


def _table(table: Table, suffix: str) -> str:
    columns = [*([table.others] if table.others else []), *table.columns]
    lines = [
        f"**`{table.name}.{suffix}`**: one row per {table.row}.\n",
        "| column | type | |",
        "|---|---|---|",
    ]
    for column in columns:
        unit = f" ({column.unit})" if column.unit else ""
        lines.append(f"| `{column.name}` | {column.type.value} | {column.meaning}{unit} |")
    return "\n".join(lines)
