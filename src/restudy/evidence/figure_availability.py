"""Which figures of the sources a run of the pipeline can draw, and why it cannot draw the others.

Asked when Snakemake parses the Snakefile, so nothing heavy is imported: a mistake in a row is an
error before any work, and a figure whose study or level is not in this run is no target.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, create_model

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.config.loading import validate
from restudy.config.recipe import Recipe
from restudy.data.registry import DATASETS
from restudy.evidence.figure_specs import (
    DATASET,
    KINDS,
    OBJECTIVE,
    Curves,
    Drawing,
    Levels,
    Own,
    Samples,
)
from restudy.evidence.metric_selectors import Known
from restudy.evidence.schema import Figure, Published, load_rows
from restudy.evidence.validation import FOLDER, STUDIES
from restudy.experiments.project import project
from restudy.planning.plan import Run, StudyPlan

FILE = FOLDER / "figures.yaml"

_PERCENT = "percent"
"""The unit of printed values that are a hundred times ours."""


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
        return {
            "id": self.id,
            "source": self.source,
            "draw": dict(self.draw),
            "printed": dict(self.printed),
        }


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
        figures: rows of the ledger.
        published: rows of the ledger, for the printed values that figures show.

    Raises:
        RestudyError: the form of a drawing is wrong, or a published value that it names is not
            there or has no number.
    """
    rows = {row.id: row for row in published}
    found = {}
    for figure in figures:
        if figure.draw is not None:
            drawing = _drawing(figure.id, figure.draw)
            printed = {id_: _number(figure.id, id_, rows) for id_ in drawing.printed}
            found[figure.id] = SourceFigure(figure.id, figure.source, figure.draw, drawing, printed)
    return found


def figures_to_draw(
    figures: Mapping[str, SourceFigure],
    studies: Mapping[str, StudyPlan],
    names: Collection[str] | None = None,
) -> dict[str, SourceFigure]:
    """Return the figures that this run can draw.

    Args:
        figures: by id.
        studies: the studies of this run.
        names: the names of all studies; None: those that there are files of in ``STUDIES``.

    Raises:
        RestudyError: a drawing asks for a study that there is not, or for a factor, level or metric
            that its study does not have at any scale.
    """
    missing = figures_missing(figures, studies, names)
    return {id_: figure for id_, figure in figures.items() if id_ not in missing}


def figures_missing(
    figures: Mapping[str, SourceFigure],
    studies: Mapping[str, StudyPlan],
    names: Collection[str] | None = None,
) -> dict[str, str]:
    """Return what this run does not have for the figures that it cannot draw, in words.

    Raises:
        RestudyError: as :func:`figures_to_draw` does.
    """
    if names is None:
        names = [path.stem for path in STUDIES.glob("*.yaml")]
    known = Known(studies, {*studies, *names})
    missing = {id_: _missing(figure, known) for id_, figure in figures.items()}
    return {id_: reason for id_, reason in missing.items() if reason}


def _drawing(id_: str, values: Mapping[str, Any]) -> Drawing:
    where = f"{FILE}: {id_}"
    kind = str(values.get("kind"))
    known = [*KINDS, *project().drawings]
    if kind not in known:
        guess = closest_match(kind, known)
        raise RestudyError(bad_value(where, "draw.kind", values.get("kind"), _list(known), guess))
    # One level deeper, so that complaints name the whole path.
    row: type[BaseModel] = create_model("Row", draw=(KINDS.get(kind, Own), ...))
    drawing: Drawing = validate(row, {"draw": dict(values)}, where).draw  # type: ignore[attr-defined]
    return drawing


def _number(figure: str, id_: str, rows: Mapping[str, Published]) -> float:
    where = f"{FILE}: {figure}"
    if id_ not in rows:
        allowed, guess = "an id of published.yaml", closest_match(id_, rows)
        raise RestudyError(bad_value(where, "draw.published", id_, allowed, guess))
    row = rows[id_]
    if row.number is None:
        allowed = f"a published value that is a number, not {row.value!r}"
        raise RestudyError(bad_value(where, "draw.published", id_, allowed))
    return row.number / 100 if row.unit == _PERCENT else row.number


