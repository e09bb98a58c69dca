"""The ledger: every published number, claim, erratum, system and figure, each with a status.

The rows are data (``config/evidence/*.yaml``) and hold only what the sources say, and where our
counterpart is found. A row's status is written by hand where no run can change it (a setting, a
constant, a row that is out of scope); every other row is ``pending`` until the pipeline has drawn
its figure or judged it.

Read when Snakemake parses the Snakefile too, so pandas is imported where a table is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.config.loading import validate
from restudy.config.sources import SOURCE, load_sources, row_id
from restudy.config.strict import Strict
from restudy.config.yaml import read_rows
from restudy.evidence.hypothesis_specs import ClaimTest
from restudy.evidence.metric_selectors import ExperimentReading, Measure, Reading, Text
from restudy.evidence.reasons import Finding, columns, reason, stated
from restudy.evidence.statuses import RENAMED, Status

if TYPE_CHECKING:
    import pandas as pd

PERCENT = ("percent", "percentage points")
"""Units of printed values that are a hundred times ours."""

Sources = Annotated[list[Text], Field(min_length=1)]
E = TypeVar("E", bound="Entry")


_BY_HAND = tuple(
    status.label
    for status in (Status.NOT_TESTABLE, Status.SETTING, Status.CONSTANT, Status.PENDING)
)


def _status_by_hand(value: Any) -> Any:
    """Check a status written by hand: a label, as people read it."""
    if value in (None, *_BY_HAND):
        return value
    renamed = RENAMED.get(str(value), "")
    guess = Status(renamed).label if renamed else closest_match(str(value), _BY_HAND)
    hint = f" (did you mean {guess!r}?)" if guess in _BY_HAND else ""
    raise ValueError(f"{value!r} is not allowed; allowed: {', '.join(_BY_HAND)}{hint}")


class Link(NamedTuple):
    """One row naming another: the key that does it, the kind it must be of, and its id."""

    key: str
    kind: str
    id: str


class Entry(Strict):
    """What a file of the evidence lists: whatever has an id.

    Attributes:
        id: what other rows, tables and the page call it.
    """

    id: str


class Row(Entry):
    """What every kind of row has: an id, and a status if no run of ours can change it.

    Attributes:
        status: by hand, where no run can change it: ``not testable``, or ``pending`` where
            something is still to be written; of published numbers also ``setting`` (chosen, not
            measured) and ``constant``.
        because: the reason of a status by hand, in words.
    """

    columns: ClassVar[tuple[str, ...]] = ()
    """The keys that tell a reader what the row is about."""

    status: Annotated[
        Literal["not testable", "setting", "constant", "pending"] | None,
        BeforeValidator(_status_by_hand),
    ] = None
    because: Text | None = None

    @property
    def origin(self) -> str:
        """The source, or the sources, as one text."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _status_has_its_reason(self) -> Row:
        if self.status in ("setting", "constant") and not isinstance(self, Published):
            raise ValueError(f"status {self.status!r} is for published numbers only")
        if self.status in ("not testable", "pending") and self.because is None:
            raise ValueError(f"status {self.status!r} needs a reason under 'because'")
        if self.status is None and self.because is not None:
            raise ValueError("'because' is the reason of a status, and there is none")
        return self

    @property
    def by_hand(self) -> Finding | None:
        """The status written by hand, with its reason; None if there is none."""
        if self.status is None:
            return None
        [status] = (one for one in Status if one.label == self.status)
        return Finding(status, stated(self.because))

    def links(self) -> Iterator[Link]:
        """Yield the other rows that this one names."""
        yield from ()


class _OfOneSource(Row):
    """A row about one source.

    Attributes:
        source: id of the source, which is part of the row's own.
    """

    source: Text

    @property
    def origin(self) -> str:
        return self.source

    @model_validator(mode="after")
    def _id_names_the_source(self) -> _OfOneSource:
        if f"-{self.source}-" not in self.id:
            raise ValueError(f"the id does not name the source, {self.source!r}")
        return self

    def links(self) -> Iterator[Link]:
        """Yield the source."""
        yield Link("source", "sources", self.source)


class _OfSources(Row):
    """A row about one source or several.

    Attributes:
        sources: their ids.
    """

    sources: Sources

    @property
    def origin(self) -> str:
        return ", ".join(self.sources)

    def links(self) -> Iterator[Link]:
        """Yield the sources."""
        for source in self.sources:
            yield Link("sources", "sources", source)


