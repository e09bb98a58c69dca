"""The types of the view model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ConfigDict, Field

from restudy.config.sources import Source
from restudy.config.strict import Strict
from restudy.evidence.contradictions import conclusion
from restudy.evidence.statuses import Status
from restudy.experiments.tables import declared
from restudy.results.table_files import typed


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


class SourceView(Source):
    """A source with the counts of its rows."""

    counts: Outcome


class StudyView(Strict):
    """A study of the run."""

    description: dict[str, Any] = Field(description="study.json")
    runs: int
    seeds: int
    diverged: int = Field(description="runs that diverged")
    provenance: tuple[str, ...] = Field(description="commit, data, versions and machine")

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.description["name"])

    @property
    def factors(self) -> list[str]:
        """Names of the factors."""
        return list(self.description["factors"])


class Extent(Strict):
    """What was trained; studies share networks, and each is counted once."""

    networks: int
    diverged: int
    datasets: tuple[str, ...]


class OwnTable(Strict):
    """A table that the project's own code computes for a source."""

    name: str
    source: str
    title: str
    notes: str


class View(Strict):
    """What page, paper, README and MLflow show of a run."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    scale: str
    commit: str
    studies_left_out: tuple[str, ...] = Field((), description="studies that this run does not do")
    experiments_done: bool = Field(True, description="whether the small experiments were run")
    counts: Outcome
    findings: tuple[Finding, ...]
    sources: tuple[SourceView, ...]
    verdicts: dict[str, Status] = Field(
        description="id of a claim -> verdict, of claims about time by measured times"
    )
    studies: tuple[StudyView, ...]
    extent: Extent
    source_figures: tuple[str, ...] = Field((), description="ids of the sources' figures drawn")
    contradiction_figures: dict[str, tuple[str, ...]] = Field(
        {}, description="id of a figure -> ids of its claims"
    )
    own_tables: tuple[OwnTable, ...] = ()
    tables: dict[str, dict[str, list[Any]]] = Field(
        description="the result tables by name; of each the columns"
    )

    def frame(self, name: str, source: str | None = None) -> pd.DataFrame:
        """Return a result table, such as ``published`` or ``grid/variance_components``.

        Args:
            name: of the table.
            source: only rows of this source; without, all.
        """
        table = pd.DataFrame(self.tables[name], dtype=object)
        is_own = name in [own.name for own in self.own_tables]
        return of_source(table if is_own else typed(name, table, declared(name)), source)

    def contradictions(self) -> pd.DataFrame:
        """Return the contradictions and conclusions; measured times decide those about time."""
        keys = ["claim", "other", "how"]
        table = self.frame("contradictions")
        decided = table.set_index(keys)
        decided.update(self.frame("timed_contradictions").set_index(keys))
        decided = decided.reset_index()[list(table.columns)]
        return decided.assign(conclusion=[conclusion(row) for row in decided.to_dict("records")])

    def named(self, suffix: str) -> dict[str, pd.DataFrame]:
        """Return a table that several studies have, by study."""
        found = [name for name in self.tables if name.endswith(f"/{suffix}")]
        return {name.removesuffix(f"/{suffix}"): self.frame(name) for name in found}

    def to_json(self) -> bytes:
        """Return the file's content: the same bytes each time."""
        return f"{self.model_dump_json(indent=1)}\n".encode()


def read_view(path: Path) -> View:
    """Read ``view.json``."""
    return View.model_validate_json(path.read_bytes(), strict=False)


def of_source(table: pd.DataFrame, source: str | None) -> pd.DataFrame:
    """Return the rows of a source, or all; a row may have several sources."""
    if source is None:
        return table
    own = [source in ids.split(", ") for ids in table["source"]]
    return table[pd.Series(own, index=table.index, dtype=bool)]


def columns_of(table: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the columns of a table as plain values."""
    return {
        str(name): column.astype(object).where(column.notna(), None).tolist()
        for name, column in table.items()
    }
