"""The default figure draws any valid study."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from restudy.figures.learning_curves import MANY, learning_curves
from restudy.figures.style import COLOURS, Drawing, save
from tests.figures.made_up import made_up

CLASSIFICATION, REGRESSION = ("data_loss", "accuracy"), ("data_loss", "rmse")
NORMS = {"norm": ["none", "batch"]}


def history(
    levels: dict[str, list[str]],
    seeds: int = 3,
    epochs: int = 3,
    metrics: tuple[str, ...] = CLASSIFICATION,
) -> pd.DataFrame:
    table = made_up(levels, seeds, epochs).history
    return table[table["metric"].isin(metrics)]


def diverge(table: pd.DataFrame, *runs: int, epoch: int = 2) -> pd.DataFrame:
    lost = table["run"].isin([f"run-{run}" for run in runs]) & (table["epoch"] >= epoch)
    return table.assign(value=table["value"].mask(lost))


def draw(table: pd.DataFrame, factors: list[str], tmp_path: Path) -> Drawing:
    drawing = learning_curves(table, factors)
    save(drawing, *(tmp_path / f"figure.{end}" for end in ("svg", "pdf", "csv")))
    return drawing


def names(drawing: Drawing) -> list[str]:
    """Return the labels at the right of the last panel."""
    return [text.get_text() for text in drawing.figure.axes[-1].texts]


def legend(drawing: Drawing) -> str:
    (found,) = drawing.figure.legends
    return "\n".join([found.get_title().get_text(), *(text.get_text() for text in found.texts)])


def titles(drawing: Drawing) -> list[str]:
    return [axes.get_title(loc="left") for axes in drawing.figure.axes]


def overlapping(drawing: Drawing) -> list[tuple[str, str]]:
    """Return the pairs of labels of the last panel that lie on each other, as drawn."""
    drawing.figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawing.figure.axes[-1].texts]
    # Letters need not fill the line's whole height.
    boxes = [(name, box.shrunk(1, 0.7)) for name, box in boxes]
    return [(a, b) for (a, x), (b, y) in product(boxes, boxes) if a < b and x.overlaps(y)]


def test_regression(tmp_path: Path) -> None:
    levels = {"hidden": ["linear", "64", "64-64"]}
    drawing = draw(history(levels, metrics=REGRESSION), ["hidden"], tmp_path)
    assert titles(drawing) == [
        "Mean squared error (log scale)",
        "Root mean squared error (log scale)",
    ]
    assert sorted(names(drawing)) == ["hidden 64", "hidden 64-64", "linear"]
    assert set(drawing.data["metric"]) == set(REGRESSION)


def test_both_tasks_in_one_study(tmp_path: Path) -> None:
    table = history({"task": ["digits", "houses"]}, metrics=(*CLASSIFICATION, "rmse"))
    wrong = np.where(table["task"] == "digits", "rmse", "accuracy")
    drawing = draw(table[table["metric"] != wrong], ["task"], tmp_path)
    assert [title.split(" (")[0] for title in titles(drawing)] == [
        "Loss",
        "Accuracy",
        "Root mean squared error",
    ]
    assert names(drawing) == ["houses"]


@pytest.mark.parametrize("count", [COLOURS + 1, 12, MANY])
def test_more_levels_than_colours(tmp_path: Path, count: int) -> None:
    levels = {"batch_size": [str(2**i) for i in range(count)]}
    drawing = draw(history(levels), list(levels), tmp_path)
    colours = {text.get_text(): text.get_color() for text in drawing.figure.axes[-1].texts}
    assert len(colours) == len(set(colours.values())) == count
    assert "batch size 1" in colours
    assert not overlapping(drawing)


@pytest.mark.parametrize("metrics", [CLASSIFICATION, REGRESSION])
def test_many_combinations(tmp_path: Path, metrics: tuple[str, ...]) -> None:
    levels = {"batch_size": [str(2**i) for i in range(MANY // 2 + 1)]} | NORMS
    table = history(levels, metrics=metrics)
    drawing = draw(table, list(levels), tmp_path)
    last = table[table["metric"] == metrics[1]].query("epoch == 3 and split == 'validation'")
    means = last.groupby(list(levels), observed=True)["value"].mean().sort_values()
    extreme = [*means.index[:3], *means.index[-3:]]
    words = {"none": "no norm", "batch": "batch norm"}
    assert set(names(drawing)) == {f"batch size {size}, {words[norm]}" for size, norm in extreme}
    assert "the best 3 and the worst 3 of 26 combinations by validation" in legend(drawing)
    assert len(drawing.data.groupby(list(levels), observed=True)) == 26  # the numbers are all there
    assert not overlapping(drawing)


def test_many_combinations_with_diverged_runs(tmp_path: Path) -> None:
    levels = {"batch_size": [str(2**i) for i in range(MANY + 1)]}
    table = history(levels, seeds=2)
    some = draw(diverge(table, 0, 4, 5), ["batch_size"], tmp_path)
    assert "3 of 50 runs diverged, in 2 of 25 combinations" in legend(some)
    assert not {"batch size 1", "batch size 4"} & set(names(some))
    everything = draw(diverge(table, *range(50)), ["batch_size"], tmp_path)
    assert "all runs diverged" in names(everything)


def test_no_factors(tmp_path: Path) -> None:
    table = history({"norm": ["none"]}).drop(columns="norm")
    drawing = draw(diverge(table, 1), [], tmp_path)
    assert "\n1 of 3 runs diverged" in legend(drawing)
    assert drawing.data["n"].eq(2).all()


def test_one_seed(tmp_path: Path) -> None:
    drawing = draw(history(NORMS, seeds=1), ["norm"], tmp_path)
    assert legend(drawing).startswith("one seed")
    assert drawing.data["ci_low"].isna().all()


def test_diverged_runs(tmp_path: Path) -> None:
    table = history(NORMS, seeds=5)
    some = draw(diverge(table, 1), ["norm"], tmp_path)
    assert "no norm: 1 of 5 runs diverged" in legend(some)
    assert some.data.groupby("norm", observed=True)["n"].unique().explode().tolist() == [4, 5]
    half = draw(diverge(table, *range(5)), ["norm"], tmp_path)
    assert "no norm: 5 of 5 runs diverged" in legend(half)
    assert names(half) == ["batch norm"]
    everything = draw(diverge(table, *range(10), epoch=1), ["norm"], tmp_path)
    assert names(everything) == ["all runs diverged"]


@pytest.mark.parametrize("levels", [NORMS, {"batch_size": [str(i) for i in range(30)]}])
def test_one_epoch(tmp_path: Path, levels: dict[str, list[str]]) -> None:
    drawing = draw(history(levels, epochs=1), list(levels), tmp_path)
    panel = drawing.figure.axes[0]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == [
        "training",
        "validation",
        "test",
    ]
    assert panel.get_xlabel() == "after epoch 1"


def test_different_numbers_of_epochs(tmp_path: Path) -> None:
    table = history({"epochs": ["1", "3"]})
    short = table["epochs"] == "1"
    first = table[short & (table["epoch"] == 1)]
    test = table[short & (table["split"] == "test")].assign(epoch=1)
    drawing = draw(pd.concat([first, test, table[~short]]), ["epochs"], tmp_path)
    assert sorted(names(drawing)) == ["epochs 1", "epochs 3"]


def test_levels_of_ones_own(tmp_path: Path) -> None:
    levels = {"regularisation": ["none", "weak", "$strong$", "L2"]}
    drawing = draw(diverge(history(levels), 6), list(levels), tmp_path)
    words = ["L2", "regularisation $strong$", "regularisation none", "weak"]
    assert sorted(names(drawing)) == words
    colours = {text.get_color() for text in drawing.figure.axes[-1].texts}
    assert len(colours) == 4
    draw(history({"norm": ["none", "batch", "layer", "mine"]}), ["norm"], tmp_path)


def test_factors_that_do_not_vary_go_unsaid(tmp_path: Path) -> None:
    drawing = draw(history({"dataset": ["mnist"], **NORMS}), ["dataset", "norm"], tmp_path)
    assert sorted(names(drawing)) == ["batch norm", "no norm"]
