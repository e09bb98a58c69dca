"""What is asked about: what the tables say of it, where it is declared, and the runs behind it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STUDIES = Path("config/studies")
EVIDENCE = Path("config/evidence")

Where = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Use:
    """Runs of a study that something rests on.

    Attributes:
        role: what they are for, in words; may be empty.
        study: its name.
        where: factor -> the level, or levels; of all others every level counts.
        number: what is read of each run, in words; empty if nothing is.
        by_seed: seed -> number, if there is one for each seed.
        column: column of ``runs.parquet`` that holds the number instead.
    """

    role: str
    study: str
    where: Where = field(default_factory=dict)
    number: str = ""
    by_seed: Mapping[int, float] = field(default_factory=dict)
    column: str | None = None


@dataclass(frozen=True)
class Subject:
    """What is asked about.

    Attributes:
        name: its id.
        kind: what it is, in words.
        says: label -> what the tables say of it.
        places: where it is declared and where it stands, as ``file:line``.
        uses: the runs behind it.
        experiments: names of the experiments behind it.
        related: ids that it rests on, to ask about next.
        runs: cells and lanes, for what is not about a study.
    """

    name: str
    kind: str
    says: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    experiments: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    runs: tuple[tuple[str, str], ...] = ()


def table_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file with the line that each begins at; none if there is no file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        names = next(reader, [])
        found, line = [], reader.line_num + 1
        for row in reader:
            found.append((line, dict(zip(names, row, strict=False))))
            line = reader.line_num + 1
    return found


def line_of(path: Path, pattern: str) -> str:
    """Return ``file:line`` of the first line that matches; the file alone if none does."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return str(path)
    for number, line in enumerate(lines, start=1):
        if re.match(pattern, line):
            return f"{path}:{number}"
    return str(path)


def declared(kind: str, name: str) -> str:
    """Return where a row of the evidence is declared."""
    return line_of(EVIDENCE / f"{kind}.yaml", rf"- id:\s*{re.escape(name)}\s*$")


def study_file(name: str) -> str:
    """Return where a study is declared."""
    own = STUDIES / f"{name}.yaml"
    return line_of(own, r"name:") if own.is_file() else ""


def said(row: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    """Return what some columns of a row say, by their label, without those that are empty."""
    return {label: str(row[key]) for key, label in labels.items() if row.get(key)}
