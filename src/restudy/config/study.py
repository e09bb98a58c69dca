"""A study: one experiment design, as its author writes it in ``config/studies/``."""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, PrivateAttr, Tag, create_model

from restudy.config.figures import FIGURE_KINDS
from restudy.config.recipe import Recipe
from restudy.config.run_ids import label
from restudy.config.strict import Strict

Scale = Literal["quick", "default", "full"]
SCALES: tuple[Scale, ...] = get_args(Scale)
Metric = Literal[
    "test_accuracy",
    "test_data_loss",
    "test_r2",
    "test_rmse",
    "validation_accuracy",
    "validation_data_loss",
    "validation_r2",
    "validation_rmse",
    "train_accuracy",
    "train_data_loss",
    "train_r2",
    "train_rmse",
    "penalty",
]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seeds = Annotated[
    Annotated[int, Field(ge=1), Tag("count")]
    | Annotated[list[Seed], Field(min_length=1), Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "count"),
]


def _without_default(name: str) -> tuple[Any, Any]:
    field = copy.copy(Recipe.model_fields[name])
    field.default = None
    return field.annotation, field


# Some fields of a recipe, each checked as in a whole one. `model_fields_set` tells which.
RecipePart = create_model(
    "RecipePart",
    __base__=Strict,
    __doc__="Some fields of a recipe.",
    **{name: _without_default(name) for name in Recipe.model_fields},  # type: ignore[call-overload]
)

# A list gives levels of the recipe field that the factor is named after; a mapping gives named
# levels, each of which sets any fields.
Factor = Annotated[
    Annotated[list[Any], Field(min_length=1), Tag("levels")]
    | Annotated[dict[str, RecipePart], Field(min_length=1), Tag("named levels")],
    Discriminator(lambda value: "levels" if isinstance(value, list) else "named levels"),
]


class ScaleChange(Strict):
    """What a scale changes in a study, to spend less time on it."""

    recipe: RecipePart = Field(RecipePart(), description="recipe fields set to something else")
    factors: dict[str, Factor] = Field({}, description="factors whose levels are replaced")
    exclude: list[dict[str, Any]] | None = Field(None, description="replaces the study's")
    seeds: Seeds | None = Field(None, description="replaces the study's")
    keep_weights: bool | None = Field(None, description="replaces the study's")
    disabled: bool = Field(False, description="leave the study out at this scale")


class Comparison(Strict):
    """Which levels of one factor are compared, seed by seed, and with what."""

    factor: str = Field(description="the factor whose levels are compared")
    baseline: Any = Field(description="the level that the others are compared with")
    metric: Metric = Field("test_accuracy", description="a column of the runs table")


class Study(Strict):
    """One experiment design: a base recipe, the factors that vary, and seeds."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)] = Field(
        description="lower-case letters, digits and single hyphens; also names its tables"
    )
    title: str = Field(description="one line for tables, figures and the MLflow experiment")
    question: str = Field(description="what the study is to answer")
    source: str | None = Field(
        None, description="the report that the study repeats, if any: an id of sources.yaml"
    )
    experiments: list[str] = Field([], description="ids of the source's experiments it covers")
    as_published: bool = Field(
        False, description="imitates a source's mistakes; never feeds a verdict"
    )
    recipe: RecipePart = Field(description="the recipe that all runs start from")
    factors: dict[str, Factor] = Field({}, description="what varies; all levels are crossed")
    exclude: list[dict[str, Any]] = Field(
        [], description="combinations of factor levels to leave out"
    )
    seeds: Seeds = Field(description="a number n (seeds 0 to n-1), or a list")
    compare: list[Comparison] = Field([], description="paired comparisons for the tables")
    figure: Literal[tuple(FIGURE_KINDS)] = Field(  # type: ignore[valid-type]
        "learning_curves", description="how the study is drawn"
    )
    keep_weights: bool = Field(True, description="write the trained weights to files and MLflow")
    scales: dict[Literal["quick", "default"], ScaleChange] = Field(
        {}, description="what the smaller scales change; the full scale is the study as it stands"
    )
    _file: str = PrivateAttr("")

    @property
    def file(self) -> str:
        """The file that the study was read from, for messages."""
        return self._file or f"study {self.name}"

    def labels(self, factor: str) -> list[str]:
        """Return the labels of all levels that a factor has at any scale."""
        changed = [one.factors[factor] for one in self.scales.values() if factor in one.factors]
        levels = (level for part in (self.factors[factor], *changed) for level in part)
        return list(dict.fromkeys(map(label, levels)))

    def excluded(self, factor: str, wanted: Any) -> list[Any]:
        """Return the levels that stand behind a factor in ``exclude``: one, or a list of them."""
        is_one = not isinstance(wanted, list) or label(wanted) in self.labels(factor)
        return [wanted] if is_one else wanted
