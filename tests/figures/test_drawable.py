"""Which figures of the sources a run can draw; a drawing that is not right says so at once."""

from collections.abc import Mapping
from typing import Any

import pytest

from restudy.common.errors import RestudyError
from restudy.config.loading import load_studies
from restudy.evidence.figure_availability import (
    SourceFigure,
    figures_missing,
    figures_to_draw,
    source_figures,
)
from restudy.evidence.reasons import reason, reason_text
from restudy.evidence.schema import Figure, Published
from restudy.planning.plan import StudyPlan, make_plan
from tests.figures import made_up_studies
from tests.figures.made_up_studies import SCALES, plan
from tests.workflow.checkout import ROOT


def row(**draw: Any) -> Figure:
    plain = {"kind": "curves", "title": "T", "study": "s4-keras", "panels": ["accuracy"]}
    return Figure.model_validate(
        {
            **{"id": "FIG-S4-01", "source": "S4", "experiment": "EXP-S4-A", "title": "T"},
            **{"x_axis": "x", "y_axis": "y", "series": ["a"], "status_in_source": "absent"},
            **{"corrected_figure": "drawn", "draw": plain | draw},
        }
    )


def published(value: str, unit: str) -> Published:
    return Published.model_validate(
        {
            **{"id": "PUB-S4-001", "source": "S4", "experiment": "EXP-S4-A", "metric": "m"},
            **{"value": value, "unit": unit},
        }
    )


def one(value: str = "1", unit: str = "loss", **draw: Any) -> dict[str, SourceFigure]:
    return source_figures([row(**draw)], [published(value, unit)])


NAMES = tuple(plan("full").studies)
MARKS = {"panel": "accuracy", "split": "test", "name": "test"}


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_drawn_and_what_is_missing_are_all(scale: str) -> None:
    figures = made_up_studies.source_figures()
    drawn = figures_to_draw(figures, plan(scale).studies, NAMES)
    missing = figures_missing(figures, plan(scale).studies, NAMES)
    assert not drawn.keys() & missing.keys()
    assert drawn.keys() | missing.keys() == figures.keys()
    assert all(missing.values())


def missing_figures(studies: Mapping[str, StudyPlan]) -> dict[str, str]:
    """Return why figures are not drawn, in words."""
    found = figures_missing(made_up_studies.source_figures(), studies, NAMES)
    return {id_: reason_text([why]) for id_, why in found.items()}


def test_why_a_figure_is_not_drawn() -> None:
    missing = missing_figures(plan("quick").studies)
    assert missing["FIG-S4-21"] == "s4-keras has no model 5 at this scale"
    assert missing["FIG-S4-03"] == (
        "s4-softmax is not measured after 200, 500, 1,000, 2,000 steps at this scale"
    )
    housing = make_plan(load_studies(ROOT / "config/studies", ["s1-housing"]), "quick").studies
    missing = missing_figures(housing)
    assert missing["FIG-S4-01"] == "the study s4-depth is not in this run"
    assert missing["FIG-S1-02"] == "no study of this run is on MNIST"
    drawn = figures_to_draw(made_up_studies.source_figures(), housing, NAMES)
    assert sorted(drawn) == ["FIG-S1-01", "FIG-S4-26", "FIG-S4-27"]


def test_one_level_is_no_curve_over_levels() -> None:
    levels = {"kind": "levels", "x": "dataset", "filter": {"model": "1"}}
    found = one(**levels)
    missing = figures_missing(found, plan("quick").studies, NAMES)
    assert missing == {"FIG-S4-01": reason("one_level", study="s4-keras", factor="dataset")}
    assert not figures_missing(found, plan("full").studies, NAMES)


def test_printed_values_are_in_our_units() -> None:
    marks = [MARKS | {"at": {20: "PUB-S4-001"}}]
    for value, unit, ours in (("85.5", "percent", 0.855), ("0.855", "fraction", 0.855)):
        assert one(value, unit, published=marks)["FIG-S4-01"].printed == {
            "PUB-S4-001": pytest.approx(ours)
        }
    figure = one("0.5", "loss", published=marks)["FIG-S4-01"]
    assert figure.parameters()["printed"] == {"PUB-S4-001": 0.5}
    assert figure.parameters()["draw"]["study"] == "s4-keras"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        ({"kind": "curvs"}, "draw.kind: 'curvs' is not allowed; allowed: curves, levels, "),
        ({"kind": "curvs"}, "did you mean 'curves'"),
        ({"studdy": "x"}, "draw.studdy: unknown key; allowed: .*did you mean 'study'"),
        ({"title": ""}, "draw.title: '' is not allowed"),
        ({"panels": ["acuracy"]}, r"draw.panels\[0\]: 'acuracy' .*did you mean 'accuracy'"),
        ({"panels": []}, "draw.panels: .* at least one entry"),
        ({"panels": ["accuracy", "accuracy"]}, "panels: .* names one twice"),
        ({"filter": {"model": 2}}, "draw.filter.model: 2 is not allowed; allowed: text"),
        ({"published": [MARKS | {"at": {1: "PUB-1"}}]}, "'PUB-1' is not allowed"),
        (
            {"published": [MARKS | {"panel": "data_loss", "at": {1: "PUB-S4-001"}}]},
            "published: 'data_loss' is no panel of the figure; allowed: accuracy",
        ),
        ({"published": [MARKS | {"at": {"x": "PUB-S4-001"}}]}, "at: 'x' is no epoch"),
        (
            {"published": [MARKS | {"at": {1: "PUB-S4-002"}}]},
            "draw.published: 'PUB-S4-002' is not allowed; allowed: an id of published.yaml .*001",
        ),
        ({"kind": "levels", "x": "step"}, "at: .*a list of steps with 'x: step'"),
        ({"kind": "levels", "x": "model", "scale": "units"}, "scale: 'units' is for 'x: hidden'"),
    ],
)
def test_a_drawing_of_the_wrong_form(draw: dict[str, Any], words: str) -> None:
    with pytest.raises(RestudyError, match=rf"figures.yaml: FIG-S4-01: .*{words}"):
        one(**draw)


def test_a_printed_value_without_a_number() -> None:
    marks = [MARKS | {"at": {20: "PUB-S4-001"}}]
    with pytest.raises(RestudyError, match="a published value that is a number, not 'many'"):
        one("many", "count", published=marks)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        ({"study": "s4-kears"}, "draw.study: 's4-kears' .*did you mean 's4-keras'"),
        (
            {"filter": {"modle": "2"}},
            "draw.filter: 'modle' .*s4-keras .dataset, model.*'model'",
        ),
        (
            {"filter": {"model": ["2", "6"]}},
            "draw.filter.model: '6' is not allowed; allowed: 1, 2, ",
        ),
        (
            {"published": [MARKS | {"filter": {"model": "4s"}, "at": {1: "PUB-S4-001"}}]},
            r"draw.published\[0\].filter.model: '4s' ",
        ),
        ({"panels": ["batch_loss"]}, "draw.panels: 'batch_loss' is not allowed; allowed: accuracy"),
        ({"panels": ["rmse"]}, "draw.panels: 'rmse' is not allowed"),
        ({"kind": "levels", "x": "modell"}, "draw.x: 'modell' .*did you mean 'model'"),
        ({"kind": "levels", "x": "dataset"}, "draw.filter: model is missing; allowed: one level"),
    ],
)
def test_a_drawing_that_its_study_cannot_fill(draw: dict[str, Any], words: str) -> None:
    figures = one(**draw)
    with pytest.raises(RestudyError, match=f"FIG-S4-01: {words}"):
        figures_to_draw(figures, plan("full").studies, NAMES)
