"""How the figures of the sources are drawn: the key ``draw`` of a row of ``figures.yaml``.

Only the form is checked here. Whether a study has the factors, levels and metrics that a drawing
asks for is a matter of the plan: see :mod:`restudy.evidence.figure_availability`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from restudy.config.sources import SOURCE, row_id
from restudy.config.strict import Strict
from restudy.data.registry import DATASETS
from restudy.evidence.checks import as_list
from restudy.evidence.metric_selectors import Text

DATASET = "dataset"
"""The factor that always has panels of its own: data sets are never drawn into one panel."""

OBJECTIVE = "objective"
"""The panel of what was trained for: the loss with its penalty added."""

PublishedId = Annotated[str, Field(pattern=row_id("PUB", SOURCE, r"\d{3}"))]
Split = Literal["train", "validation", "test"]
Panel = Literal["accuracy", "data_loss", "penalty", "objective", "batch_loss", "rmse"]
Wanted = Annotated[
    Annotated[Text, Tag("levels")] | Annotated[list[Text], Field(min_length=1), Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "levels"),
]
Panels = Annotated[list[Panel], Field(min_length=1, max_length=4)]


class Marks(Strict):
    """Printed values that are drawn as open marks.

    Attributes:
        panel: the panel that they belong to.
        split: the samples that the source took them on, whatever it called them.
        name: what the legend says of them, behind "published".
        filter: the levels that they belong to; factors that are left out do not matter.
        at: epoch, step or level -> id of the printed value.
    """

    panel: Panel
    split: Split
    name: Text
    filter: dict[str, Text] = {}
    at: Annotated[dict[int | Text, PublishedId], Field(min_length=1)]


class Line(Strict):
    """A place on the x axis that the source printed, drawn as an upright line.

    Attributes:
        id: the printed value; its number is the place.
        name: what is said to happen there.
    """

    id: PublishedId
    name: Text


class _Drawing(Strict):
    """Keys of all drawings.

    Attributes:
        kind: which function draws it.
        title: what is to be seen.
    """

    kind: str
    title: Text

    @property
    def printed(self) -> list[str]:
        """Ids of the published values that it shows."""
        return []


class StudyDrawing(_Drawing):
    """A drawing of a study's runs.

    Attributes:
        study: name of the study.
        filter: factor -> the level, or levels, that are drawn, in this order; of a factor that is
            left out all that the scale has.
        panels: the metrics, and ``objective``.
        limits: ``own``: panels are as high as what they show needs; ``study``: as high as all runs
            of the study need, so that its figures can be laid side by side.
        names: level -> words for it, where the level alone says too little.
        published: printed values.
        lines: printed places on the x axis.
    """

    study: Text
    filter: dict[str, Wanted] = {}
    panels: Panels
    limits: Literal["own", "study"] = "own"
    names: dict[str, Text] = {}
    published: list[Marks] = []
    lines: list[Line] = []

    @model_validator(mode="after")
    def _marks_have_panels(self) -> StudyDrawing:
        if len(set(self.panels)) < len(self.panels):
            raise ValueError(f"panels: {self.panels} names one twice; allowed: each once")
        for marks in self.published:
            if marks.panel not in self.panels:
                raise ValueError(
                    f"published: {marks.panel!r} is no panel of the figure; "
                    f"allowed: {', '.join(self.panels)}"
                )
        return self

    @property
    def printed(self) -> list[str]:
        """Ids of the published values that it shows."""
        marks = [id_ for marks in self.published for id_ in marks.at.values()]
        return [*marks, *(line.id for line in self.lines)]

    def wanted(self, factor: str) -> list[str] | None:
        """Return the levels of a factor that are drawn; None for all."""
        return as_list(self.filter[factor]) if factor in self.filter else None


class Curves(StudyDrawing):
    """Metrics over the course of training, one colour for each combination of levels.

    Attributes:
        x: what they are drawn over.
    """

    kind: Literal["curves"]
    x: Literal["epoch", "step"] = "epoch"

    @model_validator(mode="after")
    def _marks_have_places(self) -> Curves:
        for marks in self.published:
            if strangers := [place for place in marks.at if not isinstance(place, int)]:
                raise ValueError(
                    f"published: at: {strangers[0]!r} is no {self.x}; allowed: a whole number"
                )
        return self


class Levels(StudyDrawing):
    """Metrics after training over the levels of a factor, or after some numbers of steps.

    Attributes:
        x: the factor, or ``step``.
        scale: how a level is placed: ``level``: side by side, in the study's order; ``units``: at
            the number of its hidden units; ``layers``: at the number of its layers, the output
            layer included.
        at: the steps, for ``x: step``.
    """

    kind: Literal["levels"]
    x: Text
    scale: Literal["level", "units", "layers"] = "level"
    at: list[Annotated[int, Field(ge=1)]] = []

    @model_validator(mode="after")
    def _steps_are_given(self) -> Levels:
        if (self.x == "step") != bool(self.at):
            raise ValueError(f"at: {self.at}; allowed: a list of steps with 'x: step', else none")
        if self.scale != "level" and self.x != "hidden":
            raise ValueError(f"scale: {self.scale!r} is for 'x: hidden'; allowed here: level")
        return self


if TYPE_CHECKING:
    ImageSet = str
else:
    ImageSet = Literal[tuple(name for name, one in DATASETS.items() if one.is_image)]


class Samples(_Drawing):
    """Training images drawn at random, a row for each class.

    Attributes:
        dataset: the data set.
        columns: images in a row.
        seed: of the draw.
    """

    kind: Literal["samples"]
    dataset: ImageSet
    columns: Annotated[int, Field(ge=1, le=30)] = 14
    seed: Annotated[int, Field(ge=0)] = 0


class ProjectDrawing(_Drawing):
    """A drawing that the project declares; ``kind`` is its name."""


Drawing = Curves | Levels | Samples | ProjectDrawing

KINDS: Mapping[str, type[Drawing]] = {
    "curves": Curves,
    "levels": Levels,
    "samples": Samples,
}
"""The kinds of drawings, by the word that stands under ``kind``; all others are the project's."""


def drawing(values: Mapping[str, Any]) -> Drawing:
    """Return a drawing that has been checked before; a job is handed its plain values."""
    return KINDS.get(values["kind"], ProjectDrawing).model_validate(dict(values))
