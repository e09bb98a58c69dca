"""Forensics: which settings could have given what a source prints and does not explain.

A puzzle's study is a declared search; each combination of the levels of its candidate factors is an
answer that may be the right one. An answer is ruled out if one more run of it could not have given
one of the printed values. With k values the interval of each is one of level 1 - 0.05/k
(Bonferroni), so the right answer, if it was searched, is kept with a probability of 95% or more.
With few runs the intervals are wide and rule out little.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from restudy.config.reductions import Reduction
from restudy.evidence.compare_published import Ours, Printed, compare, compare_difference
from restudy.evidence.metric_extraction import MissingError, StudyTables, reductions_of
from restudy.evidence.metric_selectors import Reading
from restudy.evidence.reasons import Reason, reason, rounded
from restudy.evidence.schema import Published
from restudy.evidence.search_specs import Clue, Puzzle
from restudy.evidence.statuses import Status
from restudy.results.study_tables import combinations
from restudy.stats.intervals import LEVEL


class Held(NamedTuple):
    """A value of a candidate beside the printed one.

    Attributes:
        clue, row: the value.
        less: what is subtracted from it, if anything is.
        ours: the candidate's runs; None if there is no such number in this run of the pipeline.
        open: why it tells nothing; None if it does.
    """

    clue: Clue
    row: Published
    less: Published | None
    ours: Ours | None
    open: Reason | None = None

    @property
    def id(self) -> str:
        """The value's id: one id, or two with ``less`` between them."""
        return self.row.id if self.less is None else f"{self.row.id} less {self.less.id}"

    @property
    def value(self) -> str:
        """The value as it is printed; of a difference with the digits of both."""
        if self.less is None:
            return str(self.row.value)
        return str(Decimal(self.row.value) - Decimal(self.less.value))

    @property
    def what(self) -> str:
        """Which number of ours it is: ``test accuracy``."""
        return f"{self.clue.split} {self.clue.metric.replace('_', ' ')}"

    @property
    def is_lost(self) -> bool:
        """Whether all runs diverged: the source printed a number, so this cannot be it."""
        ours = self.ours
        return (
            ours is not None and not ours.reductions and not ours.estimate.n and ours.diverged > 0
        )

    @property
    def speaks_against(self) -> bool:
        """Whether the candidate cannot have given the value."""
        return self.is_lost or (not self.open and self.ours is not None and not self.ours.fits)

    @property
    def misses(self) -> float:
        """Distance from the interval's middle in half widths: above 1 outside, infinite if lost."""
        if self.ours is None or self.is_lost:
            return math.inf if self.is_lost else math.nan
        estimate = self.ours.estimate
        half = (estimate.high - estimate.low) / 2 + self.ours.slack
        return abs(self.ours.printed - (estimate.high + estimate.low) / 2) / half

    @property
    def sds(self) -> float:
        """Distance from the mean in standard deviations of our runs; NaN if they do not vary."""
        if self.ours is None or not self.ours.estimate.sd > 0:
            return math.nan
        return abs(self.ours.printed - self.ours.estimate.mean) / self.ours.estimate.sd

    @property
    def reason(self) -> Reason:
        """What speaks against the candidate."""
        if self.ours is None or self.is_lost:
            return reason("candidate_diverged", published=self.id, metric=self.what)
        return reason(
            "candidate_outside",
            published=self.id,
            metric=self.what,
            value=self.value,
            **{name: rounded(getattr(self.ours.estimate, name), 6) for name in ("low", "high")},
            sds=rounded(self.sds, 3),
        )


