"""Which settings could have given what a source prints and does not explain.

The study of a search varies the search factors; each combination of their levels is a candidate. A
candidate is ruled out if one more run of it could not have given one of the printed values. With k
values the interval of each is one of level 1 - 0.05/k (Bonferroni), so the right candidate, if it
was searched, is kept with a probability of 95% or more. With few runs the intervals are wide and
rule out little.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from restudy.config.reductions import Reduction
from restudy.evidence.compare_published import Printed, ReplicateEstimate, compare
from restudy.evidence.metric_extraction import MissingError, StudyTables, reductions_of
from restudy.evidence.metric_selectors import MetricSelector
from restudy.evidence.reasons import Reason, reason, rounded
from restudy.evidence.schema import Published
from restudy.evidence.search_specs import ConfigurationSearch, Constraint
from restudy.evidence.statuses import Status
from restudy.results.study_tables import combinations
from restudy.stats.intervals import LEVEL

Levels = Mapping[str, str]


class ConstraintCheck(NamedTuple):
    """A number of a candidate next to the printed one.

    Attributes:
        constraint, row: the printed number.
        subtracted: what is subtracted from it, if anything is.
        ours: the candidate's runs; None if there is no such number in this run of the pipeline.
        open: why it is not judged; None if it is.
    """

    constraint: Constraint
    row: Published
    subtracted: Published | None
    ours: ReplicateEstimate | None
    open: Reason | None = None

    @property
    def id(self) -> str:
        """The value's id: one id, or two with ``less`` between them."""
        return " less ".join(self.constraint.published_ids)

    @property
    def value(self) -> str:
        """The value as it is printed; of a difference with the digits of both."""
        if self.subtracted is None:
            return str(self.row.value)
        return str(Decimal(self.row.value) - Decimal(self.subtracted.value))

    @property
    def is_lost(self) -> bool:
        """Whether all runs diverged: the source printed a number, so this cannot be it."""
        ours = self.ours
        return (
            ours is not None and not ours.reductions and not ours.estimate.n and ours.diverged > 0
        )

    @property
    def is_violated(self) -> bool:
        """Whether the candidate cannot have given the value."""
        return self.is_lost or (not self.open and self.ours is not None and not self.ours.fits)

    @property
    def fits(self) -> bool | None:
        """Whether the value lies inside the interval; None if it is not judged."""
        is_judged = self.ours is not None and (not self.open or self.is_lost)
        return not self.is_violated if is_judged else None

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
        """The reason why the candidate is ruled out."""
        about = {"published": self.id, "metric": self.constraint.name}
        if self.ours is None or self.is_lost:
            return reason("candidate_diverged", **about)
        found = self.ours.estimate
        ends = {"pi_low": rounded(found.low, 6), "pi_high": rounded(found.high, 6)}
        sds = rounded(self.sds, 3)
        return reason("candidate_outside", **about, value=self.value, **ends, sds=sds)


class Candidate(NamedTuple):
    """A combination of levels, and its numbers next to the printed ones."""

    levels: Levels
    checks: Sequence[ConstraintCheck]

    @property
    def name(self) -> str:
        """Its levels as text."""
        return ", ".join(f"{k.replace('_', ' ')} {level}" for k, level in self.levels.items())

    @property
    def worst(self) -> ConstraintCheck | None:
        """The constraint that is violated most; None if none is."""
        violated = (check for check in self.checks if check.is_violated)
        return max(violated, key=lambda check: check.misses, default=None)

    @property
    def open(self) -> Reason | None:
        """Why it cannot be judged as a whole; None if it can."""
        return next((check.open for check in self.checks if check.open), None)

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


class SearchResult(NamedTuple):
    """A search with all its candidates.

    Attributes:
        search: the search.
        candidates: in the order of their levels; None if the study is not in this run.
        reductions: what this scale reduces of the search.
    """

    search: ConfigurationSearch
    candidates: Sequence[Candidate] | None
    reductions: tuple[Reduction, ...] = ()

    def of(self, verdict: Status) -> list[Candidate]:
        """Return the candidates with one verdict."""
        return [one for one in self.candidates or () if one.verdict == verdict]


def search_configurations(
    searches: Iterable[ConfigurationSearch],
    rows: Iterable[Published],
    studies: Mapping[str, StudyTables],
) -> list[SearchResult]:
    """Compare every candidate of every search with the printed values.

    Args:
        searches: the rows of ``configuration_searches.yaml``.
        rows: those of ``published.yaml``.
        studies: the tables of the studies of this run, by name.
    """
    by_id = {row.id: row for row in rows}
    results = []
    for search in searches:
        if (tables := studies.get(search.study)) is None:
            results.append(SearchResult(search, None))
            continue
        candidates = [
            Candidate(
                levels, [_check(search, one, by_id, ends, studies) for one in search.constraints]
            )
            for levels, ends in _candidates(search, tables)
        ]
        results.append(SearchResult(search, candidates, reductions_of(tables.description)))
    return results


def _candidates(
    search: ConfigurationSearch, tables: StudyTables
) -> Iterator[tuple[Levels, Sequence[Levels]]]:
    """Yield the levels of each candidate, and the points searched that it is or lies between."""
    present = tables.history[search.search_factors].drop_duplicates()
    points = [
        {name: str(level) for name, level in levels.items()}
        for levels, _ in combinations(present, search.search_factors)
    ]
    between = search.between
    if between is None:
        yield from ((point, [point]) for point in points)
        return
    rows: dict[tuple[tuple[str, str], ...], list[Levels]] = {}
    for point in points:
        others = tuple((name, level) for name, level in point.items() if name != between)
        rows.setdefault(others, []).append(point)
    for row in rows.values():
        for low, high in itertools.pairwise(row):
            yield {**low, between: f"{low[between]} to {high[between]}"}, [low, high]


def _check(
    search: ConfigurationSearch,
    constraint: Constraint,
    rows: Mapping[str, Published],
    ends: Sequence[Levels],
    studies: Mapping[str, StudyTables],
) -> ConstraintCheck:
    """Compare one number of one candidate with the printed one.

    Where the source's own level lies between several, so does the number: the interval then runs
    from their lowest end to their highest, and mean, sd and n are those of the nearest.
    """
    level = 1 - (1 - LEVEL) / len(search.constraints)
    row, *subtracted = (rows[id_] for id_ in constraint.published_ids)
    second, found = next(iter(subtracted), None), []
    for selector, end in itertools.product(search.selectors(constraint), ends):
        first = Printed(row.value, row.unit, _at(selector, end))
        others = (
            Printed(other.value, other.unit, _at(one, end))
            for one, other in zip(search.subtracted(constraint), subtracted, strict=True)
        )
        try:
            found.append(compare(first, studies, level, *others))
        except MissingError as missing:
            return ConstraintCheck(constraint, row, second, None, missing.reason)
    nearest = min(found, key=_distance)
    between = nearest.estimate._replace(
        low=min(ours.estimate.low for ours in found),
        high=max(ours.estimate.high for ours in found),
    )
    open_ = next((ours.open for ours in found if ours.open), None)
    return ConstraintCheck(constraint, row, second, nearest._replace(estimate=between), open_)


def _at(selector: MetricSelector, levels: Levels) -> MetricSelector:
    return selector.model_copy(update={"filter": {**selector.filter, **levels}})


def _distance(ours: ReplicateEstimate) -> float:
    distance = abs(ours.printed - ours.estimate.mean)
    return math.inf if math.isnan(distance) else distance
