"""The types of the view model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from restudy.config.sources import Source
from restudy.config.strict import Strict
from restudy.evidence.statuses import Status


class StatusCount(Strict):
    """Number of rows with one status."""

    status: Status
    n: int


Counts = tuple[StatusCount, ...]


class Outcome(Strict):
    """Counts of the statuses of evidence rows, in the order of the registry."""

    published: Counts = Field(description="of published numbers")
    claims: Counts = Field(description="of claims, those about time decided by measured times")
    claims_untimed: Counts = Field(description="of claims, without measured times")
    errata: Counts = Field(description="of mistakes in the sources")


class FindingKind(StrEnum):
    """Kind of a key finding."""

    CONTRADICTED = "contradicted_claim"
    SUPPORTED = "supported_claim"
    ERRATUM = "erratum_effect"
    NO_DIFFERENCE = "absent_difference"
    VARIANCE = "variance_component"


class Finding(Strict):
    """A key finding, chosen by the rule of :mod:`.key_findings`."""

    kind: FindingKind
    id: str = Field(description="of the row; of variance components the study")
    source: str = Field("", description="of the row")
    statement: str = Field("", description="the row's text, or the factor")
    dataset: str = Field("", description="on which it is measured, where there are several")
    measured: tuple[str, ...] = Field(description="metric and contrast, or metric alone")
    measure: str = Field(description="difference, ratio or share")
    effect: float
    low: float = Field(description="lower end of the 95% interval")
    high: float = Field(description="upper end of the 95% interval")
    seeds: int
    levels: tuple[str, ...] = Field((), description="of a factor the best and the worst level")
    values: tuple[float, ...] = Field((), description="of a mistake as published, corrected")


class Folded(Strict):
    """A cell of a table that opens: a summary, and the lines shown when it is open or printed."""

    summary: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """Return the lines as one text."""
        return "; ".join(self.lines)


class Table(Strict):
    """A table for people: numbers as texts, statuses as codes."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | Folded, ...], ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


class OwnTable(Strict):
    """A table that the project's own code computes for a source."""

    name: str
    source: str
    title: str
    notes: str
    rows: Table = Table()


class SourceView(Source):
    """A source with what was found about it."""

    counts: Outcome
    numbers: Table = Field(description="published numbers next to ours")
    farthest: str = Field(description="which number lies farthest outside its interval")
    experiments: tuple[tuple[str, ...], ...] = Field(
        description="of each experiment its name, and numbers that are exact, otherwise "
        "consistent, only with the source's error, not reproduced, and not tested"
    )
    drawn: dict[str, str] = Field(description="id of a figure drawn from our runs -> title")
    other_figures: Table = Field(description="figures that are not drawn here, and why")
    signs: Table = Field(description="differences of two published numbers next to ours")


class Effect(Strict):
    """A number of ours with a mistake of a source and without."""

    description: str
    published: str
    corrected: str
    difference: str
    interval: str = Field(description="95% interval of the difference")
    n: str
    reductions: str
    changes: bool = Field(description="whether a test that counts excludes no difference")


class Erratum(Strict):
    """A mistake of a source, and what it does."""

    id: str
    source: str
    severity: str
    where: str
    wrong: str
    status: Status
    reasons: str | Folded
    effects: tuple[Effect, ...]


class DecidingTest(Strict):
    """The first test that found the verdict of a claim, or else the first that found anything."""

    number: str = Field(description="data set and metric")
    contrast: str
    margin: str
    n: str
    tests: str = Field(description="how many tests the claim has, if several")
    effect: str
    interval: str


class ClaimView(Strict):
    """A claim with its verdict."""

    id: str
    source: str
    topic: str
    statement: str
    status: Status = Field(description="without measured times")
    verdict: Status = Field(description="of claims about time by measured times")
    outcome: str | Folded = Field(description="outcomes of its tests, or reasons")
    test: DecidingTest | None


class Topic(Strict):
    """Counts of the verdicts on the claims of a topic."""

    name: str
    claims: Counts
    claims_untimed: Counts


