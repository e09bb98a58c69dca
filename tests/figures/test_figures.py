"""Figures show what the tables say, are the same bytes each time, and survive odd studies."""

import json
import xml.etree.ElementTree as ET
from importlib import import_module
from inspect import signature
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from restudy.config.figures import FIGURE_KINDS
from restudy.figures.batch_size import batch_size
from restudy.figures.factorial_heatmap import grid
from restudy.figures.learning_curves import learning_curves
from restudy.figures.predicted_vs_actual import housing
from restudy.figures.studies import draw_study
from restudy.figures.style import Drawing, direct_labels, looks, save
from tests.figures.made_up import LEVELS, Tables, diverge, made_up

GRID = list(LEVELS)


def predictions(runs: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.concat(
        runs[["run", "hidden", "seed"]].assign(true=true, predicted=true + rng.normal())
        for true in np.linspace(0.5, 5, 20)
    )


def draw_all(grid_tables: Tables, norm_tables: Tables, housing_tables: Tables) -> list[Drawing]:
    runs = housing_tables.runs
    return [
        learning_curves(norm_tables.history, ["norm", "batch_size"]),
        batch_size(norm_tables.runs, norm_tables.timing),
        grid(grid_tables.runs.query("dataset == 'mnist'"), GRID),
        housing(runs, housing_tables.history, predictions(runs)),
    ]


def test_same_bytes_each_time(
    grid_tables: Tables, norm_tables: Tables, housing_tables: Tables, tmp_path: Path
) -> None:
    written = []
    for attempt in ("first", "second"):
        # What a matplotlibrc of the machine says has no say either.
        with matplotlib.rc_context({"font.size": 5 if attempt == "first" else 20}):
            drawings = draw_all(grid_tables, norm_tables, housing_tables)
            for i, drawing in enumerate(drawings):
                places = [tmp_path / attempt / f"{i}.{end}" for end in ("svg", "pdf", "csv")]
                save(drawing, *places)
                written.append([place.read_bytes() for place in places])
    assert written[:4] == written[4:]
    for svg, pdf, csv in written[:4]:
        ET.fromstring(svg)  # noqa: S314 (our own)
        assert b"dc:date" not in svg
        assert pdf.startswith(b"%PDF")
        assert b"CreationDate" not in pdf
        assert csv.count(b"\n") > 5


@pytest.mark.parametrize("name", FIGURE_KINDS)
def test_a_kind_s_function_takes_what_the_rule_hands_it(name: str) -> None:
    kind = FIGURE_KINDS[name]
    module = import_module(f"restudy.figures.{kind.module}")
    assert tuple(signature(getattr(module, name)).parameters) == kind.arguments
    assert module.CAPTION


def test_a_study_is_drawn_from_its_folder(norm_tables: Tables, tmp_path: Path) -> None:
    norm_tables.history.to_parquet(tmp_path / "history.parquet")
    description = {"figure": "learning_curves", "factors": {"norm": [], "batch_size": []}}
    (tmp_path / "study.json").write_text(json.dumps(description))
    drawing, caption = draw_study(tmp_path)
    own = learning_curves(norm_tables.history, ["norm", "batch_size"])
    pd.testing.assert_frame_equal(drawing.data, own.data)
    assert caption.startswith("Loss and accuracy")


def test_learning_curves_show_means(norm_tables: Tables) -> None:
    history = norm_tables.history
    small = history["batch_size"].eq("16") & history["metric"].isin(["data_loss", "accuracy"])
    drawing = learning_curves(history[small], ["norm"])
    row = drawing.data.query("metric == 'accuracy' and norm == 'batch' and split == 'test'")
    runs = norm_tables.runs.query("norm == 'batch' and batch_size == '16'")
    assert row["mean"].tolist() == pytest.approx([runs["test_accuracy"].mean()])
    texts = [text.get_text() for axes in drawing.figure.axes for text in axes.texts]
    assert sorted(texts) == ["batch norm", "batch norm", "no norm", "no norm"]


def test_grid_shows_means_winners_and_shares(grid_tables: Tables) -> None:
    data = grid(grid_tables.runs, GRID).data
    cells, shares = data[data["panel"] == "test_accuracy"], data[data["panel"] == "variance"]
    assert len(cells) == len(grid_tables.runs) / 3
    assert (cells["winner"] != "").groupby([cells["dataset"], cells["hidden"]]).sum().eq(2).all()
    assert (cells["winner"] == "data set").sum() == 2
    assert shares.groupby("dataset")["eta_sq"].sum().tolist() == pytest.approx([1, 1])


def test_hexagons_hold_the_predictions(housing_tables: Tables) -> None:
    """Each prediction is counted once, in a hexagon that it lies in."""
    runs = housing_tables.runs
    points = predictions(runs)
    drawn = housing(runs, housing_tables.history, points).data.query("panel == 'predictions'")
    assert len(drawn) > 20
    for hidden, hexagons in drawn.groupby("hidden"):
        own = points[points["hidden"] == hidden]
        assert hexagons["houses"].sum() == len(own)
        x, y = (
            np.abs(own[name].to_numpy()[:, None] - hexagons[name].to_numpy())
            for name in ("true", "predicted")
        )
        width, height = 5.3 / 36, 8 / 40
        near = (x <= width / 2 + 1e-9) & (y <= height * 2 / 3)
        assert near.any(axis=1).all()
        assert (near.sum(axis=0) >= hexagons["houses"]).all()


def test_diverged_runs(grid_tables: Tables, norm_tables: Tables, housing_tables: Tables) -> None:
    some = grid_tables.runs["norm"].eq("none") & grid_tables.runs["regularisation"].eq("L1")
    some.iloc[0] = True
    data = grid(diverge(grid_tables.runs, some), GRID).data
    lost = data.query("norm == 'none' and regularisation == 'L1' and panel == 'test_accuracy'")
    assert lost["n"].eq(0).all()
    assert lost["winner"].eq("").all()
    everything = pd.Series(data=True, index=grid_tables.runs.index)
    grid(diverge(grid_tables.runs, everything), GRID)

    slow = norm_tables.runs["norm"].eq("none")
    batch_size(diverge(norm_tables.runs, slow), norm_tables.timing)
    history = norm_tables.history
    broken = history.assign(value=history["value"].where(history["norm"].ne("none")))
    data = learning_curves(broken, ["norm", "batch_size"]).data
    assert data.loc[data["norm"] == "none", "n"].eq(0).all()

    runs = diverge(housing_tables.runs, housing_tables.runs["hidden"].eq("64-64"))
    told = housing(runs, housing_tables.history, predictions(runs[runs["hidden"] != "64-64"])).data
    assert set(told.loc[told["panel"] == "predictions", "hidden"]) == {"linear", "64"}


def test_one_seed_and_one_epoch() -> None:
    small = made_up({"norm": ["none", "batch"], "batch_size": ["16"]}, seeds=1, epochs=1)
    learning_curves(small.history, ["norm", "batch_size"])
    batch_size(small.runs, small.timing)
    levels = {name: labels[:1] for name, labels in LEVELS.items()}
    grid(made_up(levels, seeds=1).runs, GRID)
    alone = made_up({"hidden": ["64"]}, seeds=1, epochs=1)
    housing(alone.runs, alone.history, predictions(alone.runs))


def test_any_level_has_a_look() -> None:
    assert looks("norm", ["batch"])["batch"].name == "batch norm"
    own = looks("regularisation", ["L2", "mine", "dropout", "another"])
    assert own["L2"] == looks("regularisation", ["none", "L2"])["L2"]
    assert len({look.colour for look in own.values()}) == 4
    assert len({look.marker for look in own.values()}) == 4
    assert own["mine"].name == "mine"
    many = [str(i) for i in range(24)]
    colours = looks("hidden", many[:7]).values()
    assert len({look.colour for look in colours}) == len({look.marker for look in colours}) == 7
    assert len({look.colour for look in looks("hidden", many).values()}) == 24
    assert len(looks("norm", ["none", "batch", *many])) == 26


def test_labels_do_not_overlap() -> None:
    axes = matplotlib.figure.Figure().subplots()
    axes.set_ylim(0, 1)
    direct_labels(axes, 1, [(y, str(y), "black") for y in (0.99, 0.98, 0.5, 0.97, 7.0)])
    heights = sorted(text.get_position()[1] for text in axes.texts)
    assert np.diff(heights).min() > 0.059
    assert heights[-1] < 1


def test_labels_stay_in_the_panel() -> None:
    axes = matplotlib.figure.Figure().subplots()
    axes.set_ylim(0, 1)
    labels = [(0.001 * i, str(i), "black") for i in range(12)]
    labels += [(1 - 0.001 * i, str(i), "black") for i in range(12)]
    direct_labels(axes, 1.06, [*labels, (np.nan, "lost", "black")], gap=0.04, leader=1)
    heights = sorted(text.get_position()[1] for text in axes.texts)
    assert len(heights) == len(axes.lines) == 24
    assert np.diff(heights).min() > 0.039
    assert 0 <= heights[0] < heights[-1] <= 1
