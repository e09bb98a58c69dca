"""Declarations of all CSV tables: those of the pipeline, and those that a project declares."""

from __future__ import annotations

from restudy.experiments.project import project
from restudy.results import table_files
from restudy.results.declarations import EVIDENCE_TABLES
from restudy.results.schema import Kind, Table, Tolerance

CHECKED = Tolerance(
    1e-12,
    1e-6,
    "float64 with sums in a declared order: the same bits with three kernels of OpenBLAS, and with "
    "NumPy's vector instructions switched off; six digits leave room for other exp and log",
)


def evidence_tables() -> dict[str, Table]:
    """Return the declarations of ``tables/NAME.csv`` by name, those of the project last."""
    own = {
        name: Table(name, one.row, Kind.EXACT, one.columns, whole=True, tolerance=CHECKED)
        for name, one in project().tables.items()
    }
    return {**EVIDENCE_TABLES, **own}


def declared(name: str) -> Table:
    """Return the declaration of a table, such as ``published`` or ``grid/summary``.

    Raises:
        RestudyError: neither the pipeline nor the project declares it.
    """
    return evidence_tables().get(name) or table_files.declared(name)