def readings_in(row: BaseModel, keys: Iterable[str]) -> dict[str, Reading]:
    """Return the readings of studies under some keys of a row, differences taken apart, by key."""
    found: dict[str, Reading] = {}
    for key in keys:
        reading = getattr(row, key)
        while isinstance(reading, Reading):
            found[key], reading, key = reading, reading.minus, f"{key}.minus"
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
        measure: which of our numbers is held beside it.
        corrected: the same where the source's mistake is mended.
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
    experiment: Text
    metric: Text
    value: Text
    unit: Text
    split_as_labelled: Text | None = None
    split_really: Text | None = None
    settings: Text | None = None
    n: Annotated[int, Field(gt=0)] | None = None
    implied_correct_count: Annotated[int, Field(ge=0)] | None = None
    note: Text | None = None
    measure: Measure | None = None
    corrected: Reading | None = None
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
    def readings(self) -> dict[str, Reading]:
        """The readings that the row asks for, by their key, differences taken apart."""
        return readings_in(self, ("measure", "corrected"))

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

    def links(self) -> Iterator[Link]:
        """Yield the source and the experiment."""
        yield from super().links()
        yield Link("experiment", "systems", self.experiment)


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
    claim: Text | None = None


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
    related_experiments: list[str] = []
    related_errata: list[str] = []
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

    def links(self) -> Iterator[Link]:
        """Yield sources, contradicting claims, related experiments and related errata."""
        yield from super().links()
        for other in self.contradicted_by:
            for source in other.sources:
                yield Link("contradicted_by.sources", "sources", source)
            if other.claim is not None:
                yield Link("contradicted_by.claim", "claims", other.claim)
        for id_ in self.related_experiments:
            yield Link("related_experiments", "systems", id_)
        for id_ in self.related_errata:
            yield Link("related_errata", "errata", id_)


def _kind_of_side(side: Any) -> str:
    named = "experiment" in side if isinstance(side, dict) else isinstance(side, ExperimentReading)
    return (ExperimentReading if named else Reading).__name__


Side = Annotated[
    Annotated[Reading, Tag(Reading.__name__)]
    | Annotated[ExperimentReading, Tag(ExperimentReading.__name__)],
    Discriminator(_kind_of_side),
]
"""Read in a study, or in an experiment if it names one."""


class Demonstration(Strict):
    """What a mistake does: a number with it, and the same number without.

    Attributes:
        what: the number, in words.
        as_published, corrected: where each is read; seeds that both have are compared in pairs.
        redesigned, exploratory: as of :class:`restudy.evidence.hypothesis_specs.ClaimTest`; an
            exploratory one does not make the mistake a shown one.
    """

    what: Text
    as_published: Side
    corrected: Side
    redesigned: Text | None = None
    exploratory: Text | None = None


class PrintedContrast(Strict):
    """Two printed numbers, of one run each, whose difference a source reads as an effect.

    Attributes:
        what: the difference, in words.
        number, less: ids of published numbers that have a ``measure``; the second is subtracted.
    """

    what: Text
    number: Text
    less: Text


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
        shows: a number with the mistake and without.
        contrasts: differences of two printed numbers, of one run each, that a source reads as
            effects: does the sign survive over our seeds?
        shown_by: ids of claims, published numbers and puzzles that tell.
        wording: ``true``: a mistake of wording, with nothing to run.
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
    related_claims: list[str] = []
    shows: list[Demonstration] = []
    contrasts: list[PrintedContrast] = []
    shown_by: list[str] = []
    wording: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_way_to_show_it(self) -> Erratum:
        ways = [
            self.has_evidence,
            self.wording is not None,
            self.status is not None,
        ]
        if sum(ways) > 1:
            raise ValueError(
                "allowed: 'shows', 'contrasts' and 'shown_by', or 'wording', or a status"
            )
        return self

    @property
    def has_evidence(self) -> bool:
        """Whether something that is run tells what the mistake does."""
        return bool(self.shows or self.contrasts or self.shown_by)

    @property
    def readings(self) -> dict[str, Reading]:
        """The readings of its demonstrations in studies, by their key."""
        return {
            f"shows[{place}].{key}": reading
            for place, shown in enumerate(self.shows)
            for key, reading in readings_in(shown, ("as_published", "corrected")).items()
        }

    @property
    def experiment_readings(self) -> dict[str, ExperimentReading]:
        """The same of its demonstrations in experiments."""
        return {
            f"shows[{place}].{key}": side
            for place, shown in enumerate(self.shows)
            for key, side in (("as_published", shown.as_published), ("corrected", shown.corrected))
            if isinstance(side, ExperimentReading)
        }

    def links(self) -> Iterator[Link]:
        """Yield the sources, the claims that rest on the mistake, and the rows that show it."""
        yield from super().links()
        for id_ in self.related_claims:
            yield Link("related_claims", "claims", id_)
        for contrast in self.contrasts:
            yield Link("contrasts.number", "published", contrast.number)
            yield Link("contrasts.less", "published", contrast.less)
        for id_ in self.shown_by:
            kind = id_.partition("-")[0]
            if kind != "PUZ":  # puzzles are no rows
                yield Link("shown_by", "claims" if kind == "CLM" else "published", id_)


