"""What a declared table is: its columns, and how two versions of it are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What the fields of a column are; each may be empty."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Role(StrEnum):
    """What a column is when a rerun of its table is compared."""

    KEY = "key"
    """Names a row, together with the other keys."""
    FIXED = "fixed"
    """Says what is compared; no run changes it."""
    VERDICT = "verdict"
    """Word made of numbers; a change is reported as from ... to ..."""
    WORDS = "words"
    """Sentence that quotes numbers; follows from the other columns."""
    VALUE = "value"
    """Number that follows from the same runs as the mean."""


class Kind(StrEnum):
    """Where the numbers of a table come from."""

    EXACT = "exact"
    """Computed without training: the same on every machine, within a tolerance."""
    SAMPLED = "sampled"
    """Means over seeds of trained networks: on another machine other draws of the same kind."""
    DERIVED = "derived"
    """Words and counts made of other tables, which judge what they are made of."""
    TIMED = "timed"
    """Times of this machine, which are not compared."""


@dataclass(frozen=True)
class Tolerance:
    """Numbers a and b are equal within it if |a - b| <= absolute + relative * |a|."""

    absolute: float
    relative: float
    reason: str


AVERAGED = Tolerance(
    1e-12,
    1e-9,
    "float64 means, intervals and p values of the same runs; only the order of sums may differ",
)


@dataclass(frozen=True)
class Column:
    """A column: name, type, meaning, role in a comparison, unit; whether it may be missing."""

    name: str
    type: Type
    meaning: str
    role: Role = Role.VALUE
    unit: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Sample:
    """Columns that say how a sampled mean is judged.

    Attributes:
        mean, sd, n: the number that is judged, its standard deviation over seeds and their number;
            without ``sd`` it is taken from the 95% t interval ``ends``.
        ends: columns of that interval.
        lost: column with the number of runs that diverged, of which ``n`` have none.
        log: column that says ``ratio`` where the mean is a factor and ``sd`` that of its log.
    """

    mean: str = "mean"
    sd: str = "sd"
    n: str = "n"
    ends: tuple[str, str] = ("ci_low", "ci_high")
    lost: str = ""
    log: str = ""


@dataclass(frozen=True)
class Table:
    """A table that the pipeline writes.

    Attributes:
        name: below ``tables/`` or in a study's folder, without suffix.
        row: what one row is.
        kind: where its numbers come from.
        columns: in the order of the file.
        others: stands for columns that are named by the study or the evidence, such as factors.
        sample: how a sampled mean is judged.
        whole: whether verdicts follow from the numbers of their own row alone.
        choice: whether a row with another verdict is about something else.
        tolerance: within which numbers are equal.
    """

    name: str
    row: str
    kind: Kind
    columns: tuple[Column, ...]
    others: Column | None = None
    sample: Sample = Sample()
    whole: bool = False
    choice: bool = False
    tolerance: Tolerance = AVERAGED

    def column(self, name: str) -> Column | None:
        """Return the column of a name; ``others`` for one that is not declared by its own."""
        return next((column for column in self.columns if column.name == name), self.others)

    def having(self, role: Role, names: Iterable[object]) -> tuple[str, ...]:
        """Return the names, of those of a file, that have a role; undeclared names come first."""
        own = {column.name for column in self.columns}
        found = [
            name for name in map(str, names) if (one := self.column(name)) and one.role == role
        ]
        declared = [column.name for column in self.columns if column.name in found]
        return (*(name for name in found if name not in own), *declared)
