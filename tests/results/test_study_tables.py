"""Tables of small made-up studies, against numbers by hand."""

import io
import math
from typing import Any

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.common.text_format import DASH, MINUS
from restudy.results import study_tables
from restudy.results.table_files import to_csv

NAN = math.nan


def made_up(rows: list[tuple[Any, ...]], **levels: list[str]) -> pd.DataFrame:
    """Return runs: ``rows`` are levels, seed, test and validation accuracy (NaN: diverged)."""
    columns = [*levels, "seed", "test_accuracy", "validation_accuracy"]
    runs = pd.DataFrame(rows, columns=columns)
    for name, labels in levels.items():
        runs[name] = pd.Categorical(runs[name], categories=labels, ordered=True)
    diverged = runs["test_accuracy"].isna()
    return runs.assign(
        study="made-up",
        status=diverged.map({True: "diverged", False: "finished"}),
        n_test=100,
        n_validation=50,
        penalty=0.0,
    )


@pytest.fixture
def runs() -> pd.DataFrame:
    rows = [
        ("none", "64", 0, 0.80, 0.79),
        ("none", "64", 1, 0.82, 0.80),
        ("none", "8", 0, 0.70, 0.71),
        ("none", "8", 1, 0.74, 0.72),
        ("batch", "64", 0, 0.90, 0.88),
        ("batch", "64", 1, 0.94, 0.89),
        ("batch", "8", 0, 0.96, 0.99),
        ("batch", "8", 1, NAN, NAN),
    ]
    return made_up(rows, norm=["none", "batch"], batch_size=["8", "64"])


FACTORS = ["norm", "batch_size"]
COMPARE = [{"factor": "norm", "baseline": "none", "metric": "test_accuracy"}]


def test_summary(runs: pd.DataFrame) -> None:
    table = study_tables.summary_table(runs, FACTORS)
    assert table.columns[:3].tolist() == [*FACTORS, "metric"]
    assert table["metric"].unique().tolist() == ["test_accuracy", "validation_accuracy", "penalty"]
    # In the order of the levels, not of the alphabet.
    order = table[FACTORS].drop_duplicates().astype(str).to_numpy().tolist()
    assert order == [["none", "8"], ["none", "64"], ["batch", "8"], ["batch", "64"]]
    tests = table[table["metric"] == "test_accuracy"].reset_index(drop=True)
    assert tests["mean"].tolist() == pytest.approx([0.72, 0.81, 0.96, 0.92])
    assert tests["n"].tolist() == [2, 2, 1, 2]
    assert tests["n_diverged"].tolist() == [0, 0, 1, 0]
    assert tests["ci_high"][0] - 0.72 == pytest.approx(
        12.706204736 * 0.02
    )  # t of 1 degree, sd / sqrt
    assert math.isnan(tests["ci_high"][2])
    assert tests["wilson_low"][1] == pytest.approx(0.72220, abs=1e-4)  # of 81 in 100
    assert table.loc[table["metric"] == "penalty", "wilson_low"].isna().all()


def test_a_study_without_factors(runs: pd.DataFrame) -> None:
    table = study_tables.summary_table(runs.head(2), [])
    assert table["mean"][0] == pytest.approx(0.81)
    assert study_tables.winners(runs.head(2), [])["test"].tolist() == pytest.approx([0.81])


def test_comparison(runs: pd.DataFrame) -> None:
    table = study_tables.comparison_table(runs, FACTORS, COMPARE)
    assert table["batch_size"].tolist() == ["8", "64", "all"]
    assert set(table["norm"]) == {""}
    assert set(table["level"]) == {"batch"}
    assert table["mean"].tolist() == pytest.approx([0.26, 0.11, 0.11])  # 8 lacks a pair
    assert table["n"].tolist() == [1, 2, 2]
    assert table["n_pairs"].tolist() == [1, 2, 2]
    assert table["n_missing"].tolist() == [1, 0, 1]


def test_the_overall_interval_is_over_seeds() -> None:
    rows = [
        (norm, size, seed, base + (norm == "batch") * gain, 0.5)
        for size, base, gains in (("8", 0.5, (0.1, 0.2)), ("64", 0.6, (0.3, 0.6)))
        for seed, gain in enumerate(gains)
        for norm in ("none", "batch")
    ]
    runs = made_up(rows, norm=["none", "batch"], batch_size=["8", "64"])
    overall = study_tables.comparison_table(runs, FACTORS, COMPARE).iloc[-1]
    assert (overall["n"], overall["n_pairs"]) == (2, 4)
    assert overall["mean"] == pytest.approx(0.3)  # of 0.2 and 0.4, each a seed's mean
    assert overall["sd"] == pytest.approx(0.2 / math.sqrt(2))


def test_data_sets_are_not_pooled() -> None:
    rows = [
        (data, norm, size, 0, 0.5 + (norm == "batch") * gain, 0.5)
        for data, gain in (("mnist", 0.1), ("fashion_mnist", 0.3))
        for size in ("8", "64")
        for norm in ("none", "batch")
    ]
    levels = {"dataset": ["mnist", "fashion_mnist"], "norm": ["none", "batch"]}
    runs = made_up(rows, **levels, batch_size=["8", "64"])
    table = study_tables.comparison_table(runs, ["dataset", *FACTORS], COMPARE)
    overall = table[table["batch_size"] == "all"]
    assert dict(zip(overall["dataset"], overall["mean"].round(6), strict=True)) == {
        "mnist": 0.1,
        "fashion_mnist": 0.3,
    }


