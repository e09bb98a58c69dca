"""What claims disagree about, drawn from made-up runs of the repository's own studies."""

import xml.etree.ElementTree as ET
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from restudy.config.loading import load_rows
from restudy.evidence import contradiction_curves
from restudy.evidence.contradiction_specs import ContradictionFigure
from restudy.evidence.schema import Claim
from restudy.experiments.project import project
from restudy.figures.contradiction import caption, contradiction
from restudy.figures.style import Drawing, save
from tests.evidence import made_up
from tests.evidence.test_verdicts import runs_of
from tests.figures.looking import problems
from tests.figures.made_up_studies import EVIDENCE, SCALES, plan

DISPUTES = {one.id: one for one in load_rows(EVIDENCE / "contradictions.yaml", ContradictionFigure)}


@cache
def claims() -> dict[str, Claim]:
    return {one.id: one for one in load_rows(EVIDENCE / "claims.yaml", Claim)}


@cache
def data(id_: str, scale: str) -> contradiction_curves.Panels:
    """Return curves of made-up runs: better from level to level, the more so the later a factor."""
    asked, rng = DISPUTES[id_], np.random.default_rng(0)

    def value(run: Any, *_: Any) -> float:
        places = [
            list(plans[study].factors[name]).index(level) / 10
            for study in asked.studies
            if run.levels.keys() == plans[study].factors.keys()
            for name, level in run.levels.items()
        ]
        return 0.5 + sum(places) / 10 + 0.01 * float(rng.normal())

    plans = plan(scale).studies
    studies = {name: made_up.tables(plans[name], value) for name in asked.studies}
    runs = {name: runs_of(plans[name]) for name in asked.studies}
    return contradiction_curves.panel_curves(
        asked.panels, studies, runs, {name: _table(name, rng) for name in asked.experiments}
    )


def _table(name: str, rng: np.random.Generator) -> pd.DataFrame:
    experiment = project().experiments[name]
    keys = pd.DataFrame(
        list(product(*experiment.factors.values(), range(experiment.seeds))),
        columns=[*experiment.factors, "seed"],
    )
    return keys.assign(**{number: rng.random(len(keys)) for number in experiment.numbers})


def made(id_: str, scale: str) -> Drawing:
    return contradiction(data(id_, scale).data, DISPUTES[id_], claims())


@pytest.mark.parametrize(("id_", "scale"), list(product(DISPUTES, SCALES[:2])))
def test_readable(id_: str, scale: str) -> None:
    drawing = made(id_, scale)
    assert problems(drawing) == []
    shown = [axes for axes in drawing.figure.axes if axes.axison]
    assert len(shown) >= len(DISPUTES[id_].panels)
    said = " ".join(drawing.figure.legends[0].get_title().get_text().split())
    for one in DISPUTES[id_].claims:
        assert " ".join(claims()[one].statement.split()) in said


def test_curves_stand_where_the_data_say() -> None:
    drawing = made("CON-BN-01", "default")
    (axes,) = drawing.figure.axes
    for line, name in zip(axes.lines, ("no norm", "batch norm"), strict=True):
        rows = drawing.data[drawing.data["curve"] == name]
        assert line.get_ydata() == pytest.approx(rows["mean"].to_numpy())
        assert line.get_xdata() == pytest.approx(rows["x"].to_numpy(float), rel=0.05)
    bars = [segment[:, 1] for bar in axes.collections for segment in bar.get_segments()]
    assert np.array(bars) == pytest.approx(drawing.data[["ci_low", "ci_high"]].to_numpy())
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        *("4", "8", "16", "64", "256", "1024")
    ]


def test_a_side_without_a_place_is_a_line_across() -> None:
    drawing = made("CON-REG-01", "full")
    assert set(drawing.data["dataset"]) == {"mnist", "fashion_mnist"}
    for axes, dataset in zip(drawing.figure.axes, ("mnist", "fashion_mnist"), strict=False):
        own = drawing.data[drawing.data["dataset"] == dataset]
        (mean,) = own.loc[own["curve"] == "no penalty", "mean"]
        dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert [line.get_ydata()[0] for line in dashed] == [mean]


def test_same_bytes_each_time(tmp_path: Path) -> None:
    written = []
    for attempt in ("first", "second"):
        places = [tmp_path / attempt / f"figure.{end}" for end in ("svg", "pdf", "csv")]
        save(made("CON-BN-02", "default"), *places)
        written.append([place.read_bytes() for place in places])
    assert written[0] == written[1]
    ET.fromstring(written[0][0])  # noqa: S314 (our own)
    assert written[0][2].count(b"\n") > 5


@pytest.mark.parametrize("rows", [0, 1])
def test_nothing_or_one_point_to_draw(rows: int) -> None:
    found = data("CON-BN-01", "default").data
    drawing = contradiction(found.iloc[:rows], DISPUTES["CON-BN-01"], claims())
    drawing.figure.draw_without_rendering()
    texts = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert texts == (["no norm"] if rows else ["not at this scale"])


def test_a_curve_all_of_whose_runs_diverged() -> None:
    found = data("CON-HYP-01", "default").data
    lost = found["curve"] == "no norm"
    columns = ["mean", "sd", "ci_low", "ci_high", "least", "most"]
    found = found.assign(**{name: found[name].mask(lost) for name in columns})
    drawing = contradiction(
        found.assign(diverged=lost.astype(int)), DISPUTES["CON-HYP-01"], claims()
    )
    drawing.figure.draw_without_rendering()
    assert f"{lost.sum()} runs diverged" in drawing.figure.legends[0].get_title().get_text()


def test_captions_say_what_is_cut() -> None:
    asked = DISPUTES["CON-BN-01"]
    said = caption(asked, claims(), data("CON-BN-01", "quick").reductions)
    assert "s3-batch-size" in said
    assert "Reduced at this scale: s3-batch-size: " in said
    assert "Reduced" not in caption(asked, claims(), {})
