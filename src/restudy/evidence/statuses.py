"""Statuses and verdicts: each declared here, once, and nowhere else.

Tables hold a member's value, a code; people read its label. Counts are given in the order of the
declarations, each with its phrase. A code that is not declared raises an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum
from typing import NamedTuple

from restudy.common.errors import RestudyError, choice_error


class Tone(StrEnum):
    """Colour of a status on the page."""

    GOOD = "good"
    BAD = "bad"
    MIXED = "mixed"
    OPEN = "open"
    PLAIN = "plain"


class Group(Enum):
    """What a status says of its row, whatever the kind of row."""

    CONFIRMED = "confirmed"
    PARTIAL = "partial"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    """Tested, without an answer."""
    PENDING = "pending"
    """Without an answer in this run."""
    EXCLUDED = "excluded"
    """Nothing that a run could test."""
    DONE = "done"
    """Drawn, built or run: there is no verdict."""


class Kind(StrEnum):
    """What has a status: the kinds of evidence rows, single tests, and parts of errata."""

    PUBLISHED = "published"
    CLAIMS = "claims"
    ERRATA = "errata"
    SYSTEMS = "systems"
    FIGURES = "figures"
    SEARCHES = "searches"
    """Configuration searches, and their candidates."""
    CONTRASTS = "contrasts"
    """Differences of two printed numbers."""


_ROWS = (Kind.PUBLISHED, Kind.CLAIMS, Kind.ERRATA, Kind.SYSTEMS, Kind.FIGURES, Kind.SEARCHES)


class Status(StrEnum):
    """Status of a row of evidence, or verdict on a claim.

    Attributes:
        kinds: the kinds of rows that may have it.
        group: what it says of a row.
        tone: its colour.
        phrase: what is written after a count of such rows.
        label: the words that people read: the code's, or words of its own.
    """

    kinds: tuple[Kind, ...]
    group: Group
    tone: Tone
    phrase: str
    label: str

    def __new__(
        cls,
        code: str,
        kinds: Kind | tuple[Kind, ...] = (),
        group: Group = Group.PENDING,
        tone: Tone = Tone.PLAIN,
        phrase: str = "",
        label: str = "",
    ) -> Status:
        """Return a member; its value is the code."""
        status = str.__new__(cls, code)
        status._value_ = code
        status.kinds = (kinds,) if isinstance(kinds, Kind) else kinds
        status.group, status.tone, status.phrase = group, tone, phrase
        status.label = label or code.replace("_", " ")
        return status

    @classmethod
    def _missing_(cls, value: object) -> Status:
        raise RestudyError(choice_error("evidence", "status", value, cls))

    @property
    def order(self) -> int:
        """Place among the statuses."""
        return list(Status).index(self)

    @property
    def is_tested(self) -> bool:
        """Whether it is the outcome of a comparison."""
        return self.group in (Group.CONFIRMED, Group.PARTIAL, Group.REFUTED, Group.UNDECIDED)

    EXACT = "exact", Kind.PUBLISHED, Group.CONFIRMED, Tone.GOOD, "reproduced exactly"
    CONSISTENT = (
        *("consistent", Kind.PUBLISHED, Group.CONFIRMED, Tone.GOOD),
        "consistent with a replicate run",
    )
    BOUND_SATISFIED = (
        *("bound_satisfied", Kind.PUBLISHED, Group.CONFIRMED, Tone.GOOD),
        "satisfied as bounds",
    )
    SOURCE_ERROR_ONLY = (
        *("source_error_only", Kind.PUBLISHED, Group.PARTIAL, Tone.MIXED),
        "reproduced only with the source's error",
        "reproduced only with the source's error",
    )
    INCONSISTENT = (
        *("inconsistent", Kind.PUBLISHED, Group.REFUTED, Tone.BAD),
        "inconsistent with a replicate run",
    )
    MISMATCH = "mismatch", Kind.PUBLISHED, Group.REFUTED, Tone.BAD, "without a match"
    SUPPORTED = "supported", Kind.CLAIMS, Group.CONFIRMED, Tone.GOOD, "supported"
    CONTRADICTED = "contradicted", Kind.CLAIMS, Group.REFUTED, Tone.BAD, "contradicted"
    NO_DIFFERENCE = (
        *("no_meaningful_difference", Kind.CLAIMS, Group.REFUTED, Tone.MIXED),
        "without a meaningful difference",
    )
    INCONCLUSIVE = "inconclusive", Kind.CLAIMS, Group.UNDECIDED, Tone.OPEN, "inconclusive"
    TIMED = "timed", Kind.CLAIMS, Group.PENDING, Tone.OPEN, "decided by measured times"
    EFFECT_CONFIRMED = (
        *("effect_confirmed", Kind.ERRATA, Group.CONFIRMED, Tone.MIXED),
        "with a confirmed effect",
    )
    NO_EFFECT_FOUND = "no_effect_found", Kind.ERRATA, Group.REFUTED, Tone.PLAIN, "without an effect"
    ASSESSED = (
        *("assessed", Kind.ERRATA, Group.PARTIAL, Tone.PLAIN),
        "assessed through their numbers and claims",
        "assessed through its numbers and claims",
    )
    WORDING_ONLY = "wording_only", Kind.ERRATA, Group.EXCLUDED, Tone.PLAIN, "of wording only"
    COMPATIBLE = "compatible", Kind.SEARCHES, Group.CONFIRMED, Tone.GOOD, "compatible"
    RULED_OUT = "ruled_out", Kind.SEARCHES, Group.REFUTED, Tone.BAD, "ruled out"
    SEARCHED = "searched", Kind.SEARCHES, Group.DONE, Tone.PLAIN, "searched"
    SURVIVES = "survives", Kind.CONTRASTS, Group.CONFIRMED, Tone.GOOD, "with the same sign"
    REVERSED = "reversed", Kind.CONTRASTS, Group.REFUTED, Tone.BAD, "with the opposite sign"
    OPEN = "open", Kind.CONTRASTS, Group.UNDECIDED, Tone.OPEN, "with an uncertain sign"
    DRAWN = "drawn", Kind.FIGURES, Group.DONE, Tone.GOOD, "drawn"
    BUILT = "built", Kind.SYSTEMS, Group.DONE, Tone.GOOD, "built"
    RUN = "run", Kind.SYSTEMS, Group.DONE, Tone.GOOD, "run"
    SETTING = "setting", Kind.PUBLISHED, Group.EXCLUDED, Tone.PLAIN, "chosen as settings"
    CONSTANT = "constant", Kind.PUBLISHED, Group.EXCLUDED, Tone.PLAIN, "given as constants"
    NOT_TESTABLE = "not_testable", _ROWS, Group.EXCLUDED, Tone.PLAIN, "not testable here"
    PENDING = "pending", _ROWS, Group.PENDING, Tone.OPEN, "pending at this scale"


class Count(NamedTuple):
    """Number of rows with one status."""

    status: Status
    n: int

    @property
    def text(self) -> str:
        """The count in words: ``42 reproduced exactly``."""
        return f"{self.n:,} {self.status.phrase}"


def of_kind(kind: str) -> Iterator[Status]:
    """Yield the statuses that rows of one kind may have, in order."""
    wanted = Kind(kind)
    yield from (status for status in Status if wanted in status.kinds)


def counts(values: Iterable[str]) -> list[Count]:
    """Count statuses, in order; those that do not occur are left out."""
    found: dict[Status, int] = {}
    for value in values:
        status = Status(value)
        found[status] = found.get(status, 0) + 1
    return [Count(status, found[status]) for status in Status if status in found]


def label(value: str) -> str:
    """Return the words that people read; nothing for an empty value."""
    return Status(value).label if value else ""