class System(_OfOneSource):
    """A layer, network, data set, ... or experiment of a source.

    Attributes:
        kind: such as layer, loss, network or experiment.
        name: what it is called.
        what: what it does, as the source has it.
        formula: as the source has it, mistakes included.
        see: id of the system whose hyperparameters the experiment takes over.
        given: hyperparameters that the source states.
        not_given: what one would have to know to run it again, and is not told.
        note: a further fact.
        ours: what stands for it in this project; an experiment without it is ``run`` when a study
            that names it is.
    """

    columns = ("kind", "name", "what")

    id: Annotated[str, Field(pattern=row_id("(SYS|EXP)", SOURCE, "[A-Z0-9-]+"))]
    kind: Text
    name: Text
    what: Text | None = None
    formula: Text | None = None
    see: Text | None = None
    given: dict[str, Any] = {}
    not_given: list[Text] = []
    note: Text | None = None
    ours: Text | None = None

    def links(self) -> Iterator[Link]:
        """Yield the source, and the system whose hyperparameters are taken over."""
        yield from super().links()
        if self.see is not None:
            yield Link("see", "systems", self.see)


class Figure(_OfOneSource):
    """A figure that a source shows, refers to or ought to have shown.

    Attributes:
        experiment: id of the experiment or system that it shows.
        title: what it is; "(missing)" if the source never drew it.
        x_axis: what is along it.
        y_axis: what is up it.
        series: what is drawn.
        status_in_source: what the source has of it.
        honest_version: how it ought to be drawn.
        figure: the figure of a study that takes its place; the row is ``drawn`` once that is.
        draw: or how we draw it.
    """

    columns = ("experiment", "title", "figure")

    id: Annotated[str, Field(pattern=row_id("FIG", SOURCE, r"\d{2}"))]
    experiment: Text
    title: Text
    x_axis: Text
    y_axis: Text
    series: Annotated[list[Text], Field(min_length=1)]
    status_in_source: Text
    honest_version: Text
    figure: Text | None = None
    draw: dict[str, Any] | None = None

    def links(self) -> Iterator[Link]:
        """Yield the source and the experiment."""
        yield from super().links()
        yield Link("experiment", "systems", self.experiment)


@dataclass(frozen=True)
class Ledger:
    """All rows, by kind, in the order of their files."""

    published: tuple[Published, ...] = ()
    claims: tuple[Claim, ...] = ()
    errata: tuple[Erratum, ...] = ()
    systems: tuple[System, ...] = ()
    figures: tuple[Figure, ...] = ()

    def rows(self, kind: str) -> tuple[Row, ...]:
        """Return the rows of one kind (a name of ``KINDS``)."""
        rows: tuple[Row, ...] = getattr(self, kind)
        return rows


KINDS: Mapping[str, type[Row]] = {
    "published": Published,
    "claims": Claim,
    "errata": Erratum,
    "systems": System,
    "figures": Figure,
}
"""The kinds of rows; ``<kind>.yaml`` holds them."""


