"""Declarations of a project's own computations, written as decorators of the functions.

They are read when Snakemake parses the Snakefile, without running the module (see
:mod:`restudy.experiments.project`), so arguments are literals or names of the module's constants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, SupportsFloat, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from restudy.config.recipe import DatasetName
from restudy.config.strict import Strict
from restudy.results.schema import Column, Role, Type

if TYPE_CHECKING:
    from restudy.data.load import PreparedData

Function = TypeVar("Function", bound=Callable[..., Any])

Data: TypeAlias = "Mapping[str, PreparedData]"
"""Name -> prepared data set."""
Rows: TypeAlias = Iterator[tuple[str | SupportsFloat, ...]]
"""Rows of an experiment's table: a level of each factor, the seed, the numbers, as declared."""

SEEDS = 10
"""Seeds of an experiment that declares no other number."""


def _listed(values: Any) -> Any:
    """Return a list or the keys of a mapping as a tuple."""
    return tuple(values) if isinstance(values, list | dict) else values


Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


class Declaration(Strict):
    """What all declarations have.

    Attributes:
        name: stands for it in the evidence and in the names of files.
    """

    name: str

    @field_validator("name")
    @classmethod
    def _names_files(cls, name: str) -> str:
        if not re.fullmatch("[a-z][a-z0-9_-]*", name):
            allowed = "a letter, then letters and digits in lower case, hyphens and underscores"
            raise ValueError(f"{name!r} is not allowed; allowed: {allowed}")
        return name

    def __call__(self, function: Function) -> Function:
        """Return the function, which this declares."""
        function.declaration = self  # type: ignore[attr-defined]
        return function


class Experiment(Declaration):
    """A small experiment; its function takes :data:`Data` and yields :data:`Rows`.

    Every combination of levels has one row for each seed, in any order.

    Attributes:
        title: what is done, in words.
        factors: what varies -> levels, in order; those of a mapping are its keys. A level is text,
            a number too.
        numbers: what is measured -> what that is, with its unit.
        datasets: names of the data sets that it needs.
        seeds: how often it is done, with the seeds 0, 1, ...
        timed: whether it measures seconds. They are not the same twice, so what is made of them
            has files of its own; a seed is then a repetition, in which all levels take turns.
    """

    title: Text
    factors: Mapping[str, Names] = Field(strict=False, min_length=1)
    numbers: Annotated[Mapping[str, Text], Field(min_length=1)]
    datasets: Annotated[tuple[DatasetName, ...], BeforeValidator(_listed)] = Field((), strict=False)
    seeds: Annotated[int, Field(ge=1)] = SEEDS
    timed: bool = False

    @field_validator("factors")
    @classmethod
    def _levels_differ(cls, factors: Mapping[str, Names]) -> Mapping[str, Names]:
        for name, levels in factors.items():
            if len(set(levels)) < max(len(levels), 2):
                raise ValueError(
                    f"{name}: {levels} is not allowed; allowed: two levels or more, each once"
                )
        return factors

    @model_validator(mode="after")
    def _columns_differ(self) -> Experiment:
        for column in self.columns:
            if self.columns.count(column) > 1:
                raise ValueError(f"two columns are called {column!r}; allowed: names that differ")
        return self

    @property
    def columns(self) -> list[str]:
        """Columns of the table, in order."""
        return [*self.factors, "seed", *self.numbers]


class Facts(Declaration):
    """Values that no training decides, which rows of ``published.yaml`` name under ``fact``.

    The function takes the prepared data set, if one is declared, and returns name -> the value as
    a source prints it. A row names ``group.name``, the name of the declaration first.

    Attributes:
        names: what the values are called.
        dataset: the data set that they are about, if any.
    """

    names: Names = Field(strict=False, min_length=1)
    dataset: DatasetName | None = None


class Table(Declaration):
    """A table about one source, ``tables/NAME.csv``, which the source's part of the page shows.

    The function takes the rows of ``published.yaml`` and returns a ``DataFrame``. With the columns
    ``id`` and ``ours`` it gives our values of published ones, as text; ``note`` is shown beside the
    status, and ``with_bug`` is the value that comes out with the source's error. No training
    decides the values: ``make verify`` expects the same ones on every machine.

    Attributes:
        source: id of the source.
        title: what the table shows.
        row: what one row is.
        columns: in the order of the file.
        notes: text above the table.
        shown: whether the page shows it.
    """

    source: Text
    title: Text
    row: Text
    columns: tuple[Column, ...] = Field(strict=False, min_length=1)
    notes: str = ""
    shown: bool = True

    @field_validator("columns")
    @classmethod
    def _columns_have_types(cls, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        for column in columns:
            if not isinstance(column.type, Type) or not isinstance(column.role, Role):
                allowed = "a member of Type as type and one of Role as role"
                raise ValueError(f"{column} is not allowed; allowed: {allowed}")
        return columns


class Drawing(Declaration):
    """A figure of a source that no run changes: ``kind`` of ``draw`` in ``figures.yaml`` names it.

    The function takes the title and returns a :class:`restudy.figures.style.Drawing`.

    Attributes:
        caption: what is said below the figure.
    """

    caption: Text


KINDS: Mapping[str, type[Declaration]] = {
    kind.__name__: kind for kind in (Experiment, Facts, Table, Drawing)
}
