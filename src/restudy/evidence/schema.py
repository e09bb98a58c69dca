"""The catalogue: published numbers, claims, errata, components of sources and figures.

The rows are data (``config/evidence/*.yaml``) and hold only what the sources say, and where our
counterpart is found. A row's status is written by hand where no run can change it (a setting, a
constant, a row that is out of scope). Read when Snakemake parses the Snakefile, so nothing heavy is
imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from restudy.common.errors import RestudyError, choice_error
from restudy.config.loading import load_rows
from restudy.config.sources import SOURCE, load_sources, row_id
from restudy.config.strict import EvidenceItem, Strict
from restudy.evidence.checks import as_list
from restudy.evidence.hypothesis_specs import ClaimTest
from restudy.evidence.metric_selectors import (
    ExperimentSelector,
    MetricSelector,
    PublishedComparison,
    Text,
)
from restudy.evidence.reasons import Finding, stated
from restudy.evidence.statuses import Status

PERCENT = ("percent", "percentage points")
"""Units of printed values that are a hundred times ours."""


class Ref(NamedTuple):
    """Marks a key that holds an id, or ids, of rows of another kind."""

    kind: str


Sources = Annotated[list[Text], Field(min_length=1), Ref("sources")]

_BY_HAND = {
    status.label: status
    for status in (Status.NOT_TESTABLE, Status.SETTING, Status.CONSTANT, Status.PENDING)
}


class Link(NamedTuple):
    """One row naming another: the key that does it, the kind it must be of, and its id."""

    key: str
    kind: str
    id: str


class EvidenceRow(EvidenceItem):
    """What every kind of row has: an id, and a status if no run of ours can change it.

    Attributes:
        status: by hand, where no run can change it: ``not testable``, or ``pending`` where
            something is still to be written; of published numbers also ``setting`` (chosen, not
            measured) and ``constant``.
        reason: text with the reason of a status set by hand.
    """

    columns: ClassVar[tuple[str, ...]] = ()
    """The keys that describe the row to a reader."""

    status: Literal["not testable", "setting", "constant", "pending"] | None = None
    reason: Text | None = None

    @property
    def origin(self) -> str:
        """The source, or the sources, as one text."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _status_has_its_reason(self) -> EvidenceRow:
        if self.status in ("setting", "constant") and not isinstance(self, Published):
            raise ValueError(f"status {self.status!r} is for published numbers only")
        if self.status in ("not testable", "pending") and self.reason is None:
            raise ValueError(f"status {self.status!r} needs a reason under 'reason'")
        if self.status is None and self.reason is not None:
            raise ValueError("'reason' is the reason of a status, and there is none")
        return self

    @property
    def by_hand(self) -> Finding | None:
        """The status written by hand, with its reason; None if there is none."""
        return None if self.status is None else Finding(_BY_HAND[self.status], stated(self.reason))

    def links(self) -> Iterator[Link]:
        """Yield the other rows that this one names."""
        yield from _links(self)


class _OfOneSource(EvidenceRow):
    """A row about one source.

    Attributes:
        source: id of the source, which is part of the row's own.
    """

    source: Annotated[Text, Ref("sources")]

    @property
    def origin(self) -> str:
        return self.source

    @model_validator(mode="after")
    def _id_names_the_source(self) -> _OfOneSource:
        if f"-{self.source}-" not in self.id:
            raise ValueError(f"the id does not name the source, {self.source!r}")
        return self


class _OfSources(EvidenceRow):
    """A row about one source or several.

    Attributes:
        sources: ids of the sources.
    """

    sources: Sources

    @property
    def origin(self) -> str:
        return ", ".join(self.sources)


