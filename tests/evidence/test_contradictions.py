"""Claims that contradict each other: pairs, words made of verdicts, curves and their files."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats

from restudy.common.errors import RestudyError
from restudy.config.loading import load_rows
from restudy.evidence import contradiction_curves, timing_claims
from restudy.evidence.contradiction_specs import ContradictionFigure, drawn, pairs
from restudy.evidence.contradictions import conclusion, contradictions, side_by_side, to_text
from restudy.evidence.reasons import Finding, columns, stated
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status
from restudy.evidence.validation import Evidence, check
from tests.evidence import made_up
from tests.evidence.test_claim_tests import claim, test_of
from tests.evidence.test_verdicts import numbers, runs_of

FOLDER = Path(__file__).parents[2] / "config/evidence"
PANEL = {
    **{"title": "Accuracy", "study": "tiny", "number": {"split": "test", "metric": "accuracy"}},
    **{"x_factor": "learning_rate", "curves": {"a": {"norm": "none"}, "b": {"norm": "batch"}}},
}
FACTORS = {"norm": ["none", "batch"], "learning_rate": [0.01, 0.1, 1.0]}


def figure(**panel: Any) -> ContradictionFigure:
    fields = {key: value for key, value in (PANEL | panel).items() if value is not None}
    return ContradictionFigure.model_validate(
        {
            **{"id": "CON-BN-01", "claims": ["CLM-BN-01", "CLM-BN-02"], "title": "T?"},
            "panels": [fields],
        }
    )


def curves(panel: Any, tables: Any, runs: pd.DataFrame) -> pd.DataFrame:
    return contradiction_curves.panel_curves([panel], {"tiny": tables}, {"tiny": runs}, {}).data


def two(**fields: Any) -> list[Claim]:
    against = {"sources": ["S2"], "how": "the opposite", "claim": "CLM-BN-02"}
    first = claim(test_of(), **({"contradicted_by": [against]} | fields))
    back = {"sources": ["S1"], "how": "no", "claim": "CLM-BN-01"}
    other = claim(test_of(), id="CLM-BN-02", sources=["S2"], contradicted_by=[back])
    return [first, other]


# Verdicts side by side


def test_a_pair_stands_there_once_with_both_sides():
    claims = two()
    verdicts = {
        "CLM-BN-01": Finding(Status("supported"), stated("+1")),
        "CLM-BN-02": Finding(Status("contradicted"), stated("-1")),
    }
    assert pairs(claims) == {frozenset(("CLM-BN-01", "CLM-BN-02"))}
    (row,) = contradictions(claims, verdicts).to_dict("records")
    assert (row["claim"], row["sources"], row["verdict"]) == ("CLM-BN-01", "S1", "supported")
    assert (row["other"], row["other_sources"], row["other_verdict"]) == (
        *("CLM-BN-02", "S2", "contradicted"),
    )
    assert row["how"] == "the opposite"
    assert conclusion(row) == "Our runs support CLM-BN-01, and contradict CLM-BN-02."
    shown = side_by_side(row, verdicts)
    assert shown["CLM-BN-01"].tolist() == ["S1", "s", "supported", "+1"]
    assert shown["CLM-BN-02"].tolist() == ["S2", "s", "contradicted", "-1"]


def test_a_remark_without_a_row_of_its_own_comes_last():
    remark = {"sources": ["S3"], "how": "its own table"}
    other = claim(test_of(), id="CLM-BN-03", contradicted_by=[remark])
    verdicts = dict.fromkeys(
        ("CLM-BN-01", "CLM-BN-02", "CLM-BN-03"), Finding(Status("contradicted"), ())
    )
    table = contradictions([other, *two()], verdicts)
    assert table["claim"].tolist() == ["CLM-BN-01", "CLM-BN-03"]
    last = table.iloc[1]
    assert (last["other"], last["other_statement"], last["other_sources"]) == (
        *("", "its own table", "S3"),
    )
    assert conclusion(last.to_dict()) == "Our runs contradict CLM-BN-03."
    words = to_text(table, verdicts)
    assert "## CLM-BN-01 and CLM-BN-02\n" in words
    assert "## CLM-BN-03\n" in words
    bars = table.assign(statement="|w| grows")  # which would end a group
    assert r"\|w\| grows" in to_text(bars, verdicts)


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        (("inconclusive", "supported"), "Our runs support B, and leave A open."),
        (
            ("supported", "supported"),
            "Our runs support A and B. As tested the two do not exclude each other.",
        ),
        (
            ("contradicted", "contradicted"),
            "Our runs contradict A and B. As tested neither holds.",
        ),
        (
            ("no_meaningful_difference", "contradicted"),
            "Our runs contradict B, and show no meaningful difference for A.",
        ),
        (("inconclusive", "inconclusive"), "Our runs leave A and B open."),
        (("pending", "supported"), "Our runs support B, and do not test A yet."),
        (("not_testable", "not_testable"), "Our runs cannot test A and B."),
        (
            ("timed", "supported"),
            "Our runs support B, and decide A by times (timed_contradictions.csv).",
        ),
        (("contradicted", ""), "Our runs contradict A."),
    ],
)
def test_words_are_made_of_verdicts(verdicts: tuple[str, str], wanted: str):
    first, second = verdicts
    row = {"claim": "A", "verdict": first, "other": "B" if second else "", "other_verdict": second}
    assert conclusion(row) == wanted


def test_those_about_time_have_their_verdicts_in_a_table_of_their_own():
    claims = two()
    catalogue = {
        "CLM-BN-01": Finding(Status("timed"), ()),
        "CLM-BN-02": Finding(Status("supported"), ()),
    }
    judged = pd.DataFrame(
        [{"id": "CLM-BN-01", "verdict": "contradicted", **columns(stated("slower"))}]
    )
    (row,) = timing_claims.timed_contradictions(claims, catalogue, judged).to_dict("records")
    assert row["verdict"] == "contradicted"
    assert conclusion(row) == "Our runs support CLM-BN-02, and contradict CLM-BN-01."
    assert timing_claims.timed_contradictions(claims, catalogue, judged.iloc[:0]).empty


# Curves


def test_a_curve_is_the_mean_over_seeds_with_its_t_interval():
    rng = np.random.default_rng(0)
    drawn_values: dict[Any, float] = {}

    def value(run: Any, *_: Any) -> float:
        key = run.recipe.seed, *run.levels.values()
        return drawn_values.setdefault(key, float(rng.normal()))

    tables, runs = numbers(value, factors=FACTORS)
    panel = figure().panels[0]
    found = curves(panel, tables, runs)
    assert found["curve"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found["x"].tolist() == [0.01, 0.1, 1.0] * 2
    mine = [drawn_values[seed, "batch", "0.1"] for seed in range(5)]
    row = found[(found["curve"] == "b") & (found["level"] == "0.1")].iloc[0]
    low, high = stats.t.interval(0.95, 4, np.mean(mine), stats.sem(mine))
    assert (row["mean"], row["ci_low"], row["ci_high"]) == pytest.approx((np.mean(mine), low, high))
    assert (row["n"], row["least"], row["most"]) == (5, min(mine), max(mine))


def test_other_factors_are_averaged_within_each_seed():
    def value(run: Any, *_: Any) -> float:
        return run.recipe.seed + 4.0 * (run.levels["norm"] == "batch")

    tables, runs = numbers(value, factors=FACTORS)
    panel = figure(curves={"both": {}}).panels[0]
    found = curves(panel, tables, runs)
    assert found["mean"].tolist() == [4.0] * 3  # seeds 0 to 4, and half of 4 more
    assert found["sd"].tolist() == pytest.approx([np.std(range(5), ddof=1)] * 3)


def test_each_data_set_has_curves_of_its_own_and_a_baseline_no_place():
    factors = FACTORS | {"dataset": ["mnist", "fashion_mnist"]}
    tables, runs = numbers(lambda run, *_: float(run.levels["dataset"] == "mnist"), factors=factors)
    levels = {"learning_rate": "0.01", "norm": "batch"}
    panel = figure(curves={"a": {"norm": "none"}}, baseline={"base": levels}).panels[0]
    found = curves(panel, tables, runs)
    assert found["dataset"].tolist() == ["mnist"] * 4 + ["fashion_mnist"] * 4
    assert found["mean"].tolist() == [1.0] * 4 + [0.0] * 4
    base = found[found["curve"] == "base"]
    assert base["x"].isna().all()
    assert len(base) == 2


def test_diverged_runs_are_counted_and_levels_of_another_scale_left_out():
    made = made_up.plan(factors=FACTORS)
    tables = made_up.tables(made)
    runs = runs_of(made, lambda run: run.levels["norm"] == "batch" and run.recipe.seed == 0)
    rates = {"norm": "batch", "learning_rate": ["0.1", "9.0"]}
    loss = {"split": "test", "metric": "data_loss"}
    panel = figure(curves={"b": rates}, number=loss).panels[0]
    (row,) = curves(panel, tables, runs).to_dict("records")
    assert (row["level"], row["n"], row["diverged"]) == ("0.1", 4, 1)


def test_an_experiment_s_curve():
    table = pd.DataFrame(
        [
            (norm, size, seed, 1.0, float(seed), 1.0)
            for norm in ("batch, training", "none")
            for size in ("16", "64")
            for seed in range(3)
        ],
        columns=["norm", "batch_size", "seed", "logit_sd", "relative_sd", "changed"],
    )
    panel = figure(
        study=None,
        number=None,
        experiment="batch-mates",
        measure="relative_sd",
        x_factor="batch_size",
        curves={"norm": {"norm": "batch, training"}},
    ).panels[0]
    found = contradiction_curves.panel_curves([panel], {}, {}, {"batch-mates": table})
    assert found.data["x"].tolist() == [16.0, 64.0]
    assert found.data["mean"].tolist() == [1.0, 1.0]
    assert found.reductions == {}


def test_a_number_that_a_scale_does_not_have_leaves_a_panel_empty():
    tables, runs = numbers(lambda *_: 1.0, factors=FACTORS)
    late = {"split": "validation", "metric": "accuracy", "at": {"epoch": 99}}
    panel = figure(number=late).panels[0]
    found = contradiction_curves.panel_curves([panel], {"tiny": tables}, {"tiny": runs}, {})
    assert found.data.empty
    assert list(found.data.columns) == list(contradiction_curves.COLUMNS)


@pytest.mark.parametrize(
    ("level", "levels", "wanted"),
    [
        ("64", ["16", "64"], 64.0),
        ("1e-05", ["1e-05", "0.1"], 1e-5),
        ("L2 0.001", ["none", "L2 0.001", "L1 0.1"], 0.001),
        ("512-256", ["linear", "64", "512-256"], 2.0),
        ("", ["1", "2"], math.nan),
    ],
)
def test_where_a_level_stands(level: str, levels: list[str], wanted: float):
    assert contradiction_curves.place(level, levels) == pytest.approx(wanted, nan_ok=True)


# Their file


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ({"x_factor": "batch"}, ["x_factor", "'batch'"]),
        ({"curves": {"a": {"norm": "bach"}}}, ["curves.a.norm", "batch"]),
        ({"curves": {"a": {"nrom": "batch"}}}, ["curves.a", "norm"]),
        ({"number": {"split": "test", "metric": "acuracy"}}, ["metric", "accuracy"]),
        ({"study": "tyny"}, ["study", "tiny"]),
        ({"baseline": {"base": {"norm": "nothing"}}}, ["curves.base.norm", "'nothing'"]),
    ],
)
def test_what_its_study_does_not_have(panel: dict[str, Any], words: list[str]):
    plans = {"tiny": made_up.plan(factors=FACTORS)}
    with pytest.raises(RestudyError) as error:
        check(Evidence([], [], two(), contradictions=[figure(**panel)]), plans, [])
    for word in ("CON-BN-01", "panels[0]", *words):
        assert word in str(error.value)


def test_claims_that_do_not_contradict_each_other():
    plans = {"tiny": made_up.plan(factors=FACTORS)}
    good = Evidence([], [], two(), contradictions=[figure()])
    check(good, plans, [])
    friends = [claim(test_of(), id=id_) for id_ in ("CLM-BN-01", "CLM-BN-02")]
    with pytest.raises(RestudyError, match="neither names the other"):
        check(good._replace(claims=friends), plans, [])
    with pytest.raises(RestudyError, match="CLM-BN-02"):
        check(good._replace(claims=friends[:1]), plans, [])


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ({"number": None}, "belong together"),
        ({"experiment": "batch-mates", "measure": "changed"}, "either"),
        (
            {
                **{"study": None, "number": None, "experiment": "norm-step", "x_factor": "library"},
                **{"measure": "seconds", "curves": {"a": {"norm": "none"}}},
            },
            "timed",
        ),
        ({"curves": {}}, "at least 1"),
    ],
)
def test_a_panel_that_is_not_right(panel: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=words):
        figure(**panel)


def test_only_what_a_run_has_is_drawn():
    figures = load_rows(FOLDER / "contradictions.yaml", ContradictionFigure)
    plans = {name: made_up.plan() for one in figures for name in one.studies}
    assert set(drawn(figures, plans, ["batch-mates"])) == {one.id for one in figures}
    assert "CON-BN-03" not in drawn(figures, plans, [])
    assert drawn(figures, {}, ["batch-mates"]) == {}


def test_every_pair_that_lies_on_a_curve_has_a_figure():
    claims = load_rows(FOLDER / "claims.yaml", Claim)
    figures = load_rows(FOLDER / "contradictions.yaml", ContradictionFigure)
    shown = [frozenset(one.claims) for one in figures]
    assert len(set(shown)) == len(shown)
    # Times have no figure that is the same each time; what is out of scope has no runs.
    others = {frozenset(("CLM-BN-02", "CLM-BN-19")), frozenset(("CLM-OOS-02", "CLM-OOS-03"))}
    assert pairs(claims) == {*shown, *others}