def test_a_baseline_as_the_study_file_has_it() -> None:
    runs = made_up([("linear", 0, 0.5, 0), ("64", 0, 0.7, 0)], hidden=["linear", "64"])
    compare = [{"factor": "hidden", "baseline": [], "metric": "test_accuracy"}]
    table = study_tables.comparison_table(runs, ["hidden"], compare)
    assert table[["level", "baseline"]].to_numpy().tolist() == [["64", "linear"]]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("factor", "nrom", "did you mean 'norm'"),
        ("baseline", "nine", "did you mean 'none'"),
        ("metric", "test_acuracy", "did you mean 'test_accuracy'"),
    ],
)
def test_comparison_that_cannot_be(runs: pd.DataFrame, key: str, value: str, message: str) -> None:
    with pytest.raises(RestudyError, match=message):
        study_tables.comparison_table(runs, FACTORS, [COMPARE[0] | {key: value}])


def test_winners_go_by_validation_and_do_not_diverge(runs: pd.DataFrame) -> None:
    runs.loc[runs["norm"] == "none", "test_accuracy"] = 0.99  # the test split has no say
    (best,) = study_tables.winners(runs, FACTORS).to_dict("records")
    assert (best["norm"], best["batch_size"]) == ("batch", "64")
    assert best["validation"] == pytest.approx(0.885)
    assert best["test"] == pytest.approx(0.92)
    rows = study_tables.winners(runs, FACTORS, within=["batch_size"])
    assert rows["norm"].astype(str).tolist() == ["none", "batch"]
    lost = runs.assign(status="diverged")
    assert study_tables.winners(lost, FACTORS).empty


def test_timing() -> None:
    timing = pd.DataFrame(
        {
            "norm": pd.Categorical(["none"] * 4, categories=["none", "batch"]),
            "group": "c",
            "run": ["a", "a", "b", "b"],
            "epoch": [1, 2, 1, 2],
            "runs_in_stack": 2,
            "train_seconds": [4.0, 8.0, 4.0, 8.0],
            "evaluation_seconds": 1.0,
        }
    )
    (row,) = study_tables.timing_table(timing, ["norm"]).to_dict("records")
    assert row == {
        "norm": "none",
        "n_runs": 2,
        "runs_in_stack": 2,
        "n_epochs": 2,
        "epoch_seconds": 3.0,
        "epoch_seconds_min": 2.0,
        "epoch_seconds_max": 4.0,
        "run_seconds": 7.0,
    }


def test_seconds_of_an_epoch_when_not_every_epoch_is_measured() -> None:
    # Two runs in one stack; evaluated after epochs 2, 4 and 5.
    timing = pd.DataFrame(
        [
            {"group": "a", "run": run, "norm": "none", "epoch": epoch, "runs_in_stack": 2}
            | {"train_seconds": seconds, "evaluation_seconds": 1.0}
            for run in ("s0", "s1")
            for epoch, seconds in ((2, 8.0), (4, 12.0), (5, 10.0))
        ]
    )
    (row,) = study_tables.timing_table(timing, ["norm"]).to_dict("records")
    assert row["n_epochs"] == 5
    assert [row[f"epoch_seconds{which}"] for which in ("_min", "", "_max")] == [2.0, 3.0, 5.0]


def test_markdown_says_what_was_cut(runs: pd.DataFrame) -> None:
    description = {
        "scale": "quick",
        "reductions": [{"field": "seeds", "full": 10, "reduced": 2}],
        "as_published": False,
    }
    summary = study_tables.readable_summary(study_tables.summary_table(runs, FACTORS), FACTORS)
    notes = study_tables.notes(description, **study_tables.run_counts(runs))
    text = study_tables.to_markdown(summary, "Made up", notes)
    lines = text.splitlines()
    assert lines[0] == "# Made up"
    assert [group.strip() for group in lines[2].strip("|").split("|")] == [
        *("norm", "batch size", "runs", "diverged", "test accuracy", "validation accuracy")
    ]  # the penalty is zero
    assert "0.7200 ± 0.2541" in lines[4]
    assert "| 0.9600 " in lines[6]  # one run has no interval
    assert "2 seeds instead of 10." in text
    assert "1 of 8 runs diverged" in text
    assert "test set was used once" in text


def test_readable_comparison(runs: pd.DataFrame) -> None:
    table = study_tables.comparison_table(runs, FACTORS, COMPARE)
    shown = study_tables.readable_comparison(table, FACTORS)
    assert shown["difference"][0] == f"norm: batch {MINUS} none"
    assert shown["where"].tolist() == ["batch size 8", "batch size 64", "mean over 1 combination"]
    assert shown["95% interval"][0] == DASH
    alone = study_tables.comparison_table(runs[runs["batch_size"] == "64"], ["norm"], COMPARE)
    assert "where" not in study_tables.readable_comparison(alone, ["norm"])


def test_csv_keeps_every_digit(runs: pd.DataFrame) -> None:
    table = study_tables.summary_table(runs, FACTORS)
    content = to_csv(table)
    assert content == to_csv(study_tables.summary_table(runs, FACTORS))
    back = pd.read_csv(io.BytesIO(content))
    assert back["mean"].tolist() == pytest.approx(table["mean"].tolist(), rel=1e-15)
