"""Reading and writing the CSV files of declared tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from restudy.common.errors import RestudyError, did_you_mean
from restudy.common.files import write_atomically
from restudy.results.declarations import EVIDENCE_TABLES, RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Table, Type


def study_of(table: str) -> str:
    """Return the study that a table such as ``grid/summary`` is of; empty for the others."""
    parent = PurePosixPath(table).parent.as_posix()
    return "" if parent == "." else parent


def declared(name: str) -> Table:
    """Return the declaration of a table.

    Args:
        name: below ``tables/``, without the suffix: ``published``, or ``grid/summary``.

    Raises:
        RestudyError: the table is not declared.
    """
    tables = STUDY_TABLES if study_of(name) else EVIDENCE_TABLES
    own = PurePosixPath(name).name
    if own not in tables:
        raise RestudyError(
            f"tables/{name}.csv: {own!r} is not declared in restudy/results/declarations.py; "
            f"allowed: {', '.join(sorted(tables))}{did_you_mean(own, tables)}"
        )
    return tables[own]


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as the text that it is: what is equal to the bit is equal as text.

    Raises:
        RestudyError: there is no such table, or it is no CSV file.
    """
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise RestudyError(f"{path}: cannot be read: {error}") from None


def read_typed(path: Path) -> pd.DataFrame:
    """Read a table ``tables/NAME.csv`` with the types that its columns are declared with.

    Raises:
        RestudyError: there is no such table, or it is no CSV file.
    """
    return typed(path.stem, read_table(path))


def typed(name: str, table: pd.DataFrame, declaration: Table | None = None) -> pd.DataFrame:
    """Return a table with the types that its columns are declared with, as ``write_table``."""
    types = _types(declaration or declared(name), tuple(map(str, table)))
    return table.assign(**{column: _as(table[column], type_) for column, type_ in types.items()})


def make_table(name: str, rows: Iterable[Any]) -> pd.DataFrame:
    """Return rows (mappings or tuples) as a table with the columns that are declared."""
    return pd.DataFrame(list(rows), columns=[column.name for column in declared(name).columns])


def write_table(path: Path, table: pd.DataFrame, declaration: Table | None = None) -> None:
    """Write a declared table.

    Args:
        path: ``.../tables/NAME.csv`` or ``.../tables/STUDY/NAME.csv``.
        table: its rows.
        declaration: of the table; None for that of the pipeline.

    Raises:
        RestudyError: the table is not declared, or its columns are not those declared.
    """
    content = to_csv(table)
    above = path.parent
    name = path.stem if above.name == "tables" != above.parent.name else f"{above.name}/{path.stem}"
    if problems := list(misfits(declaration or declared(name), as_text(table))):
        raise RestudyError(f"{path}: {'; '.join(problems)}")
    write_atomically(path, content)


def to_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: UTF-8, every digit of every number, the same bytes each time."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as the text that its file holds."""
    return pd.read_csv(BytesIO(to_csv(table)), dtype=str, keep_default_na=False)


def write_runs(path: Path, table: pd.DataFrame) -> None:
    """Write a declared table of single runs, ``studies/STUDY/NAME.parquet``.

    Raises:
        RestudyError: the columns are not those declared.
    """
    problems = list(_misfits(RUN_TABLES[path.stem], table, _wrong_type))
    if problems:
        raise RestudyError(f"{path}: {'; '.join(problems)}")
    write_atomically(path, table.to_parquet(index=False))


def misfits(declaration: Table, table: pd.DataFrame) -> Iterator[str]:
    """Yield what in a table, read as text, is not as declared."""
    return _misfits(declaration, table, _wrong_field)


def _misfits(
    known: Table, table: pd.DataFrame, wrong: Callable[[pd.Series[Any], Type], str]
) -> Iterator[str]:
    names = [str(column) for column in table]
    needed = [column.name for column in known.columns if not column.optional]
    yield from (f"column {column!r} is missing" for column in needed if column not in names)
    own = [column.name for column in known.columns]
    for column in names:
        if (one := known.column(column)) is None:
            yield f"column {column!r} is not declared{did_you_mean(column, own)}"
        elif found := wrong(table[column], one.type):
            yield f"column {column!r}: {found!r} is no {one.type.value}"
    there = [column for column in names if column in own]
    if there != [column for column in own if column in there]:
        yield f"columns are not in the order declared: {', '.join(own)}"


def _wrong_field(values: pd.Series[str], type_: Type) -> str:
    """Return the first field that is not of a type; empty if there is none."""
    values = values[values != ""]
    if type_ is Type.NUMBER:
        bad = pd.to_numeric(values, errors="coerce").isna() & (values.str.lower() != "nan")
    elif pattern := {Type.INTEGER: r"-?\d+(\.0)?", Type.BOOLEAN: "True|False"}.get(type_):
        bad = ~values.str.fullmatch(pattern).astype(bool)
    else:
        return ""
    return str(values[bad].iloc[0]) if bad.any() else ""


def _wrong_type(values: pd.Series[Any], type_: Type) -> str:
    """Return the type of a column if it is another one; empty if it is right."""
    kinds = {Type.INTEGER: "iu", Type.NUMBER: "iuf", Type.BOOLEAN: "b"}
    right = type_ is Type.TEXT or values.dtype.kind in kinds[type_]
    return "" if right else str(values.dtype)


def _types(table: Table, columns: Iterable[str]) -> Mapping[str, Type]:
    found = {column: table.column(column) for column in columns}
    return {name: column.type for name, column in found.items() if column is not None}


def _as(column: pd.Series[Any], type_: Type) -> pd.Series[Any]:
    if type_ is Type.BOOLEAN:
        return column.astype(str) == "True"
    if type_ is Type.TEXT:
        return column.astype(object).where(column.notna(), "").astype(str)
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.astype("Int64") if type_ is Type.INTEGER else numbers