def _missing(figure: SourceFigure, known: Known) -> str:
    """Return what a figure needs and this run does not have, in words; empty if nothing."""
    drawing = figure.drawing
    if isinstance(drawing, Samples):
        used = {name for study in known.plans.values() for name in study.datasets}
        title = DATASETS[drawing.dataset].title
        return "" if drawing.dataset in used else f"no study of this run is on {title}"
    if not isinstance(drawing, Curves | Levels):
        return ""
    where = f"{FILE}: {figure.id}"
    if drawing.study not in known.names:
        guess = closest_match(drawing.study, known.names)
        raise RestudyError(
            bad_value(where, "draw.study", drawing.study, "the name of a study", guess)
        )
    if drawing.study not in known.plans:
        return f"the study {drawing.study} is not in this run"
    study = known.plans[drawing.study]
    _check(where, drawing, study)
    for factor in drawing.where:
        for level in drawing.wanted(factor) or []:
            if not any(run.levels[factor] == level for run in study.runs):
                return f"{drawing.study} has no {_words(factor)} {level} at this scale"
    drawn = [run for run in study.runs if _is_drawn(run, drawing)]
    if not drawn:
        return f"{drawing.study} has no run with all of these levels at this scale"
    return _missing_places(drawing, drawn) if isinstance(drawing, Levels) else ""


def _check(where: str, drawing: Curves | Levels, plan: StudyPlan) -> None:
    """Complain about factors, levels and panels that a study does not have at any scale."""
    study = plan.study
    named = [(f"draw.where.{name}", name, drawing.wanted(name) or []) for name in drawing.where]
    for place, marks in enumerate(drawing.published):
        key = f"draw.published[{place}].where"
        named += [(f"{key}.{name}", name, [level]) for name, level in marks.where.items()]
    if isinstance(drawing, Levels) and drawing.x != "step":
        named.append(("draw.x", drawing.x, []))
    for key, factor, levels in named:
        if factor not in study.factors:
            allowed = f"a factor of {study.name} ({_list(study.factors) or 'it has none'})"
            guess = closest_match(factor, study.factors)
            raise RestudyError(bad_value(where, key, factor, allowed, guess))
        known = study.labels(factor)
        for level in levels:
            if level not in known:
                guess = closest_match(level, known)
                raise RestudyError(bad_value(where, key, level, _list(known), guess))
    if isinstance(drawing, Levels):
        for factor in study.factors.keys() - {drawing.x, DATASET}:
            if len(drawing.wanted(factor) or study.labels(factor)) > 1:
                allowed = f"one level of it: {_list(study.labels(factor))}"
                raise RestudyError(f"{where}: draw.where: {factor} is missing; allowed: {allowed}")
    measured = _measured(plan.runs[0].recipe)
    for panel in drawing.panels:
        if panel not in measured:
            allowed, guess = _list(measured), closest_match(panel, measured)
            raise RestudyError(bad_value(where, "draw.panels", panel, allowed, guess))


def _measured(recipe: Recipe) -> list[str]:
    """Return the panels that a run can fill."""
    score = "rmse" if recipe.task == "regression" else "accuracy"
    probed = ["batch_loss"] if "batch_loss" in recipe.probes else []
    return [score, "data_loss", "penalty", OBJECTIVE, *probed]


def _missing_places(drawing: Levels, drawn: Iterable[Run]) -> str:
    """Return which places on the x axis the runs do not have."""
    if drawing.x != "step":
        if len({run.levels[drawing.x] for run in drawn}) > 1:
            return ""
        return f"{drawing.study} has only one {_words(drawing.x)} at this scale"
    recipes = [run.recipe for run in drawn]
    lost = [step for step in drawing.at if not all(_measures(recipe, step) for recipe in recipes)]
    if not lost:
        return ""
    steps = _list(f"{step:,}" for step in lost)
    return f"{drawing.study} is not measured after {steps} steps at this scale"


def _is_drawn(run: Run, drawing: Curves | Levels) -> bool:
    wanted = {factor: drawing.wanted(factor) or [] for factor in drawing.where}
    return all(run.levels[factor] in levels for factor, levels in wanted.items())


def _measures(recipe: Recipe, step: int) -> bool:
    """Tell whether the network is measured after so many steps."""
    last = recipe.total_steps
    return step == last or (
        step < last and step % (recipe.steps_per_epoch * recipe.evaluate_every) == 0
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
