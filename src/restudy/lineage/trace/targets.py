"""What can be traced: where it is declared, what tables hold about it, and the runs behind it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from restudy.evidence.validation import STUDIES
from restudy.results.collect import DESCRIPTION


@dataclass(frozen=True)
class Use:
    """Runs of a study that a target is computed from.

    Attributes:
        role: purpose of the runs; may be empty.
        study: name of the study.
        where: factor -> level, or levels; every level of the other factors counts.
        number: what is read of each run; empty if nothing is.
        by_seed: seed -> number, if there is one for each seed.
        column: column of ``runs.parquet`` that holds the number instead.
    """

    role: str
    study: str
    where: Mapping[str, str | list[str]] = field(default_factory=dict)
    number: str = ""
    by_seed: Mapping[int, float] = field(default_factory=dict)
    column: str | None = None


@dataclass(frozen=True)
class Target:
    """What is traced.

    Attributes:
        name: id or name.
        kind: what it is.
        says: label -> text from declaration and tables.
        places: where it is declared and where it stands in tables, as ``file:line``.
        uses: runs that it is computed from.
        experiments: names of the experiments that it is computed from.
        related: ids that it depends on, to trace next.
        runs: group and id of the runs that are traced by themselves.
    """

    name: str
    kind: str
    says: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    experiments: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    runs: tuple[tuple[str, str], ...] = ()


def table_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file with the line that each begins at; none if there is no file."""
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            reader, line = csv.DictReader(file), 2
            for row in reader:
                yield line, row
                line = reader.line_num + 1


def read_study(study: str, results: Path) -> dict[str, Any] | None:
    """Return the description of a study; None if the run does not have it."""
    path = results / "studies" / study / DESCRIPTION
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def declared(path: Path, key: str, name: str) -> str:
    """Return ``file:line`` of the line ``key: name``; the file alone if there is none."""
    pattern = re.compile(rf"{key}:\s*{re.escape(name)}\s*$")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = (f"{path}:{number}" for number, line in enumerate(lines, 1) if pattern.match(line))
    return next(found, str(path))


def study_file(study: str) -> str:
    """Return where a study is declared; empty if nowhere."""
    path = STUDIES / f"{study}.yaml"
    return declared(path, "name", study) if path.is_file() else ""