class Candidate(NamedTuple):
    """One answer to a puzzle: its levels, and its values beside the printed ones."""

    levels: Mapping[str, str]
    held: Sequence[Held]

    @property
    def name(self) -> str:
        """Its levels as text."""
        return ", ".join(f"{k.replace('_', ' ')} {level}" for k, level in self.levels.items())

    @property
    def worst(self) -> Held | None:
        """The value that speaks most against it; None if none does."""
        against = (held for held in self.held if held.speaks_against)
        return max(against, key=lambda held: held.misses, default=None)

    @property
    def open(self) -> Reason | None:
        """Why it cannot be judged as a whole; None if it can."""
        return next((held.open for held in self.held if held.open), None)

    @property
    def verdict(self) -> Status:
        """Compatible, ruled out or pending."""
        if self.worst is not None:
            return Status.RULED_OUT
        return Status.PENDING if self.open else Status.COMPATIBLE

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reason of the verdict; none for a compatible candidate."""
        found = self.open if self.worst is None else self.worst.reason
        return (found,) if found else ()


class Solution(NamedTuple):
    """A puzzle with all its candidates.

    Attributes:
        puzzle: what is asked.
        candidates: in the order of their levels; None if the study is not in this run.
        reductions: what this scale reduces of the search.
    """

    puzzle: Puzzle
    candidates: Sequence[Candidate] | None
    reductions: tuple[Reduction, ...] = ()

    def of(self, verdict: Status) -> list[Candidate]:
        """Return the candidates with one verdict."""
        return [one for one in self.candidates or () if one.verdict == verdict]


def solve(
    puzzles: Iterable[Puzzle], rows: Iterable[Published], studies: Mapping[str, StudyTables]
) -> list[Solution]:
    """Hold every candidate of every puzzle beside the printed values.

    Args:
        puzzles: the rows of ``forensics.yaml``.
        rows: those of ``published.yaml``.
        studies: the tables of the studies of this run, by name.
    """
    by_id = {row.id: row for row in rows}
    return [
        Solution(
            puzzle,
            list(_candidates(puzzle, by_id, studies)),
            reductions_of(studies[puzzle.study].description),
        )
        if puzzle.study in studies
        else Solution(puzzle, None)
        for puzzle in puzzles
    ]


def _candidates(
    puzzle: Puzzle, rows: Mapping[str, Published], studies: Mapping[str, StudyTables]
) -> Iterator[Candidate]:
    history = studies[puzzle.study].history
    present = history[puzzle.candidates].drop_duplicates()
    points = [
        {name: str(level) for name, level in levels.items()}
        for levels, _ in combinations(present, puzzle.candidates)
    ]
    for levels, ends in _answers(points, puzzle.between):
        held = [_held(puzzle, clue, rows, ends, studies) for clue in puzzle.clues]
        yield Candidate(levels, held)


def _answers(
    points: Sequence[Mapping[str, str]], between: str | None
) -> Iterator[tuple[Mapping[str, str], Sequence[Mapping[str, str]]]]:
    """Yield the levels of each answer, and the points searched that it is or lies between.

    Args:
        points: level of each factor, in the order of the levels.
        between: the factor with a scale, if any.
    """
    if between is None:
        yield from ((point, [point]) for point in points)
        return
    rows: dict[tuple[tuple[str, str], ...], list[Mapping[str, str]]] = {}
    for point in points:
        others = tuple((name, level) for name, level in point.items() if name != between)
        rows.setdefault(others, []).append(point)
    for row in rows.values():
        for low, high in itertools.pairwise(row):
            yield {**low, between: f"{low[between]} to {high[between]}"}, [low, high]


def _held(
    puzzle: Puzzle,
    clue: Clue,
    rows: Mapping[str, Published],
    ends: Sequence[Mapping[str, str]],
    studies: Mapping[str, StudyTables],
) -> Held:
    """Take a clue's number of one candidate.

    Where the source's own level lies between several, so does the number: the interval then runs
    from their lowest end to their highest, and mean, sd and n are those of the nearest.
    """
    level = 1 - (1 - LEVEL) / len(puzzle.clues)
    row, found = rows[clue.published], []
    less = None if clue.less is None else rows[clue.less.published]
    subtracted = puzzle.subtracted(clue)
    for reading, end in itertools.product(puzzle.readings(clue), ends):
        try:
            if less is None or subtracted is None:
                ours = compare(row.value, row.unit, _at(reading, end), studies, level)
            else:
                first = Printed(row.value, row.unit, _at(reading, end))
                second = Printed(less.value, less.unit, _at(subtracted, end))
                ours = compare_difference(first, second, studies, level)
        except MissingError as missing:
            return Held(clue, row, less, None, missing.reason)
        found.append(ours)
    nearest = min(found, key=_distance)
    between = nearest.estimate._replace(
        low=min(ours.estimate.low for ours in found),
        high=max(ours.estimate.high for ours in found),
    )
    open_ = next((ours.open for ours in found if ours.open), None)
    return Held(clue, row, less, nearest._replace(estimate=between), open_)


def _at(reading: Reading, levels: Mapping[str, str]) -> Reading:
    return reading.model_copy(update={"where": {**reading.where, **levels}})


def _distance(ours: Ours) -> float:
    distance = abs(ours.printed - ours.estimate.mean)
    return math.inf if math.isnan(distance) else distance
