"""Checking, before any work, that all readings of the evidence can be taken.

Called when Snakemake parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.evidence import facts
from restudy.evidence.contradiction_specs import Dispute
from restudy.evidence.metric_selectors import Known
from restudy.evidence.schema import (
    Claim,
    Erratum,
    PrintedContrast,
    Published,
    load_ledger,
    load_rows,
)
from restudy.evidence.search_specs import Puzzle
from restudy.planning.plan import StudyPlan

FOLDER = Path("config/evidence")
STUDIES = Path("config/studies")
"""The study files that the evidence is written for; a run may have others."""


class Evidence(NamedTuple):
    """What is held beside studies: rows of the ledger, puzzles, and what claims disagree about."""

    published: Sequence[Published]
    puzzles: Sequence[Puzzle]
    claims: Sequence[Claim] = ()
    errata: Sequence[Erratum] = ()
    disputes: Sequence[Dispute] = ()

    def measured(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that published values are held beside."""
        named = {reading.study for row in self.published for reading in row.readings.values()}
        return [name for name in studies if name in named]

    def searched(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that puzzles are about."""
        named = {puzzle.study for puzzle in self.puzzles}
        return [name for name in studies if name in named]

    def tested(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that claims are tested on."""
        named = {test.study for claim in self.claims for test in claim.tests}
        return [name for name in studies if name in named]

    def claims_on(self, study: str) -> list[str]:
        """Return the ids of the claims that are tested on a study, in the ledger's order."""
        return [
            claim.id for claim in self.claims if any(test.study == study for test in claim.tests)
        ]

    def experiments_tested(self, *, timed: bool | None = None) -> list[str]:
        """Return the experiments that claims are tested on, sorted.

        Args:
            timed: those of times alone, or the others alone; None: all.
        """
        tests = (test for claim in self.claims for test in claim.tests)
        asked = (test for test in tests if timed is None or test.timed == timed)
        return sorted({test.experiment for test in asked if test.experiment is not None})

    def experiments_shown(self) -> list[str]:
        """Return the experiments that show what a mistake does, sorted."""
        readings = (one for row in self.errata for one in row.experiment_readings.values())
        return sorted({reading.experiment for reading in readings})

    def shown(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that show what a mistake does."""
        named = {reading.study for row in self.errata for reading in row.readings.values()}
        ids = {
            id_ for row in self.errata for one in row.contrasts for id_ in (one.number, one.less)
        }
        named |= {
            reading.study
            for row in self.published
            if row.id in ids
            for reading in row.readings.values()
        }
        return [name for name in studies if name in named]

    def datasets(self, datasets: Iterable[str]) -> list[str]:
        """Return those of some data sets that facts are about."""
        named = facts.datasets(row.fact for row in self.published if row.fact is not None)
        return [name for name in named if name in set(datasets)]


def load_evidence(studies: Mapping[str, StudyPlan]) -> Evidence:
    """Read published values, puzzles and claims; check them against the studies of this run.

    Raises:
        RestudyError: a file is wrong, a reading or a test cannot be taken, or a study names an
            experiment that there is not.
    """
    ledger = load_ledger(FOLDER)
    puzzles = load_rows(FOLDER / "forensics.yaml", Puzzle)
    disputes = load_rows(FOLDER / "contradictions.yaml", Dispute)
    evidence = Evidence(ledger.published, puzzles, ledger.claims, ledger.errata, disputes)
    check(evidence, studies, [path.stem for path in STUDIES.glob("*.yaml")])
    check_experiments(studies, [row.id for row in ledger.systems])
    return evidence


def check_experiments(studies: Mapping[str, StudyPlan], known: Collection[str]) -> None:
    """See to it that every experiment that a study names is a row of ``systems.yaml``.

    Raises:
        RestudyError: with one line for each that is not.
    """
    complaints = [
        bad_value(plan.study.file, "experiments", id_, f"an id of {FOLDER / 'systems.yaml'}", guess)
        for plan in studies.values()
        for id_ in plan.study.experiments
        if id_ not in known
        for guess in [closest_match(id_, known)]
    ]
    if complaints:
        raise RestudyError("\n".join(complaints))


def check(evidence: Evidence, studies: Mapping[str, StudyPlan], names: Collection[str]) -> None:
    """See to it that every reading names a study, factors, levels, numbers and times that exist.

    Args:
        evidence: what is to be measured.
        studies: the studies of this run; readings of others are not looked into.
        names: the names of all studies.

    Raises:
        RestudyError: with one line for each mistake.
    """
    known = Known(studies, {*studies, *names})
    complaints = [
        *_of_rows(evidence.published, known),
        *_of_puzzles(evidence, known),
        *_of_claims(evidence.claims, known),
        *_of_errata(evidence, known),
        *_of_disputes(evidence, known),
    ]
    if complaints:
        raise RestudyError("\n".join(dict.fromkeys(complaints)))


def _of_rows(rows: Sequence[Published], known: Known) -> Iterator[str]:
    fact_names = facts.names()
    for row in rows:
        where = f"{FOLDER / 'published.yaml'}: {row.id}"
        for key, reading in row.readings.items():
            yield from reading.complaints(where, key, known)
        if row.fact is not None and row.fact not in fact_names:
            guess = closest_match(row.fact, fact_names)
            yield bad_value(where, "fact", row.fact, ", ".join(fact_names), guess)


def _of_claims(claims: Sequence[Claim], known: Known) -> Iterator[str]:
    for claim in claims:
        where = f"{FOLDER / 'claims.yaml'}: {claim.id}"
        for place, test in enumerate(claim.tests):
            yield from test.complaints(where, f"tests[{place}]", known)


def _of_disputes(evidence: Evidence, known: Known) -> Iterator[str]:
    for row in evidence.disputes:
        where = f"{FOLDER / 'contradictions.yaml'}: {row.id}"
        yield from row.complaints(where, evidence.claims, known)


def _of_errata(evidence: Evidence, known: Known) -> Iterator[str]:
    puzzles = [puzzle.id for puzzle in evidence.puzzles]
    published = {row.id: row for row in evidence.published}
    for row in evidence.errata:
        where = f"{FOLDER / 'errata.yaml'}: {row.id}"
        for key, reading in row.readings.items():
            yield from reading.complaints(where, key, known)
        for key, one in row.experiment_readings.items():
            yield from one.complaints(where, key)
        for place, contrast in enumerate(row.contrasts):
            yield from _of_contrast(contrast, published, where, f"contrasts[{place}]")
        for id_ in row.shown_by:
            if id_.startswith("PUZ-") and id_ not in puzzles:
                guess = closest_match(id_, puzzles)
                yield bad_value(where, "shown_by", id_, "an id of forensics.yaml", guess)


def _of_contrast(
    contrast: PrintedContrast, published: Mapping[str, Published], where: str, key: str
) -> Iterator[str]:
    """Yield what is wrong with a difference of printed numbers."""
    printed = set()
    for name, id_ in (("number", contrast.number), ("less", contrast.less)):
        row = published.get(id_)
        if row is None or row.measure is None or row.measure.stand_in:
            yield bad_value(where, f"{key}.{name}", id_, "a published number that runs judge")
        else:
            printed.add(row.number_in_our_unit)
    if len(printed) == 1:
        yield f"{where}: {key}: {contrast.number} and {contrast.less} do not differ"


def _of_puzzles(evidence: Evidence, known: Known) -> Iterator[str]:
    numbers = {row.id: row.number for row in evidence.published}
    units = {row.id: row.unit for row in evidence.published}
    for puzzle in evidence.puzzles:
        where = f"{FOLDER / 'forensics.yaml'}: {puzzle.id}"
        if puzzle.study in known.plans:
            factors = known.plans[puzzle.study].study.factors
            for name in puzzle.candidates:
                if name not in factors:
                    guess = closest_match(name, factors)
                    yield bad_value(where, "candidates", name, ", ".join(factors), guess)
        for place, clue in enumerate(puzzle.clues):
            key = f"clues[{place}]"
            named = {f"{key}.published": clue.published}
            if clue.less is not None:
                named[f"{key}.less.published"] = clue.less.published
            for name, id_ in named.items():
                if numbers.get(id_) is None:
                    guess = closest_match(id_, numbers)
                    yield bad_value(where, name, id_, "the id of a published number", guess)
            if len({units.get(id_) for id_ in named.values()}) > 1:
                yield f"{where}: {key}: {' and '.join(named.values())} have different units"
            subtracted = puzzle.subtracted(clue)
            for reading in [*puzzle.readings(clue), *([subtracted] if subtracted else [])]:
                yield from reading.complaints(where, key, known, free=puzzle.candidates)
