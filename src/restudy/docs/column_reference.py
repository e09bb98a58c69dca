"""Tables of ``docs/results.md`` and ``docs/data.md``, from their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from restudy.config.diagnostics import PROBES
from restudy.config.figures import FIGURE_KINDS
from restudy.data.registry import DATASETS
from restudy.experiments.tables import evidence_tables
from restudy.results.declarations import RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Table

PAGE, DATA_PAGE = Path("docs/results.md"), Path("docs/data.md")


def column_blocks() -> dict[str, str]:
    """Return the content of each block of the page."""
    return {
        "tables of evidence": _tables(evidence_tables().values(), "csv"),
        "tables of studies": _tables(STUDY_TABLES.values(), "csv"),
        "tables of runs": _tables(RUN_TABLES.values(), "parquet"),
        "metrics of diagnostics": _diagnostics(),
        "kinds of figures": _figure_kinds(),
    }


def data_blocks() -> dict[str, str]:
    """Return the content of each block of the page about data."""
    return {"data sets": _data_sets()}


def _diagnostics() -> str:
    lines = ["| diagnostic | metric | |", "|---|---|---|"]
    for name, diagnostic in PROBES.items():
        for metric, about in diagnostic.metrics.items():
            when = "; once, at the end" if diagnostic.at_end else ""
            lines.append(f"| `{name}` | `{metric}` | {about.meaning}{when} |")
    return "\n".join(lines)


def _figure_kinds() -> str:
    rows = (f"| `{name}` | {kind.columns} |" for name, kind in FIGURE_KINDS.items())
    return "\n".join(["| kind | columns of the CSV |", "|---|---|", *rows])


def _data_sets() -> str:
    """Return the tables of the data sets and of the checksums of their raw files."""
    sets = [
        "| name | task | rows for training and validation | inputs | licence |",
        "|---|---|---|---|---|",
    ]
    files = ["| raw file in the cache | SHA-256 |", "|---|---|"]
    for one in DATASETS.values():
        task = f"{one.classes} classes" if one.classes else one.task
        groups = [f"`{one.name}`", task, f"{one.train_rows:,}", f"{one.inputs:,}", one.licence]
        sets.append(f"| {' | '.join(groups)} |")
        files += [f"| `{one.name}/{file.name}` | `{file.sha256}` |" for file in one.files]
    return "\n".join([*sets, "", *files])


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