class TestCounts(Strict):
    """Counts of tests of claims, without measured times."""

    made: int
    on_reduced: int = Field(description="of those that were made, on a reduced study")
    redesigned: int
    exploratory: int
    low_power: int = Field(description="inconclusive claims with a test of low power")


class Contradiction(Strict):
    """Two claims, or a claim and a remark, that contradict each other."""

    claim: str
    sources: str
    statement: str
    verdict: str
    other: str = Field(description="id of the other claim; empty for a remark")
    other_sources: str
    other_statement: str
    other_verdict: str
    conclusion: str
    sides: Table = Field(description="both sides with their reasons")
    figure: str = Field(description="name of the figure; empty without one")


class Variance(Strict):
    """What explains the variance of the test accuracy in a study."""

    study: str
    factors: tuple[str, ...] = Field(description="a line for each choice, the largest share first")
    sentences: tuple[str, ...] = Field(description="a sentence for each data set")
    largest: str = Field(description="the largest share on each data set")


class Search(Strict):
    """A configuration search."""

    search: str
    source: str
    title: str
    question: str
    conclusion: str
    done: bool = Field(description="whether it came to a conclusion")
    candidates: Table


class StudyView(Strict):
    """A study of the run."""

    description: dict[str, Any] = Field(description="study.json")
    runs: int
    seeds: int
    diverged: int = Field(description="runs that diverged")
    provenance: tuple[str, ...] = Field(description="commit, data, versions and machine")
    notes: str = Field(description="scale, seeds, use of the test set")
    means: Table
    comparisons: Table = Field(description="paired differences to show first")
    more_comparisons: Table = Field(description="those of single combinations, if there are many")
    contrasts: tuple[dict[str, str], ...] = Field(
        description="paired differences, of a study that repeats a source's experiment"
    )

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.description["name"])


class Extent(Strict):
    """What was trained; studies share networks, and each is counted once."""

    networks: int
    diverged: int
    datasets: tuple[str, ...]


class Dot(Strict):
    """A dot of a plot."""

    row: str
    value: float
    status: Status


class View(Strict):
    """What page, paper, README and MLflow show of a run."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    title: str = Field(description="of page and paper")
    scale: str
    commit: str
    studies_left_out: tuple[str, ...] = Field((), description="studies that this run does not do")
    experiments_done: bool = Field(True, description="whether the small experiments were run")
    ids: tuple[str, ...] = Field(description="ids of all rows and figures that are shown")
    counts: Outcome
    findings: tuple[Finding, ...]
    sources: tuple[SourceView, ...]
    own_tables: tuple[OwnTable, ...] = ()
    runs_per_number: tuple[int, ...] = Field(
        description="fewest and most runs that a published number was tested with"
    )
    number_dots: tuple[Dot, ...] = Field(
        description="published numbers: distance from the middle of the interval for one more run "
        "of ours, in half widths"
    )
    claims: tuple[ClaimView, ...]
    topics: tuple[Topic, ...]
    tests: TestCounts
    effect_dots: tuple[Dot, ...] = Field(
        description="tests of claims: effect in margins, positive in the direction of the claim"
    )
    timed_claims: Table = Field(description="claims about time with the verdicts of their times")
    timed_tests: Table
    contradictions: tuple[Contradiction, ...]
    errata: tuple[Erratum, ...]
    signs: str = Field(description="how many differences of published numbers keep their sign")
    variance: tuple[Variance, ...]
    searches: tuple[Search, ...]
    studies: tuple[StudyView, ...]
    extent: Extent
    calibration: Table
    coverage: str = Field(description="how often intervals of paired differences hold the truth")
    systems: Table
    statuses: Table = Field(description="how many rows of each kind have which status")
    source_figures: tuple[str, ...] = Field((), description="ids of the sources' figures drawn")
    contradiction_figures: dict[str, tuple[str, ...]] = Field(
        {}, description="id of a figure -> ids of its claims"
    )

    def to_json(self) -> bytes:
        """Return the file's content: the same bytes each time."""
        return f"{self.model_dump_json(indent=1)}\n".encode()


def read_view(path: Path) -> View:
    """Read ``view.json``."""
    return View.model_validate_json(path.read_bytes(), strict=False)
