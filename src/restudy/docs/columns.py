"""Tables of ``docs/results.md`` and ``docs/data.md``, from columns, probes and data sets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from restudy.config.diagnostics import PROBES
from restudy.data.registry import DATASETS
from restudy.results.declarations import EVIDENCE_TABLES, RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Column, Table

PAGE = Path("docs/results.md")
EVIDENCE, STUDY, RUNS = "tables of evidence", "tables of studies", "tables of runs"
PROBES_BLOCK = "metrics of probes"
"""The blocks of the page."""

DATA_PAGE = Path("docs/data.md")
DATA_BLOCK = "data sets"


def made() -> dict[str, str]:
    """Return the content of each block."""
    return {
        EVIDENCE: _tables(EVIDENCE_TABLES.values(), "csv"),
        STUDY: _tables(STUDY_TABLES.values(), "csv"),
        RUNS: _tables(RUN_TABLES.values(), "parquet"),
        PROBES_BLOCK: _probes(),
    }


def _probes() -> str:
    lines = ["| probe | metric | |", "|---|---|---|"]
    for name, probe in PROBES.items():
        for metric, about in probe.metrics.items():
            when = "; once, at the end" if probe.at_end else ""
            lines.append(f"| `{name}` | `{metric}` | {about.meaning}{when} |")
    return "\n".join(lines)


def data_sets() -> str:
    """Return the tables of the data sets and of the checksums of their raw files."""
    sets = [
        "| name | task | rows for training and validation | inputs | licence |",
        "|---|---|---|---|---|",
    ]
    files = ["| raw file in the cache | SHA-256 |", "|---|---|"]
    for one in DATASETS.values():
        task = f"{one.classes} classes" if one.classes else one.task
        cells = [f"`{one.name}`", task, f"{one.train_rows:,}", f"{one.inputs:,}", one.licence]
        sets.append(f"| {' | '.join(cells)} |")
        files += [f"| `{one.name}/{file.name}` | `{file.sha256}` |" for file in one.files]
    return "\n".join([*sets, "", *files])


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