def _links(part: BaseModel, place: str = "") -> Iterator[Link]:
    """Yield the rows that a part of a row names in keys that are marked with a `Ref`."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        for mark in field.metadata:
            if isinstance(mark, Ref):
                for id_ in as_list(value or []):
                    yield Link(f"{place}{name}", mark.kind, id_)
        for one in value if isinstance(value, list) else ():
            if isinstance(one, BaseModel):
                yield from _links(one, f"{place}{name}.")


def selectors_in(row: BaseModel, keys: Iterable[str]) -> dict[str, MetricSelector]:
    """Return the selectors under some keys of a row, with those that they subtract, by key."""
    found: dict[str, MetricSelector] = {}
    for key in keys:
        selector = getattr(row, key)
        while isinstance(selector, MetricSelector):
            found[key], selector, key = selector, selector.minus, f"{key}.minus"
    return found


class Published(_OfOneSource):
    """A number that a source printed.

    Attributes:
        experiment: id of the experiment or system that it belongs to.
        metric: what the number is.
        value: exactly as printed, as text: ``'1.5000'`` tells its precision, 1.5 does not. A comma
            between thousands is left out; an order of magnitude e-9 is written 1e-9.
        unit: what it is counted in; ``percent`` and ``percentage points`` are a hundred times ours.
        split_as_labelled: the samples that it was taken on, as the source says; left out where no
            samples are involved.
        split_really: the same, as its code or the number's precision shows.
        settings: how it was made, as far as the source says.
        n: of an accuracy: number of samples.
        implied_correct_count: of an accuracy: how many of them must have been right.
        note: a fact about how the number is printed.
        measure: which of our numbers is compared with it.
        corrected: the same with the source's mistake corrected.
        fact: what is computed without training, as the project declares it.
    """

    columns = (
        "experiment",
        "metric",
        "value",
        "unit",
        "split_as_labelled",
        "split_really",
        "settings",
    )

    id: Annotated[str, Field(pattern=row_id("PUB", SOURCE, r"\d{3}"))]
    experiment: Annotated[Text, Ref("systems")]
    metric: Text
    value: Text
    unit: Text
    split_as_labelled: Text | None = None
    split_really: Text | None = None
    settings: Text | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    implied_correct_count: Annotated[int, Field(ge=0)] | None = None
    note: Text | None = None
    measure: PublishedComparison | None = None
    corrected: MetricSelector | None = None
    fact: Text | None = None

    @model_validator(mode="after")
    def _one_way_to_a_status(self) -> Published:
        ways = [name for name in ("status", "measure", "fact") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"has {' and '.join(ways)}; allowed: one of them")
        if self.corrected is not None and self.measure is None:
            raise ValueError("'corrected' needs a 'measure' beside it")
        if self.measure is not None and self.number is None:
            raise ValueError(f"'measure' needs a number under 'value', not {self.value!r}")
        return self

    @property
    def selectors(self) -> dict[str, MetricSelector]:
        """The numbers of ours that the row names, by their key."""
        return selectors_in(self, ("measure", "corrected"))

    @property
    def number(self) -> float | None:
        """The printed value as a number; None where the source printed words or a shape."""
        try:
            return float(self.value)
        except ValueError:
            return None

    @property
    def number_in_our_unit(self) -> float | None:
        """The same as our tables have it: percent and percentage points as shares."""
        number = self.number
        return number / 100 if number is not None and self.unit in PERCENT else number


class Contrast(Strict):
    """The two sides that a claim compares, in words.

    Attributes:
        treatment: what the claim is about.
        control: what that is compared with.
    """

    treatment: Text
    control: Text


class Contradiction(Strict):
    """A statement or number of the sources that says otherwise.

    Attributes:
        sources: ids of those that say so.
        how: what they say.
        claim: id of the claim that says it, if it is one.
    """

    sources: Sources
    how: Text
    claim: Annotated[Text | None, Ref("claims")] = None


class Claim(_OfSources):
    """An empirical statement that a source makes.

    Attributes:
        topic: what it is about; p values are adjusted over all tests of a topic.
        statement: the claim, in our words; "(implicit)" where a source acts on it unsaid.
        evidence_in_source: what the source offers for it.
        scope: whether it can be tested with fully connected networks.
        scope_reason: what of a partly testable claim is left out, and why.
        metric: what is measured to test it.
        contrast: the two sides that are compared.
        predicts: what the claim itself says will be seen in that contrast.
        contradicted_by: what the sources say otherwise; ``contradictions.yaml`` has what is drawn.
        related_experiments: ids of experiments or systems that bear on it.
        related_errata: ids of mistakes that bear on it.
        tests: what judges it, fixed before its runs; each of a study without ``as_published``, or
            of an experiment.
    """

    columns = ("topic", "statement", "scope", "metric")

    id: Annotated[str, Field(pattern=row_id("CLM", "[A-Z]+", r"\d{2}"))]
    topic: Text
    statement: Text
    evidence_in_source: Text
    scope: Literal["in scope", "partly testable", "out of scope"]
    scope_reason: Text | None = None
    metric: Text | None = None
    contrast: Contrast | None = None
    predicts: Text | None = None
    contradicted_by: list[Contradiction] = []
    related_experiments: Annotated[list[str], Ref("systems")] = []
    related_errata: Annotated[list[str], Ref("errata")] = []
    tests: list[ClaimTest] = []

    @model_validator(mode="after")
    def _scope_fits(self) -> Claim:
        if (self.scope == "out of scope") != (self.status == "not testable"):
            raise ValueError("'out of scope' and the status 'not testable' belong together")
        if (self.scope == "partly testable") != (self.scope_reason is not None):
            raise ValueError("'partly testable' and a 'scope_reason' belong together")
        if self.scope != "out of scope" and None in (self.metric, self.contrast, self.predicts):
            raise ValueError("a testable claim needs 'metric', 'contrast' and 'predicts'")
        if (self.status is None) != bool(self.tests):
            raise ValueError("needs either 'tests' or a status with its reason")
        if self.tests and all(test.exploratory is not None for test in self.tests):
            raise ValueError("has exploratory tests alone, and none that judges")
        return self


def _kind_of_side(side: Any) -> str:
    named = "experiment" in side if isinstance(side, dict) else isinstance(side, ExperimentSelector)
    return (ExperimentSelector if named else MetricSelector).__name__


Side = Annotated[
    Annotated[MetricSelector, Tag(MetricSelector.__name__)]
    | Annotated[ExperimentSelector, Tag(ExperimentSelector.__name__)],
    Discriminator(_kind_of_side),
]
"""Of a study, or of an experiment if it names one."""


class ErratumEffect(Strict):
    """What a mistake does: a number with it, and the same number without.

    Attributes:
        what: the number, in words.
        as_published, corrected: which numbers; seeds that both have are compared in pairs.
        redesigned, exploratory: as of :class:`restudy.evidence.hypothesis_specs.ClaimTest`; an
            exploratory one does not confirm an effect.
    """

    what: Text
    as_published: Side
    corrected: Side
    redesigned: Text | None = None
    exploratory: Text | None = None


class PrintedDifference(Strict):
    """Two printed numbers, of one run each, whose difference a source reads as an effect.

    Attributes:
        what: the difference, in words.
        number, minus: ids of published numbers that have a ``measure``; the second is subtracted.
    """

    what: Text
    number: Annotated[Text, Ref("published")]
    minus: Annotated[Text, Ref("published")]


class Erratum(_OfSources):
    """A mistake in a source's code, formulas, tables or reasoning.

    Attributes:
        where: the place in the source.
        category: the kind of mistake.
        severity: how much rests on it.
        what_is_wrong: the mistake.
        as_published: in words, what is run to show what the mistake does: the source's way.
        corrected: the right way.
        metric: what the two are compared by.
        related_claims: ids of claims that rest on it.
        effects: a number with the mistake and without.
        contrasts: differences of two printed numbers, of one run each, that a source reads as
            effects: does the sign survive over our seeds?
        supported_by: ids of claims, published numbers and configuration searches that assess it.
        text_only: ``true``: a mistake of wording, with nothing to run.
    """

    columns = ("where", "category", "severity", "what_is_wrong")

    id: Annotated[str, Field(pattern=row_id("ERR", f"({SOURCE}|X)", r"\d{2}"))]
    where: Text
    category: Text
    severity: Literal["high", "medium", "low"]
    what_is_wrong: Text
    as_published: Text | None = None
    corrected: Text | None = None
    metric: Text | None = None
    related_claims: Annotated[list[str], Ref("claims")] = []
    effects: list[ErratumEffect] = []
    contrasts: list[PrintedDifference] = []
    supported_by: list[str] = []
    text_only: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_way_to_a_status(self) -> Erratum:
        if self.has_evidence + (self.text_only is not None) + (self.status is not None) > 1:
            raise ValueError(
                "allowed: 'effects', 'contrasts' and 'supported_by', or 'text_only', or a status"
            )
        return self

    @property
    def has_evidence(self) -> bool:
        """Whether runs or other rows assess the mistake."""
        return bool(self.effects or self.contrasts or self.supported_by)

    @property
    def selectors(self) -> dict[str, MetricSelector]:
        """The numbers of studies that its effects name, by their key."""
        return {
            f"effects[{place}].{key}": selector
            for place, effect in enumerate(self.effects)
            for key, selector in selectors_in(effect, ("as_published", "corrected")).items()
        }

    @property
    def experiment_selectors(self) -> dict[str, ExperimentSelector]:
        """The numbers of experiments that its effects name, by their key."""
        return {
            f"effects[{place}].{key}": side
            for place, effect in enumerate(self.effects)
            for key in ("as_published", "corrected")
            if isinstance(side := getattr(effect, key), ExperimentSelector)
        }

    def links(self) -> Iterator[Link]:
        """Yield the other rows that this one names."""
        yield from super().links()
        for id_ in self.supported_by:
            kind = id_.partition("-")[0]
            if kind != "PUZ":  # configuration searches are no rows
                yield Link("supported_by", "claims" if kind == "CLM" else "published", id_)


class SourceComponent(_OfOneSource):
    """A layer, network, data set, ... or experiment of a source.

    Attributes:
        kind: such as layer, loss, network or experiment.
        name: what it is called.
        description: what it does, as the source has it.
        formula: as the source has it, mistakes included.
        see: id of the component whose hyperparameters the experiment takes over.
        reported: hyperparameters that the source states.
        unreported: what one would have to know to run it again, and the source leaves out.
        note: a further fact.
        ours: what stands for it in this project; an experiment without it is ``run`` when a study
            that names it is.
    """

    columns = ("kind", "name", "description")

    id: Annotated[str, Field(pattern=row_id("(SYS|EXP)", SOURCE, "[A-Z0-9-]+"))]
    kind: Text
    name: Text
    description: Text | None = None
    formula: Text | None = None
    see: Annotated[Text | None, Ref("systems")] = None
    reported: dict[str, Any] = {}
    unreported: list[Text] = []
    note: Text | None = None
    ours: Text | None = None


class Figure(_OfOneSource):
    """A figure that a source shows, refers to or ought to have shown.

    Attributes:
        experiment: id of the experiment or system that it shows.
        title: what it is; "(missing)" if the source never drew it.
        x_axis: what is along it.
        y_axis: what is up it.
        series: what is drawn.
        status_in_source: what the source has of it.
        corrected_figure: how it ought to be drawn.
        figure: the figure of a study that takes its place; the row is ``drawn`` once that is.
        draw: or how we draw it.
    """

    columns = ("experiment", "title", "figure")

    id: Annotated[str, Field(pattern=row_id("FIG", SOURCE, r"\d{2}"))]
    experiment: Annotated[Text, Ref("systems")]
    title: Text
    x_axis: Text
    y_axis: Text
    series: Annotated[list[Text], Field(min_length=1)]
    status_in_source: Text
    corrected_figure: Text
    figure: Text | None = None
    draw: dict[str, Any] | None = None


@dataclass(frozen=True)
class Catalogue:
    """All rows, by kind, in the order of their files."""

    published: tuple[Published, ...] = ()
    claims: tuple[Claim, ...] = ()
    errata: tuple[Erratum, ...] = ()
    systems: tuple[SourceComponent, ...] = ()
    figures: tuple[Figure, ...] = ()

    def rows(self, kind: str) -> tuple[EvidenceRow, ...]:
        """Return the rows of one kind (a name of ``KINDS``)."""
        rows: tuple[EvidenceRow, ...] = getattr(self, kind)
        return rows


KINDS: Mapping[str, type[EvidenceRow]] = {
    "published": Published,
    "claims": Claim,
    "errata": Erratum,
    "systems": SourceComponent,
    "figures": Figure,
}
"""The kinds of rows; ``<kind>.yaml`` holds them."""


def load_catalogue(folder: Path) -> Catalogue:
    """Read the files of a folder, and check every row and every id that a row names.

    Raises:
        RestudyError: with file, row and key of what is wrong.
    """
    found: dict[str, Any] = {
        kind: load_rows(folder / f"{kind}.yaml", model) for kind, model in KINDS.items()
    }
    catalogue = Catalogue(**found)
    ids = {kind: {row.id for row in catalogue.rows(kind)} for kind in KINDS}
    ids["sources"] = set(load_sources(folder / "sources.yaml"))
    for kind in KINDS:
        for row in catalogue.rows(kind):
            for link in row.links():
                if link.id not in ids[link.kind]:
                    where, allowed = f"{folder / kind}.yaml: {row.id}", f"an id of {link.kind}.yaml"
                    raise RestudyError(
                        choice_error(where, link.key, link.id, ids[link.kind], allowed)
                    )
    return catalogue
