"""The figures of the sources, drawn from made-up runs of the repository's own studies."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from restudy.config.reductions import of_plain
from restudy.data.load import PreparedData
from restudy.evidence.schema import load_catalogue
from restudy.figures.source_runs import Tables
from restudy.figures.sources import caption, draw
from restudy.figures.style import Drawing, save
from tests.figures.looking import problems
from tests.figures.made_up_studies import EVIDENCE, diverge, source_figures, tables, to_draw

OF_EACH_KIND = {
    "curves": "FIG-S4-13",
    "steps": "FIG-S4-03",
    "levels": "FIG-S4-07",
    "samples": "FIG-S1-02",
    "activations": "FIG-S1-01",
    "algorithm": "FIG-S4-26",
    "diagram": "FIG-S4-27",
}
# Those that show more at the full scale than at the default one.
FULL = ("FIG-S1-03", "FIG-S4-03", "FIG-S4-07", "FIG-S4-21")


@pytest.fixture(scope="module")
def images() -> PreparedData:
    """Return a data set of a few images, whose first pixel is their label."""
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 20))
    pixels = np.zeros((200, 784), np.uint8)
    pixels[:, 0] = labels
    order = np.arange(200)
    return PreparedData("mnist", 0, "", pixels, labels, pixels[:0], labels[:0], order)


def made(id_: str, scale: str, images: PreparedData, of: Tables | None = None) -> Drawing:
    figure = source_figures()[id_]
    runs = of or (tables(figure.study, scale) if figure.study else None)
    return draw(figure.drawing, figure.printed, runs, images if figure.dataset else None)


def t_interval(values: pd.Series) -> tuple[float, float]:
    """Return the 95% interval by scipy."""
    half = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    return values.mean() - half, values.mean() + half


# All of them


def test_every_figure_of_the_sources_has_a_drawing_or_a_study_s_own_figure() -> None:
    rows = load_catalogue(EVIDENCE).figures
    assert len(rows) == 36
    assert [row.id for row in rows if (row.draw is None) == (row.figure is None)] == []
    assert {row.id for row in rows if row.figure} == {"FIG-S1-05", "FIG-S3-03"}


def test_the_larger_scales_draw_all_and_the_quick_one_draws_every_kind() -> None:
    assert len(to_draw("full")) == len(to_draw("default")) == 34
    quick = to_draw("quick")
    assert {figure.drawing.kind for figure in quick.values()} == {
        *("curves", "levels", "samples", "activations", "algorithm", "diagram")
    }


@pytest.mark.parametrize(
    ("scale", "id_"),
    [
        *(("quick", id_) for id_ in to_draw("quick")),
        *(("default", id_) for id_ in to_draw("default") if source_figures()[id_].study),
        *(("full", id_) for id_ in FULL),
    ],
)
def test_readable_at_every_scale(scale: str, id_: str, images: PreparedData) -> None:
    drawing = made(id_, scale, images)
    assert len(drawing.data)
    assert problems(drawing) == []


@pytest.mark.parametrize("id_", OF_EACH_KIND.values(), ids=OF_EACH_KIND)
def test_same_bytes_each_time(id_: str, images: PreparedData, tmp_path: Path) -> None:
    written = []
    for attempt in ("first", "second"):
        places = [tmp_path / attempt / f"figure.{end}" for end in ("svg", "pdf", "csv")]
        save(made(id_, "default", images), *places)
        written.append([place.read_bytes() for place in places])
    assert written[0] == written[1]
    svg, _, csv = written[0]
    ET.fromstring(svg)  # noqa: S314 (our own)
    assert csv.count(b"\n") > 5


def test_titles_and_captions_say_what_it_is() -> None:
    for scale in ("quick", "full"):
        for id_, figure in to_draw(scale).items():
            about = tables(figure.study, scale).description if figure.study else None
            text = caption(id_, figure.source, figure.drawing, about)
            assert text.startswith(f"{id_}, for {figure.source}: {figure.drawing.title}.")
            if about:
                assert f"Study {figure.study}, scale {scale}, {about['seeds']} seeds" in text
                assert all(cut.text in text for cut in of_plain(about["reductions"]))


# Curves


def test_curves_show_means_and_intervals(images: PreparedData) -> None:
    study = tables("s4-penalties", "default")
    data = made("FIG-S4-13", "default", images).data
    ours = data[data["published"].isna()]
    assert list(ours["regulariser"].unique()) == ["L1 as printed", "L1 as meant", "none"]
    history = study.history
    for row in ours.iloc[::7].to_dict("records"):
        rows = history[
            (history["regulariser"].astype(str) == row["regulariser"])
            & (history["split"] == row["split"])
            & (history["step"] == row["step"])
        ].set_index("run")
        value = rows.loc[rows["metric"] == row["panel"].replace("objective", "data_loss"), "value"]
        if row["panel"] == "objective":
            penalties = history[
                (history["metric"] == "penalty")
                & (history["regulariser"].astype(str) == row["regulariser"])
                & (history["step"] == row["step"])
            ]
            value = value + penalties.set_index("run")["value"]
        assert row["n"] == len(value) == 3
        assert row["mean"] == pytest.approx(value.mean())
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(t_interval(value))


def test_test_set_is_a_single_point(images: PreparedData) -> None:
    for id_ in ("FIG-S3-01", "FIG-S4-01", "FIG-S4-21"):
        data = made(id_, "default", images).data
        ours = data[data["published"].isna() & (data["split"] == "test")]
        x = "step" if "step" in data else "epoch"
        assert set(ours[x]) == {data.loc[data["published"].isna(), x].max()}


def test_published_values_stand_at_their_places(images: PreparedData) -> None:
    data = made("FIG-S3-02", "full", images).data
    marks = data.dropna(subset=["published"]).set_index("published")
    assert len(marks) == 16
    assert marks.loc["PUB-S3-050", ["panel", "split", "epoch", "norm"]].tolist() == [
        *("accuracy", "test", 1, "none")
    ]
    printed = {row.id: row for row in load_catalogue(EVIDENCE).published}
    assert all(float(printed[id_].value) == mark for id_, mark in marks["mean"].items())

    percent = made("FIG-S4-05", "full", images).data.dropna(subset=["published"])
    assert percent["mean"].tolist() == pytest.approx([0.89025, 0.8693])
    losses = made("FIG-S4-06", "full", images).data.dropna(subset=["published"])
    assert losses["mean"].tolist() == [0.31700405, 0.3722629]


def test_published_marks_are_open_and_named(images: PreparedData) -> None:
    drawing = made("FIG-S4-01", "full", images)
    (axes,) = drawing.figure.axes
    open_marks = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert [line.get_xydata().ravel().tolist() for line in open_marks] == [
        [200, pytest.approx(0.8093666)],
        [200, pytest.approx(0.7989)],
    ]
    (legend,) = drawing.figure.legends
    assert [text.get_text() for text in legend.texts] == [
        "published: training",
        "published: test",
        "published: fast phase ends at 25, flat at 100",
    ]
    assert sorted(text.get_text() for text in axes.texts) == [
        *("fast phase ends", "flat", "test", "training", "validation")
    ]


def test_what_was_printed_of_later_steps_stands_at_the_right(images: PreparedData) -> None:
    drawing = made("FIG-S4-01", "quick", images)
    (legend,) = drawing.figure.legends
    assert "published at the right: after step 200" in " ".join(
        legend.get_title().get_text().split()
    )
    assert "flat" not in " ".join(text.get_text() for text in legend.texts)
    (axes,) = drawing.figure.axes
    assert axes.get_xlim()[1] < 20
    # Of a long list only the last one.
    marks = made("FIG-S3-01", "quick", images).data.dropna(subset=["published"])
    assert sorted(marks["epoch"]) == [1, 1, 2, 2, 10]


def test_recipe_is_printed(images: PreparedData) -> None:
    (legend,) = made("FIG-S4-28", "full", images).figure.legends
    text = legend.get_title().get_text().replace("\n", " ")
    assert text.startswith(
        "Fashion-MNIST, 54,000 training samples, hidden layers of 300 and 100, ReLU, SGD with "
        "momentum 0.9, learning rate 0.01, batch 64, 20 epochs"
    )
    assert "after activation: batch norm after the activation" in text
    assert text.endswith(
        "mean and 95% interval over 10 seeds; at the right: the test set, after the last epoch"
    )


def test_penalty_is_drawn_apart(images: PreparedData) -> None:
    figure = made("FIG-S4-15", "default", images).figure
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split(" (")[0] for title in titles] == ["Accuracy", "Cross-entropy", "Penalty"]
    names = [text.get_text() for text in figure.axes[2].texts]
    assert sorted(names) == ["L2 0.001", "L2 1.0"]  # none of a penalty that is not there


def test_each_data_set_has_panels_of_its_own(images: PreparedData) -> None:
    drawing = made("FIG-S4-21", "full", images)
    assert [axes.get_title(loc="left") for axes in drawing.figure.axes] == [
        *("Fashion-MNIST: accuracy", "Fashion-MNIST: cross-entropy"),
        *("MNIST: accuracy", "MNIST: cross-entropy"),
    ]
    assert set(drawing.data["dataset"]) == {"fashion_mnist", "mnist"}
    labels = [{text.get_text() for text in axes.texts} for axes in drawing.figure.axes]
    assert labels == [{"model 2", "model 5"}] * 4


def test_figures_of_one_study_can_have_the_same_axes(images: PreparedData) -> None:
    limits = {made(id_, "full", images).figure.axes[0].get_ylim() for id_ in ("FIG-S4-17",)}
    limits |= {made(id_, "full", images).figure.axes[0].get_ylim() for id_ in ("FIG-S4-22",)}
    low, high = (np.array(sorted(limits))[:, side] for side in (0, 1))
    # But for what was printed, which belongs to one of them only.
    assert np.ptp(low) < 0.02
    assert np.ptp(high) < 0.02


def test_diverged_runs_are_counted(images: PreparedData) -> None:
    study = tables("s3-comparison", "default")
    runs = study.runs["run"].tolist()
    some = made("FIG-S3-01", "default", images, diverge(study, runs[0]))
    told = f"1 of {len(runs)} runs diverged, left out"
    assert told in " ".join(some.figure.legends[0].get_title().get_text().split())
    ours = some.data[some.data["published"].isna()]
    late = ours.loc[ours["epoch"] == ours["epoch"].max(), "n"]
    assert set(late) == {len(runs) / 2, len(runs) / 2 - 1}
    everything = made("FIG-S3-01", "default", images, diverge(study, *runs))
    assert problems(everything) == []


def test_one_epoch_and_one_seed(images: PreparedData) -> None:
    study = tables("s3-comparison", "quick")
    last = study.history["epoch"].max()
    seed = study.runs["seed"] == 0
    alone = Tables(
        study.runs[seed],
        study.history[
            (study.history["epoch"] == last)
            & study.history["run"].isin(study.runs.loc[seed, "run"])
        ],
        study.description,
    )
    drawing = made("FIG-S3-02", "quick", images, alone)
    (axes,) = drawing.figure.axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        *("training", "validation", "test")
    ]
    assert axes.get_xlabel() == f"after epoch {last}"
    assert "one seed" in drawing.figure.legends[0].get_title().get_text()


# Levels


def test_levels_show_the_end_of_training(images: PreparedData) -> None:
    runs = tables("s4-width", "full").runs
    drawing = made("FIG-S4-07", "full", images)
    ours = drawing.data[drawing.data["published"].isna()]
    assert len(ours) == 30
    for row in ours.to_dict("records"):
        values = runs.loc[runs["hidden"].astype(str) == row["hidden"], f"{row['split']}_accuracy"]
        assert row["mean"] == pytest.approx(values.mean())
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(t_interval(values))
    (axes,) = drawing.figure.axes
    assert list(axes.get_xticks()) == list(range(100, 1001, 100))


def test_levels_over_steps(images: PreparedData) -> None:
    history = tables("s4-softmax", "default").history
    data = made("FIG-S4-04", "default", images).data
    ours = data[data["published"].isna()].set_index(["split", "step"])
    assert list(ours.index) == [
        ("test", 2000),
        *(("train", step) for step in (200, 500, 1000, 2000)),
        *(("validation", step) for step in (200, 500, 1000, 2000)),
    ]
    rows = history.query("split == 'validation' and metric == 'data_loss' and step == 500")
    assert ours.loc[("validation", 500), "mean"] == pytest.approx(rows["value"].mean())


def test_layers_are_counted_with_the_output_layer(images: PreparedData) -> None:
    (axes,) = made("FIG-S4-11", "default", images).figure.axes
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == ["1\n(linear)", "2\n(300)", "3\n(300-100)"]


# The others


def test_samples_are_of_their_class(images: PreparedData) -> None:
    data = made("FIG-S1-02", "quick", images).data
    assert (images.y_train[data["index"]] == data["label"]).all()
    assert data["index"].is_unique
    assert data.groupby("label").size().tolist() == [14] * 10


def test_derivatives_are_those_of_the_functions(images: PreparedData) -> None:
    data = made("FIG-S1-01", "quick", images).data
    for name, rows in data.groupby("panel"):
        inner = rows.iloc[1:-1]
        slopes = np.gradient(rows["value"], rows["x"])[1:-1]
        smooth = np.abs(inner["x"].to_numpy()) > 0.05 if name == "relu" else slice(None)
        assert np.abs(slopes - inner["derivative"].to_numpy())[smooth].max() < 1e-3
    assert set(data["panel"]) == {"sigmoid", "tanh", "relu"}


def test_batch_norm_s_letters_are_named_for_what_they_are(images: PreparedData) -> None:
    steps = made("FIG-S4-26", "quick", images).data
    meaning = dict(zip(steps["formula"].str.split().str[0], steps["meaning"], strict=True))
    assert meaning[r"$\mu"] == "mean of the mini-batch"
    assert meaning[r"$\sigma^2"] == "variance of the mini-batch"
    assert meaning[r"$\gamma$"].startswith("scale, ")
    assert meaning[r"$\beta$"].startswith("shift, ")
    stages = made("FIG-S4-27", "quick", images).data
    norms = stages[stages["stage"] == "batch norm"]
    assert len(norms) == 2
    assert set(norms["network"]) == {"With batch norm in front of the activation"}
