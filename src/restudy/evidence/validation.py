"""The evidence of a run, checked before any work: all numbers that rows name can be taken.

Called when Snakemake parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from restudy.common.errors import RestudyError, bad_value, choice_error
from restudy.config.loading import load_rows
from restudy.evidence.checks import StudyIndex
from restudy.evidence.contradiction_specs import ContradictionFigure
from restudy.evidence.deterministic_values import fact_datasets, fact_names
from restudy.evidence.hypothesis_specs import ClaimTest
from restudy.evidence.schema import Claim, Erratum, PrintedDifference, Published, load_catalogue
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.planning.plan import StudyPlan

FOLDER = Path("config/evidence")
SEARCHES = FOLDER / "configuration_searches.yaml"
STUDIES = Path("config/studies")
"""The study files that the evidence is written for; a run may have others."""


class Evidence(NamedTuple):
    """Rows of the catalogue, configuration searches, and figures of contradictions."""

    published: Sequence[Published]
    searches: Sequence[ConfigurationSearch]
    claims: Sequence[Claim] = ()
    errata: Sequence[Erratum] = ()
    contradictions: Sequence[ContradictionFigure] = ()

    @property
    def tests(self) -> list[ClaimTest]:
        """The tests of all claims."""
        return [test for claim in self.claims for test in claim.tests]

    def compared(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that published values are compared with."""
        named = {one.study for row in self.published for one in row.selectors.values()}
        return [name for name in studies if name in named]

    def searched(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that are configuration searches."""
        named = {search.study for search in self.searches}
        return [name for name in studies if name in named]

    def tested(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that claims are tested on."""
        named = {test.study for test in self.tests}
        return [name for name in studies if name in named]

    def claims_on(self, study: str) -> list[str]:
        """Return the ids of the claims that are tested on a study, in order."""
        return [
            claim.id for claim in self.claims if any(test.study == study for test in claim.tests)
        ]

    def experiments_tested(self, *, timed: bool | None = None) -> list[str]:
        """Return the experiments that claims are tested on, sorted.

        Args:
            timed: those of times alone, or the others alone; None: all.
        """
        tests = (test for test in self.tests if timed is None or test.timed == timed)
        return sorted({test.experiment for test in tests if test.experiment is not None})

    def experiments_of_errata(self) -> list[str]:
        """Return the experiments that show the effects of errata, sorted."""
        found = (one for row in self.errata for one in row.experiment_selectors.values())
        return sorted({selector.experiment for selector in found})

    def studies_of_errata(self, studies: Iterable[str]) -> list[str]:
        """Return those of some studies that show the effects of errata."""
        contrasts = [one for row in self.errata for one in row.contrasts]
        ids = {id_ for one in contrasts for id_ in (one.number, one.minus)}
        named = {one.study for row in self.errata for one in row.selectors.values()}
        rows = (row for row in self.published if row.id in ids)
        named |= {one.study for row in rows for one in row.selectors.values()}
        return [name for name in studies if name in named]

    def datasets(self, datasets: Collection[str]) -> list[str]:
        """Return those of some data sets that facts are about."""
        named = fact_datasets(row.fact for row in self.published if row.fact is not None)
        return [name for name in named if name in datasets]


def load_evidence(studies: Mapping[str, StudyPlan]) -> Evidence:
    """Read the evidence, and check it against the studies of this run.

    Raises:
        RestudyError: a file is wrong, a number or a test cannot be taken, or a study names an
            experiment that there is not.
    """
    rows = load_catalogue(FOLDER)
    searches = load_rows(SEARCHES, ConfigurationSearch)
    figures = load_rows(FOLDER / "contradictions.yaml", ContradictionFigure)
    evidence = Evidence(rows.published, searches, rows.claims, rows.errata, figures)
    check(evidence, studies, [path.stem for path in STUDIES.glob("*.yaml")])
    check_experiments(studies, [row.id for row in rows.systems])
    return evidence


def check_experiments(studies: Mapping[str, StudyPlan], known: Collection[str]) -> None:
    """Check that every experiment that a study names is a row of ``systems.yaml``.

    Raises:
        RestudyError: with one line for each that is not.
    """
    allowed = f"an id of {FOLDER / 'systems.yaml'}"
    _raise(
        choice_error(plan.study.file, "experiments", id_, known, allowed)
        for plan in studies.values()
        for id_ in plan.study.experiments
        if id_ not in known
    )


def check(evidence: Evidence, studies: Mapping[str, StudyPlan], names: Collection[str]) -> None:
    """Check that all studies, factors, levels, numbers and times that rows name exist.

    Args:
        evidence: the rows.
        studies: the studies of this run; what rows say of others is not looked into.
        names: the names of all studies.

    Raises:
        RestudyError: with one line for each mistake.
    """
    _raise(dict.fromkeys(_errors(evidence, StudyIndex(studies, {*studies, *names}))))


def _raise(errors: Iterable[str]) -> None:
    if text := "\n".join(errors):
        raise RestudyError(text)


def _errors(evidence: Evidence, index: StudyIndex) -> Iterator[str]:
    facts, searches = fact_names(), [search.id for search in evidence.searches]
    published = {row.id: row for row in evidence.published}
    for row in evidence.published:
        where = f"{FOLDER / 'published.yaml'}: {row.id}"
        for key, selector in row.selectors.items():
            yield from selector.validation_errors(where, key, index)
        if row.fact is not None and row.fact not in facts:
            yield choice_error(where, "fact", row.fact, facts)
    for search in evidence.searches:
        yield from _search_errors(search, published, index)
    for claim in evidence.claims:
        where = f"{FOLDER / 'claims.yaml'}: {claim.id}"
        for place, test in enumerate(claim.tests):
            yield from test.validation_errors(where, f"tests[{place}]", index)
    for erratum in evidence.errata:
        where = f"{FOLDER / 'errata.yaml'}: {erratum.id}"
        for key, selector in erratum.selectors.items():
            yield from selector.validation_errors(where, key, index)
        for key, one in erratum.experiment_selectors.items():
            yield from one.validation_errors(where, key)
        for place, contrast in enumerate(erratum.contrasts):
            yield from _contrast_errors(contrast, published, where, f"contrasts[{place}]")
        for id_ in erratum.supported_by:
            if id_.startswith("PUZ-") and id_ not in searches:
                allowed = f"an id of {SEARCHES.name}"
                yield choice_error(where, "supported_by", id_, searches, allowed)
    for figure in evidence.contradictions:
        where = f"{FOLDER / 'contradictions.yaml'}: {figure.id}"
        yield from figure.validation_errors(where, evidence.claims, index)


def _contrast_errors(
    contrast: PrintedDifference, published: Mapping[str, Published], where: str, key: str
) -> Iterator[str]:
    printed = set()
    for name, id_ in (("number", contrast.number), ("minus", contrast.minus)):
        row = published.get(id_)
        if row is None or row.measure is None or row.measure.surrogate_data:
            yield bad_value(where, f"{key}.{name}", id_, "a published number that runs judge")
        else:
            printed.add(row.number_in_our_unit)
    if len(printed) == 1:
        yield f"{where}: {key}: {contrast.number} and {contrast.minus} do not differ"


def _search_errors(
    search: ConfigurationSearch, published: Mapping[str, Published], index: StudyIndex
) -> Iterator[str]:
    where = f"{SEARCHES}: {search.id}"
    numbers = {id_: row for id_, row in published.items() if row.number is not None}
    if search.study in index.plans:
        factors = index.plans[search.study].study.factors
        for name in search.search_factors:
            if name not in factors:
                yield choice_error(where, "search_factors", name, factors)
    for place, constraint in enumerate(search.constraints):
        key, ids = f"constraints[{place}]", constraint.published_ids
        for name, id_ in zip(("published", "minus.published"), ids, strict=False):
            if id_ not in numbers:
                allowed = "the id of a published number"
                yield choice_error(where, f"{key}.{name}", id_, published, allowed)
        if len({published[id_].unit for id_ in ids if id_ in published}) > 1:
            yield f"{where}: {key}: {' and '.join(ids)} have different units"
        for selector in [*search.selectors(constraint), *search.subtracted(constraint)]:
            yield from selector.validation_errors(where, key, index, search.search_factors)
