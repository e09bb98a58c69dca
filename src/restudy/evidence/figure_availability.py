"""Which figures of the sources a run of the pipeline can draw, and why it cannot draw the others.

Read when Snakemake parses the Snakefile, so nothing heavy is imported: a mistake in a row is an
error before any work, and a figure whose study or level is not in this run is no target.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, create_model

from restudy.common.errors import RestudyError, bad_value, choice_error
from restudy.config.loading import load_rows, validate
from restudy.config.recipe import Recipe
from restudy.data.registry import DATASETS
from restudy.evidence.checks import (
    StudyIndex,
    factor_errors,
    level_errors,
    missing_error,
)
from restudy.evidence.figure_specs import (
    DATASET,
    KINDS,
    OBJECTIVE,
    Curves,
    Drawing,
    Levels,
    ProjectDrawing,
    Samples,
)
from restudy.evidence.reasons import Reason, reason
from restudy.evidence.schema import Figure, Published
from restudy.evidence.validation import FOLDER, STUDIES
from restudy.experiments.project import project
from restudy.planning.plan import PlannedRun, StudyPlan

FILE = FOLDER / "figures.yaml"


@dataclass(frozen=True)
class SourceFigure:
    """A figure of a source that we draw.

    Attributes:
        id, source: of its row.
        draw: its drawing as plain values, checked.
        drawing: the same as a model.
        printed: published value -> its number, in our units.
    """

    id: str
    source: str
    draw: Mapping[str, Any]
    drawing: Drawing
    printed: Mapping[str, float]

    @property
    def study(self) -> str | None:
        """The study whose runs it shows, if any."""
        return self.drawing.study if isinstance(self.drawing, Curves | Levels) else None

    @property
    def dataset(self) -> str | None:
        """The data set whose samples it shows, if any."""
        return self.drawing.dataset if isinstance(self.drawing, Samples) else None

    def parameters(self) -> dict[str, Any]:
        """Return it as plain values, as a job is handed it."""
        own = {"id": self.id, "source": self.source}
        return own | {"draw": dict(self.draw), "printed": dict(self.printed)}


def load_source_figures(published: Iterable[Published]) -> dict[str, SourceFigure]:
    """Read the figures that have a drawing, by id; see :func:`source_figures`.

    Raises:
        RestudyError: the file, a row or a drawing is wrong.
    """
    return source_figures(load_rows(FILE, Figure), published)


def source_figures(
    figures: Iterable[Figure], published: Iterable[Published]
) -> dict[str, SourceFigure]:
    """Return the figures that have a drawing, by id.

    Args:
        figures: rows of the catalogue.
        published: rows of the catalogue, for the printed values that figures show.

    Raises:
        RestudyError: the form of a drawing is wrong, or a published value that it names is not
            there or has no number.
    """
    rows = {row.id: row for row in published}
    found = {}
    for figure in figures:
        if figure.draw is not None:
            where = f"{FILE}: {figure.id}"
            drawing = _drawing(where, figure.draw)
            printed = {id_: _number(where, id_, rows) for id_ in drawing.printed}
            found[figure.id] = SourceFigure(figure.id, figure.source, figure.draw, drawing, printed)
    return found


def figures_missing(
    figures: Mapping[str, SourceFigure],
    studies: Mapping[str, StudyPlan],
    names: Collection[str] | None = None,
) -> dict[str, Reason]:
    """Return the figures that this run cannot draw, by id, with the reason.

    Args:
        figures: by id.
        studies: the studies of this run.
        names: the names of all studies; None: those that there are files of in ``STUDIES``.

    Raises:
        RestudyError: a drawing names a study that there is not, or a factor, level or metric that
            its study does not have at any scale.
    """
    if names is None:
        names = [path.stem for path in STUDIES.glob("*.yaml")]
    index = StudyIndex(studies, {*studies, *names})
    missing = {id_: next(_missing(figure, index), None) for id_, figure in figures.items()}
    return {id_: why for id_, why in missing.items() if why is not None}


def figures_to_draw(
    figures: Mapping[str, SourceFigure],
    studies: Mapping[str, StudyPlan],
    names: Collection[str] | None = None,
) -> dict[str, SourceFigure]:
    """Return the figures that this run can draw; see :func:`figures_missing`."""
    missing = figures_missing(figures, studies, names)
    return {id_: figure for id_, figure in figures.items() if id_ not in missing}


def _drawing(where: str, values: Mapping[str, Any]) -> Drawing:
    kind, known = values.get("kind"), [*KINDS, *project().drawings]
    if kind not in known:
        raise RestudyError(choice_error(where, "draw.kind", kind, known))
    # One level deeper, so that errors name the whole path.
    row: type[BaseModel] = create_model("Row", draw=(KINDS.get(str(kind), ProjectDrawing), ...))
    drawing: Drawing = validate(row, {"draw": dict(values)}, where).draw  # type: ignore[attr-defined]
    return drawing


def _number(where: str, id_: str, rows: Mapping[str, Published]) -> float:
    if id_ not in rows:
        allowed = "an id of published.yaml"
        raise RestudyError(choice_error(where, "draw.published", id_, rows, allowed))
    row = rows[id_]
    if row.number_in_our_unit is None:
        allowed = f"a published value that is a number, not {row.value!r}"
        raise RestudyError(bad_value(where, "draw.published", id_, allowed))
    return row.number_in_our_unit


def _missing(figure: SourceFigure, index: StudyIndex) -> Iterator[Reason]:
    """Yield what a figure needs and this run does not have."""
    drawing = figure.drawing
    if isinstance(drawing, Samples):
        if drawing.dataset not in {name for plan in index.plans.values() for name in plan.datasets}:
            yield reason("no_study_on", dataset=DATASETS[drawing.dataset].title)
        return
    if not isinstance(drawing, Curves | Levels):
        return
    where, study = f"{FILE}: {figure.id}", drawing.study
    for error in index.study_errors(where, "draw.study", study):
        raise RestudyError(error)
    if study not in index.plans:
        yield reason("study_missing", study=study)
        return
    plan = index.plans[study]
    for error in _errors(where, drawing, plan):
        raise RestudyError(error)
    for factor in drawing.filter:
        for level in drawing.wanted(factor) or []:
            if not any(run.levels[factor] == level for run in plan.runs):
                yield reason("study_level_missing", study=study, factor=factor, level=level)
    drawn = [run for run in plan.runs if _is_drawn(run, drawing)]
    if not drawn:
        yield reason("runs_missing", study=study)
    if isinstance(drawing, Levels) and drawing.x == "step":
        lost = [step for step in drawing.at if not all(_measures(run, step) for run in drawn)]
        if lost:
            yield reason("steps_missing", study=study, steps=lost)
    elif isinstance(drawing, Levels) and len({run.levels[drawing.x] for run in drawn}) < 2:
        yield reason("one_level", study=study, factor=drawing.x)


def _errors(where: str, drawing: Curves | Levels, plan: StudyPlan) -> Iterator[str]:
    """Yield the factors, levels and panels that a study does not have at any scale."""
    name, labels = plan.study.name, {one: plan.study.labels(one) for one in plan.study.factors}
    yield from level_errors(where, "draw.filter", drawing.filter, labels, name)
    for place, marks in enumerate(drawing.published):
        key = f"draw.published[{place}].filter"
        yield from level_errors(where, key, marks.filter, labels, name)
    if isinstance(drawing, Levels):
        x = [] if drawing.x == "step" else [drawing.x]
        yield from factor_errors(where, "draw.x", x, labels, name)
        for factor in [one for one in labels if one not in (drawing.x, DATASET)]:
            if len(drawing.wanted(factor) or labels[factor]) > 1:
                one = f"one level of it: {', '.join(labels[factor])}"
                yield missing_error(where, "draw.filter", factor, [one])
    measured = _measured(plan.runs[0].recipe)
    for panel in drawing.panels:
        if panel not in measured:
            yield choice_error(where, "draw.panels", panel, measured)


def _measured(recipe: Recipe) -> list[str]:
    """Return the panels that a run can fill."""
    score = "rmse" if recipe.task == "regression" else "accuracy"
    diagnosed = ["batch_loss"] if "batch_loss" in recipe.diagnostics else []
    return [score, "data_loss", "penalty", OBJECTIVE, *diagnosed]


def _is_drawn(run: PlannedRun, drawing: Curves | Levels) -> bool:
    wanted = {factor: drawing.wanted(factor) or [] for factor in drawing.filter}
    return all(run.levels[factor] in levels for factor, levels in wanted.items())


def _measures(run: PlannedRun, step: int) -> bool:
    """Return whether the network is measured after so many steps."""
    recipe, last = run.recipe, run.recipe.total_steps
    return step == last or (
        step < last and step % (recipe.steps_per_epoch * recipe.evaluate_every) == 0
    )