def load_ledger(folder: Path) -> Ledger:
    """Read the files of ``folder`` and check every row and every id that a row names.

    Whatever is not right raises a ``RestudyError`` that names the file, the row and the key.
    """
    ledger = Ledger(
        published=load_rows(folder / "published.yaml", Published),
        claims=load_rows(folder / "claims.yaml", Claim),
        errata=load_rows(folder / "errata.yaml", Erratum),
        systems=load_rows(folder / "systems.yaml", System),
        figures=load_rows(folder / "figures.yaml", Figure),
    )
    ids = {kind: {row.id for row in ledger.rows(kind)} for kind in KINDS}
    ids["sources"] = set(load_sources(folder / "sources.yaml"))
    for kind in KINDS:
        for row in ledger.rows(kind):
            for link in row.links():
                if link.id not in ids[link.kind]:
                    where = f"{folder / kind}.yaml: {row.id}"
                    allowed = f"an id of {link.kind}.yaml"
                    guess = closest_match(link.id, ids[link.kind])
                    raise RestudyError(bad_value(where, link.key, link.id, allowed, guess))
    return ledger


def statuses(
    ledger: Ledger,
    figures_drawn: Collection[str],
    judged: Mapping[str, Finding] | None = None,
) -> dict[str, pd.DataFrame]:
    """Return one table per kind: id, source, what the row is about, status, reasons.

    ``figures_drawn`` are the names of the pipeline's figures that exist; ``judged`` is what the
    pipeline found out about rows without a status written by hand, by id.
    """
    judged = judged or {}
    open_ids = {row.id for kind in KINDS for row in ledger.rows(kind) if row.status is None}
    if strangers := sorted(set(judged) - open_ids):
        raise RestudyError(f"not a row that can be judged: {', '.join(strangers)}")
    return {kind: _table(ledger.rows(kind), KINDS[kind], figures_drawn, judged) for kind in KINDS}


def experiments_run(studies: Mapping[str, Iterable[str]]) -> dict[str, Finding]:
    """Return the status of each experiment that a study of this run repeats.

    Args:
        studies: name of each study -> ids of the experiments it names.
    """
    of: dict[str, list[str]] = {}
    for study, experiments in studies.items():
        for id_ in experiments:
            of.setdefault(id_, []).append(study)
    return {
        id_: Finding(Status.RUN, (reason("repeated_by", studies=names),))
        for id_, names in of.items()
    }


def summary(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the rows of each kind (index) by status (columns, in their order)."""
    import pandas as pd

    counts = pd.DataFrame({kind: table["status"].value_counts() for kind, table in tables.items()})
    order = sorted(map(Status, counts.index), key=lambda status: status.order)
    return (
        counts.T.reindex(columns=[status.value for status in order])
        .fillna(0)
        .astype(int)
        .rename_axis("kind")
    )


def load_rows(path: Path, row_type: type[E]) -> tuple[E, ...]:
    """Read the rows of one file, each checked by itself.

    Raises:
        RestudyError: the file cannot be read or holds no list, a row is wrong, or an id stands
            twice.
    """
    raw = enumerate(read_rows(path), start=1)
    rows = tuple(_row(path, place, fields, row_type) for place, fields in raw)
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise RestudyError(bad_value(str(path), "id", row.id, "each id once"))
        seen.add(row.id)
    return rows


def _row(path: Path, place: int, fields: Any, row_type: type[E]) -> E:
    name = fields.get("id") if isinstance(fields, dict) else None
    where = f"{path}: {name or f'row {place}'}"
    return validate(row_type, fields, where)


def _table(
    rows: tuple[Row, ...],
    row_type: type[Row],
    figures_drawn: Collection[str],
    judged: Mapping[str, Finding],
) -> pd.DataFrame:
    import pandas as pd

    names = ["id", "source", *row_type.columns, "status", "reason", "reason_args"]
    records = [
        (
            row.id,
            row.origin,
            *(getattr(row, column) or "" for column in row_type.columns),
            found.status.value,
            *columns(found.reasons).values(),
        )
        for row in rows
        for found in [_finding(row, figures_drawn, judged)]
    ]
    return pd.DataFrame(records, columns=names)


def _finding(row: Row, figures_drawn: Collection[str], judged: Mapping[str, Finding]) -> Finding:
    if row.by_hand is not None:
        return row.by_hand
    if row.id in judged:
        return judged[row.id]
    if isinstance(row, Figure) and (figure := row.figure or (row.draw and row.id)):
        if figure in figures_drawn:
            return Finding(Status.DRAWN)
        return Finding(Status.PENDING, (reason("figure_not_drawn", figure=figure),))
    if isinstance(row, System) and row.ours is not None:
        built = row.id.startswith("SYS-")
        return Finding(Status.BUILT if built else Status.RUN, stated(row.ours))
    return Finding(Status.PENDING)
