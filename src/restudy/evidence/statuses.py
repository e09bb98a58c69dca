"""Statuses and verdicts: each declared here, once, and nowhere else.

Tables hold a member's value, a code; people read its label. Counts are given in the order of the
declarations, each with its phrase. A code that is not declared raises an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum
from typing import NamedTuple

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.stats.verdict import Verdict


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
        label: the words that people read.
        kinds: the kinds of rows that may have it.
        group: what it says of a row.
        tone: its colour.
        phrase: what is written after a count of such rows.
    """

    label: str
    kinds: tuple[Kind, ...]
    group: Group
    tone: Tone
    phrase: str

    def __new__(
        cls,
        code: str,
        label: str = "",
        kinds: tuple[Kind, ...] = (),
        group: Group = Group.PENDING,
        tone: Tone = Tone.PLAIN,
        phrase: str = "",
    ) -> Status:
        """Return a member; its value is the code."""
        status = str.__new__(cls, code)
        status._value_ = code
        status.label, status.kinds, status.group = label, kinds, group
        status.tone, status.phrase = tone, phrase
        return status

    @classmethod
    def _missing_(cls, value: object) -> Status:
        guess = RENAMED.get(str(value)) or closest_match(str(value), [one.value for one in cls])
        raise RestudyError(bad_value("evidence", "status", value, ", ".join(cls), guess))

    @property
    def order(self) -> int:
        """Place among the statuses."""
        return list(Status).index(self)

    EXACT = (
        *("exact", "exact", (Kind.PUBLISHED,)),
        *(Group.CONFIRMED, Tone.GOOD, "reproduced exactly"),
    )
    CONSISTENT = (
        *("consistent", "consistent", (Kind.PUBLISHED,)),
        *(Group.CONFIRMED, Tone.GOOD, "consistent with a replicate run"),
    )
    BOUND_SATISFIED = (
        *("bound_satisfied", "bound satisfied", (Kind.PUBLISHED,)),
        *(Group.CONFIRMED, Tone.GOOD, "satisfied as bounds"),
    )
    SOURCE_ERROR_ONLY = (
        *("source_error_only", "reproduced only with the source's error", (Kind.PUBLISHED,)),
        *(Group.PARTIAL, Tone.MIXED, "reproduced only with the source's error"),
    )
    INCONSISTENT = (
        *("inconsistent", "inconsistent", (Kind.PUBLISHED,)),
        *(Group.REFUTED, Tone.BAD, "inconsistent with a replicate run"),
    )
    MISMATCH = (
        *("mismatch", "mismatch", (Kind.PUBLISHED,)),
        *(Group.REFUTED, Tone.BAD, "without a match"),
    )
    SUPPORTED = (
        *(Verdict.SUPPORTED.value, "supported", (Kind.CLAIMS,)),
        *(Group.CONFIRMED, Tone.GOOD, "supported"),
    )
    CONTRADICTED = (
        *(Verdict.CONTRADICTED.value, "contradicted", (Kind.CLAIMS,)),
        *(Group.REFUTED, Tone.BAD, "contradicted"),
    )
    NO_DIFFERENCE = (
        *(Verdict.NO_DIFFERENCE.value, "no meaningful difference", (Kind.CLAIMS,)),
        *(Group.REFUTED, Tone.MIXED, "without a meaningful difference"),
    )
    INCONCLUSIVE = (
        *(Verdict.INCONCLUSIVE.value, "inconclusive", (Kind.CLAIMS,)),
        *(Group.UNDECIDED, Tone.OPEN, "inconclusive"),
    )
    TIMED = (
        *("timed", "timed", (Kind.CLAIMS,)),
        *(Group.PENDING, Tone.OPEN, "decided by measured times"),
    )
    EFFECT_CONFIRMED = (
        *("effect_confirmed", "effect confirmed", (Kind.ERRATA,)),
        *(Group.CONFIRMED, Tone.MIXED, "with a confirmed effect"),
    )
    NO_EFFECT_FOUND = (
        *("no_effect_found", "no effect found", (Kind.ERRATA,)),
        *(Group.REFUTED, Tone.PLAIN, "without an effect"),
    )
    ASSESSED = (
        *("assessed", "assessed through its numbers and claims", (Kind.ERRATA,)),
        *(Group.PARTIAL, Tone.PLAIN, "assessed through their numbers and claims"),
    )
    WORDING_ONLY = (
        *("wording_only", "wording only", (Kind.ERRATA,)),
        *(Group.EXCLUDED, Tone.PLAIN, "of wording only"),
    )
    COMPATIBLE = (
        *("compatible", "compatible", (Kind.SEARCHES,)),
        *(Group.CONFIRMED, Tone.GOOD, "compatible"),
    )
    RULED_OUT = (
        *("ruled_out", "ruled out", (Kind.SEARCHES,)),
        *(Group.REFUTED, Tone.BAD, "ruled out"),
    )
    SEARCHED = (
        *("searched", "searched", (Kind.SEARCHES,)),
        *(Group.DONE, Tone.PLAIN, "searched"),
    )
    SURVIVES = (
        *("survives", "survives", (Kind.CONTRASTS,)),
        *(Group.CONFIRMED, Tone.GOOD, "with the same sign"),
    )
    REVERSED = (
        *("reversed", "reversed", (Kind.CONTRASTS,)),
        *(Group.REFUTED, Tone.BAD, "with the opposite sign"),
    )
    OPEN = (
        *("open", "open", (Kind.CONTRASTS,)),
        *(Group.UNDECIDED, Tone.OPEN, "with an uncertain sign"),
    )
    DRAWN = "drawn", "drawn", (Kind.FIGURES,), Group.DONE, Tone.GOOD, "drawn"
    BUILT = "built", "built", (Kind.SYSTEMS,), Group.DONE, Tone.GOOD, "built"
    RUN = "run", "run", (Kind.SYSTEMS,), Group.DONE, Tone.GOOD, "run"
    SETTING = (
        *("setting", "setting", (Kind.PUBLISHED,)),
        *(Group.EXCLUDED, Tone.PLAIN, "chosen as settings"),
    )
    CONSTANT = (
        *("constant", "constant", (Kind.PUBLISHED,)),
        *(Group.EXCLUDED, Tone.PLAIN, "given as constants"),
    )
    NOT_TESTABLE = (
        *("not_testable", "not testable", _ROWS),
        *(Group.EXCLUDED, Tone.PLAIN, "not testable here"),
    )
    PENDING = (
        *("pending", "pending", _ROWS),
        *(Group.PENDING, Tone.OPEN, "pending at this scale"),
    )


RENAMED = {
    "equal to the digit": "exact",
    "inside the prediction interval": "consistent",
    "outside": "inconsistent",
    "differs": "mismatch",
    "the bound holds": "bound_satisfied",
    "only with the source's bug": "source_error_only",
    "a constant": "constant",
    "shown": "effect_confirmed",
    "no difference found": "no_effect_found",
    "judged by its rows": "assessed",
    "of wording only": "wording_only",
    "cannot be": "not_testable",
    "not yet": "pending",
}
"""Earlier spelling -> code, for the suggestion in an error."""


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


def in_group(values: Iterable[str], *groups: Group) -> int:
    """Count the statuses that belong to one of some groups."""
    return sum(Status(value).group in groups for value in values)


def label(value: str) -> str:
    """Return the words that people read; nothing for an empty value."""
    return Status(value).label if value else ""
