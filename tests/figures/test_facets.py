"""Studies of several factors: what is drawn as what, and that every combination is seen."""

from itertools import product
from math import prod

import numpy as np
import pandas as pd
import pytest

from restudy.figures.facets import Layout, layout
from restudy.figures.learning_curves import learning_curves
from restudy.figures.style import COLOURS
from tests.figures.looking import problems
from tests.figures.made_up import made_up
from tests.figures.made_up_studies import SCALES, plan, tables

DRAWN_SO = {
    scale: [
        name
        for name, study in plan(scale).studies.items()
        if study.study.figure == "learning_curves"
    ]
    for scale in SCALES
}


def numbers(count: int) -> list[str]:
    return [str(i) for i in range(count)]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"rate": 8, "norm": 2}, Layout("rate", None, ("norm",))),
        ({"norm": 2, "rate": 3, "decay": 3}, Layout("decay", "norm", ("rate",))),
        ({"scaling": 4, "norm": 2, "rate": 5}, Layout("rate", "norm", ("scaling",))),
        ({"dataset": 2, "hidden": 5, "size": 4}, Layout("hidden", None, ("dataset", "size"))),
        ({"dataset": 12, "norm": 2}, Layout("norm", None, ("dataset",))),
        ({"rate": 30}, None),
        ({"rate": 13, "norm": 2}, None),
        ({"rate": 5, "decay": 5, "norm": 4, "width": 5}, None),
        ({"dataset": 2}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_factors_are_drawn_as(levels: dict[str, int], expected: Layout | None) -> None:
    assert layout({name: numbers(count) for name, count in levels.items()}) == expected


@pytest.mark.parametrize(
    ("scale", "study"),
    [
        *(("default", study) for study in DRAWN_SO["default"]),
        *(("quick", study) for study in ("decay", "scaling", "s4-softmax-search", "activation")),
        *(("full", study) for study in ("optimiser", "dropout")),
    ],
)
def test_studies_are_readable(scale: str, study: str) -> None:
    made = tables(study, scale)
    assert problems(learning_curves(made.history, made.factors)) == []


def test_every_combination_is_drawn_where_the_data_say() -> None:
    made = tables("decay", "default")
    drawing = learning_curves(made.history, made.factors)
    panels = [axes for axes in drawing.figure.axes if axes.axison]
    drawn = {
        tuple(np.round(line.get_ydata(), 12))
        for axes in panels
        for line in axes.lines
        if len(line.get_xdata()) > 2
    }
    told = drawing.data[drawing.data["split"] == "validation"]
    curves = told.groupby(["metric", *made.factors], observed=True)["mean"]
    assert {tuple(np.round(values, 12)) for _, values in curves} == drawn
    assert len(drawn) == 2 * 2 * 3 * 3
    bands = [
        path.vertices for axes in panels for band in axes.collections for path in band.get_paths()
    ]
    ends = np.concatenate([vertices[:, 1] for vertices in bands])
    low, high = told["ci_low"].to_numpy(float), told["ci_high"].to_numpy(float)
    assert set(np.round(high, 9)) <= set(np.round(ends, 9))
    assert np.mean([value in set(np.round(ends, 9)) for value in np.round(low, 9)]) > 0.5


def test_panels_of_a_row_have_one_scale() -> None:
    made = tables("decay", "default")
    panels = learning_curves(made.history, made.factors).figure.axes
    assert len(panels) == 6
    for row in (panels[:3], panels[3:]):
        assert len({axes.get_ylim() for axes in row}) == len({axes.get_xlim() for axes in row}) == 1
    assert len({axes.get_ylim() for axes in panels}) == 2


def test_panels_that_end_at_other_epochs_have_axes_of_their_own() -> None:
    made = tables("budget", "default")
    panels = learning_curves(made.history, made.factors).figure.axes
    ends = [axes.get_xlim()[1] for axes in panels]
    assert ends[0] == ends[2] > 200 > 30 > ends[1] == ends[3] > 20
    for axes in panels[2:]:
        assert any(label.get_visible() for label in axes.get_xticklabels())


@pytest.mark.parametrize("scale", SCALES)
def test_panels_show_all_combinations(scale: str) -> None:
    for name in DRAWN_SO[scale]:
        study = plan(scale).studies[name]
        levels = {key: list(found) for key, found in study.factors.items() if len(found) > 1}
        if prod(map(len, levels.values())) > COLOURS and len(levels) > 1:
            found = layout(levels)
            assert found is not None, name
            assert {found.colour, *found.panels, *filter(None, [found.line])} == set(levels)


def test_diverged_runs_and_missing_combinations() -> None:
    table = made_up({"a": numbers(4), "b": numbers(3)}, epochs=3).history
    table = table[table["metric"].isin(["data_loss", "accuracy"])]
    table = table[~((table["a"] == "1") & (table["b"] == "2"))]
    lost = (table["a"] == "0") & (table["epoch"] >= 2)
    history = table.assign(value=table["value"].mask(lost))
    drawing = learning_curves(history, ["a", "b"])
    assert problems(drawing) == []
    (legend,) = drawing.figure.legends
    assert "a 0, b 0: 3 of 3 runs diverged" in legend.get_title().get_text()
    everything = learning_curves(table.assign(value=np.nan), ["a", "b"])
    seen = [text.get_text() for axes in everything.figure.axes for text in axes.texts]
    assert set(seen) == {"all runs diverged"}


@pytest.mark.parametrize(("seeds", "epochs"), list(product((1, 3), (1, 2))))
def test_one_seed_and_one_epoch(seeds: int, epochs: int) -> None:
    table = made_up({"dataset": ["mnist", "fashion_mnist"], "b": numbers(6)}, seeds, epochs).history
    classified = table["metric"].isin(["data_loss", "accuracy"])
    drawing = learning_curves(table[classified], ["dataset", "b"])
    assert problems(drawing) == []
    assert isinstance(drawing.data, pd.DataFrame)
