"""Effects and verdicts on made-up runs whose numbers are known."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from restudy.evidence.effect_estimation import find_in_experiment, find_in_study
from restudy.evidence.hypothesis_specs import ClaimTest, MetricSpec
from restudy.evidence.metric_extraction import MissingError, StudyTables, run_values
from restudy.evidence.reasons import parse, reason, reason_text
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import confirmatory_rows, evaluate_tests, readable_tests, verdicts_of
from restudy.planning.plan import StudyPlan
from tests.evidence import made_up
from tests.evidence.test_claim_tests import ACCURACY, aggregate, claim, test_of

TWO_BY_TWO = {"norm": ["none", "batch"], "dropout": [0.0, 0.5]}


def runs_of(made: StudyPlan, diverged: Any = None) -> pd.DataFrame:
    """Return the runs table of a made-up study."""
    rows = [
        {
            **{"group": run.group, "run": run.id, **run.levels, "seed": run.recipe.seed},
            "dataset": run.recipe.dataset,
            "status": "diverged" if diverged and diverged(run) else "finished",
        }
        for run in made.runs
    ]
    return pd.DataFrame(rows)


def numbers(value: Any, **keys: Any) -> tuple[StudyTables, pd.DataFrame]:
    made = made_up.plan(**keys)
    return made_up.tables(made, value), runs_of(made)


def outcomes(test: dict[str, Any], tables: StudyTables, runs: pd.DataFrame) -> list[Any]:
    return evaluate_tests([claim(test)], {"tiny": tables}, {"tiny": runs}).to_dict("records")


def effect(value: Any, fields: dict[str, Any], **keys: Any) -> Any:
    tables, runs = numbers(value, **keys)
    return next(iter(find_in_study(ClaimTest.model_validate(test_of(**fields)), tables, runs)))


def test_the_effect_is_the_paired_t_interval():
    rng = np.random.default_rng(1)
    drawn = {(s, norm): rng.normal() for s in range(5) for norm in ("none", "batch")}
    found = effect(lambda run, *_: drawn[run.recipe.seed, run.levels["norm"]], {})
    a, b = (np.array([drawn[s, norm] for s in range(5)]) for norm in ("batch", "none"))
    reference = stats.ttest_rel(a, b)
    low, high = reference.confidence_interval(0.95)
    assert found.effect.mean == pytest.approx((a - b).mean())
    assert (found.effect.low, found.effect.high) == pytest.approx((low, high))
    assert found.effect.p == pytest.approx(reference.pvalue)
    assert (found.treatment, found.control) == pytest.approx((a.mean(), b.mean()))


def test_other_factors_are_averaged_within_each_seed():
    # An effect of 1 without dropout and of 3 with it, the same for every seed: no spread at all.
    def value(run: Any, *_: Any) -> float:
        gain = 3 if run.levels["dropout"] == "0.5" else 1
        return run.recipe.seed + gain * (run.levels["norm"] == "batch")

    found = effect(value, {}, factors=TWO_BY_TWO)
    assert (found.effect.n, found.effect.mean, found.sd) == (5, 2, 0)
    only = effect(value, {"filter": {"dropout": "0.5"}}, factors=TWO_BY_TWO)
    assert only.effect.mean == 3
    more = {"interaction_levels": {"dropout": "0.5"}, "interaction_baseline": {"dropout": "0.0"}}
    assert effect(value, more, factors=TWO_BY_TWO).effect.mean == 2


def test_each_data_set_is_a_test_of_its_own():
    factors = {"norm": ["none", "batch"], "dataset": ["mnist", "fashion_mnist"]}

    def value(run: Any, *_: Any) -> float:
        return float(run.levels["dataset"] == "mnist" and run.levels["norm"] == "batch")

    tables, runs = numbers(value, factors=factors)
    found = list(find_in_study(ClaimTest.model_validate(test_of()), tables, runs))
    assert [(one.dataset, one.effect.mean) for one in found] == [
        ("mnist", 1.0),
        ("fashion_mnist", 0.0),
    ]


def test_a_ratio_is_the_geometric_mean_of_ratios():
    def value(run: Any, *_: Any) -> float:
        return (run.recipe.seed + 1.0) * (3 if run.levels["norm"] == "batch" else 1)

    found = effect(value, {"ratio": True, "margin": 1.1})
    assert math.exp(found.effect.mean) == pytest.approx(3)
    assert found.treatment == pytest.approx(3 * found.control)


def test_a_number_as_control():
    found = effect(lambda run, *_: 0.9 + run.recipe.seed / 100, {"treatment": {}, "control": 0.9})
    assert found.effect.mean == pytest.approx(0.02)


def test_a_trend_is_the_mean_step_from_level_to_level():
    factors = {"hidden": [[1], [2], [3], [4]]}
    widths = {"1": 0.0, "2": 1.0, "3": 4.0, "4": 9.0}
    found = effect(
        lambda run, *_: widths[run.levels["hidden"]],
        {"trend": "hidden", "treatment": None, "control": None},
        factors=factors,
    )
    assert found.effect.mean == pytest.approx(np.polyfit(range(4), list(widths.values()), 1)[0])


def test_over_levels_the_range_and_the_best_by_validation():
    # On validation data 0.1 is best without norm and 0.2 with it; on test data all else differs.
    factors = {"norm": ["none", "batch"], "learning_rate": [0.1, 0.2, 0.3]}
    best = {"none": "0.1", "batch": "0.2"}
    tests = {"0.1": 0.1, "0.2": 0.5, "0.3": 0.9}

    def value(run: Any, epoch: int, split: str, metric: str) -> float:
        rate, norm = run.levels["learning_rate"], run.levels["norm"]
        if split == "validation":
            return float(best[norm] == rate)
        return tests[rate] * (2 if norm == "batch" else 1)

    chosen = effect(value, aggregate("learning_rate", "best"), factors=factors)
    assert (chosen.treatment, chosen.control) == pytest.approx((1.0, 0.1))
    spread = effect(value, aggregate("learning_rate", "range"), factors=factors)
    assert (spread.treatment, spread.control) == pytest.approx((1.6, 0.8))


def test_a_side_takes_the_best_of_the_levels_that_it_names():
    # On validation data 1 is best, and 2 the best of those the treatment may extract_metric.
    scores, tests = {"0": 0.3, "1": 0.9, "2": 0.6, "3": 0.5}, {"0": 1.0, "1": 2, "2": 4, "3": 8}

    def value(run: Any, epoch: int, split: str, metric: str) -> float:
        return (scores if split == "validation" else tests)[run.levels["strength"]]

    found = effect(
        value,
        {
            "treatment": {"strength": ["2", "3"]},
            "control": {"strength": "0"},
            "aggregate": {"factor": "strength", "statistic": "best"},
        },
        factors={"strength": {str(i): {"lambda2": i / 1000} for i in range(4)}},
    )
    assert (found.treatment, found.control, found.effect.n) == (4, 1, 5)


def test_the_fastest_level_need_not_be_the_most_accurate():
    # The rate of 0.2 is there at epoch 1, or 2 without norm, and ends worse than the slower 0.1.
    factors = {"norm": ["none", "batch"], "learning_rate": [0.1, 0.2]}
    first = {("none", "0.1"): 4, ("none", "0.2"): 2, ("batch", "0.1"): 3, ("batch", "0.2"): 1}

    def value(run: Any, epoch: int, *_: Any) -> float:
        end = 0.9 if run.levels["learning_rate"] == "0.1" else 0.7
        return end if epoch >= first[run.levels["norm"], run.levels["learning_rate"]] else 0.2

    found = {}
    for by in ("validation", "number"):
        over = {"factor": "learning_rate", "statistic": "best", "by": by}
        found[by] = effect(value, {"number": REACH, "aggregate": over}, factors=factors)
    assert (found["validation"].treatment, found["validation"].control) == (3, 4)
    assert (found["number"].treatment, found["number"].control) == (1, 2)
    accuracy = {"split": "validation", "metric": "accuracy"}
    best = effect(value, {"number": accuracy, "aggregate": over}, factors=factors)
    assert (best.treatment, best.control) == (0.9, 0.9)


def test_over_levels_the_share_near_the_best_and_the_largest_of_these():
    factors = {"norm": ["none", "batch"], "learning_rate": [0.1, 0.5, 2.0]}
    # Of accuracies within 0.01 of the best: two of three without norm, all with it.
    accuracies = {"none": [0.9, 0.895, 0.1], "batch": [0.88, 0.89, 0.885]}
    rates = ["0.1", "0.5", "2.0"]

    def value(run: Any, *_: Any) -> float:
        return accuracies[run.levels["norm"]][rates.index(run.levels["learning_rate"])]

    over = {"factor": "learning_rate", "within": 0.0101}
    share = effect(value, {"aggregate": over | {"statistic": "share"}}, factors=factors)
    assert (share.treatment, share.control) == pytest.approx((1, 2 / 3))
    fields = {"aggregate": over | {"statistic": "largest"}, "ratio": True, "margin": 2.0}
    largest = effect(value, fields, factors=factors)
    assert (largest.treatment, largest.control) == pytest.approx((2.0, 0.5))
    # Of a loss the smallest is the best: of the losses 0.9, 0.895 and 0.1 one is near it.
    loss = {"number": {"split": "test", "metric": "data_loss"}}
    share = effect(value, loss | {"aggregate": over | {"statistic": "share"}}, factors=factors)
    assert (share.treatment, share.control) == pytest.approx((1, 1 / 3))
    assert (
        "share of learning_rate within 0.0101 of the best"
        in ClaimTest.model_validate(test_of(aggregate=over | {"statistic": "share"})).describe()
    )


def test_a_difference_of_effects_on_two_data_sets():
    factors = {"norm": ["none", "batch"], "dataset": ["mnist", "fashion_mnist"]}

    def value(run: Any, *_: Any) -> float:
        gain = 3 if run.levels["dataset"] == "mnist" else 1
        return run.recipe.seed + gain * (run.levels["norm"] == "batch")

    fields = {
        "interaction_levels": {"dataset": "mnist"},
        "interaction_baseline": {"dataset": "fashion_mnist"},
    }
    found = effect(value, fields, factors=factors)
    assert (found.dataset, found.effect.n, found.effect.mean) == ("", 5, 2)


@pytest.mark.parametrize(
    ("target", "words"),
    [(0.95, "no run reaches 0.95 at this scale"), (0.4, "every run reaches 0.4 by the first")],
)
def test_a_target_that_tells_the_sides_apart_in_no_run(target: float, words: str):
    tables, runs = numbers(lambda run, epoch, *_: CURVE[epoch])
    number = VALIDATION | {"curve": "epochs_to_target", "target": target}
    (row,) = evaluate_tests(
        [claim(test_of(number=number))], {"tiny": tables}, {"tiny": runs}
    ).to_dict("records")
    assert row["verdict"] == Status.PENDING
    assert words in reason_text(parse(row))


REACH = {"split": "validation", "metric": "accuracy", "curve": "epochs_to_target", "target": 0.5}


def test_a_target_has_to_tell_sides_apart_on_each_data_set():
    # Of two data sets one is too hard for all; its row says so, and the other is judged.
    factors = {"norm": ["none", "batch"], "dataset": ["mnist", "fashion_mnist"]}

    def value(run: Any, epoch: int, *_: Any) -> float:
        fast = run.levels["norm"] == "batch"
        return 0.4 if run.levels["dataset"] != "mnist" else 0.1 + 0.2 * epoch * (1 + fast)

    tables, runs = numbers(value, factors=factors)
    fields = {"number": REACH, "predicts": "less", "margin": 0.5}
    easy, hard = evaluate_tests(
        [claim(test_of(**fields))], {"tiny": tables}, {"tiny": runs}
    ).to_dict("records")
    assert (easy["dataset"], easy["effect"], easy["verdict"]) == ("mnist", -1, "supported")
    assert (hard["dataset"], hard["verdict"]) == ("fashion_mnist", Status.PENDING)
    assert reason_text(parse(hard)) == "no run reaches 0.5 at this scale"


def test_where_no_run_reaches_a_target_other_levels_tell():
    # With dropout none gets there. Its zeros do not halve what is found without.
    def value(run: Any, epoch: int, *_: Any) -> float:
        fast = run.levels["norm"] == "batch"
        return 0.4 if run.levels["dropout"] == "0.5" else 0.1 + 0.2 * epoch * (1 + fast)

    found = effect(value, {"number": REACH}, factors=TWO_BY_TWO)
    assert (found.effect.mean, found.unpaired, reason_text(found.reasons)) == (-1, 1, "")

    def apart(run: Any, epoch: int, *_: Any) -> float:
        return 0.4 if run.levels["dropout"] == "0.5" else 0.6

    found = effect(apart, {"number": REACH}, factors=TWO_BY_TWO)
    assert (found.effect.n, found.unpaired) == (0, 2)
    assert (
        reason_text(found.reasons) == "every run reaches 0.5 by the first evaluation, or never does"
    )


def test_a_seed_without_a_number_leaves_its_test_open():
    # The other four agree: without the fifth, which did worst, they adjust_and_classify nothing.
    made = made_up.plan()
    tables = made_up.tables(made, lambda run, *_: 1.0 - (run.levels["norm"] == "batch"))
    lost = runs_of(made, lambda run: run.levels["norm"] == "batch" and run.recipe.seed == 2)
    loss = {"split": "test", "metric": "data_loss"}
    tested = claim(test_of(number=loss, predicts="less", margin=0.1))
    table = evaluate_tests([tested], {"tiny": tables}, {"tiny": lost})
    (row,) = table.to_dict("records")
    assert (row["n"], row["effect"], row["diverged"], row["p"]) == (4, -1, 1, 0)
    assert row["verdict"] == "inconclusive"
    status = verdicts_of([tested], table)[tested.id]
    assert status.status == "inconclusive"
    assert "since 1 of 5 seeds lack a number on a side" in reason_text(status.reasons)


def test_a_run_of_an_experiment_without_a_number_counts_as_diverged():
    rows = [(side, seed, 1.0 + seed) for side in ("a", "b") for seed in range(5)]
    table = pd.DataFrame(rows, columns=["side", "seed", "error"])
    table.loc[7, "error"] = math.nan
    test = ClaimTest.model_validate(
        {
            **{"experiment": "made-up", "measure": "error", "predicts": "less", "margin": 0.1},
            **{"treatment": {"side": "b"}, "control": {"side": "a"}},
        }
    )
    (found,) = find_in_experiment(test, table, {"side": ["a", "b"]})
    assert (found.effect.n, found.diverged) == (4, 1)
    assert reason_text(found.reasons) == "1 of 5 seeds lack a number on a side"


def test_only_runs_that_take_part_count_as_diverged():
    factors = {"norm": ["none", "batch"], "hidden": [[1], [2], [3]]}
    made = made_up.plan(factors=factors)
    tables = made_up.tables(made, lambda run, *_: run.recipe.seed / 10)
    runs = runs_of(made, lambda run: run.levels["hidden"] == "3" and not run.recipe.seed)
    fields = {"treatment": {"hidden": "2"}, "control": {"hidden": "1"}}
    (found,) = find_in_study(ClaimTest.model_validate(test_of(**fields)), tables, runs)
    assert found.diverged == 0
    fields = {"treatment": {"hidden": "3"}, "control": {"hidden": "1"}}
    (found,) = find_in_study(ClaimTest.model_validate(test_of(**fields)), tables, runs)
    assert found.diverged == 2


def test_the_range_over_levels_has_no_number_where_one_of_them_has_none():
    factors = {"norm": ["none", "batch"], "learning_rate": [0.1, 0.2, 0.3]}
    made = made_up.plan(factors=factors)
    tables = made_up.tables(made, lambda run, *_: float(run.levels["learning_rate"]))
    lost = runs_of(
        made,
        lambda run: (*run.levels.values(), run.recipe.seed) == ("batch", "0.3", 0),
    )
    fields = {
        "number": {"split": "test", "metric": "data_loss"},
        "aggregate": {"factor": "learning_rate", "statistic": "range"},
    }
    (found,) = find_in_study(ClaimTest.model_validate(test_of(**fields)), tables, lost)
    assert (found.effect.n, found.effect.mean) == (4, pytest.approx(0))
    assert reason_text(found.reasons) == "1 of 5 seeds lack a number on a side"


def test_a_test_that_is_missing_is_told_with_its_reason():
    tables, runs = numbers(lambda run, *_: 0.5 + 0.1 * (run.levels["norm"] == "batch"))
    made = claim(test_of(), test_of(study="other"))
    table = evaluate_tests([made], {"tiny": tables}, {"tiny": runs})
    status = verdicts_of([made], table)[made.id]
    assert status.status == "supported"
    assert reason_text(status.reasons).endswith(
        "; 1 of 2 tests not yet; study other is not in this run"
    )


SECOND = {"treatment": None, "control": None}


def test_a_second_number_of_the_same_runs():
    def value(run: Any, epoch: int, split: str, metric: str) -> float:
        at = {"train": 2.0, "test": 0.5}.get(split, 1.0)
        return at * (run.recipe.seed + 1) * (3 if run.levels["norm"] == "batch" else 1)

    other = {"split": "train", "metric": "accuracy"}
    found = effect(value, SECOND | {"than": other})
    # Test less train, -1.5 times 1 to 5 (mean 3) and three times as much (mean 9).
    assert (found.effect.n, found.effect.mean) == (5, pytest.approx(-1.5 * 6))
    assert (found.treatment, found.control) == pytest.approx((0.5 * 6, 2 * 6))
    only = effect(value, SECOND | {"than": other, "filter": {"norm": "none"}})
    assert only.effect.mean == pytest.approx(-1.5 * 3)
    ratio = effect(value, SECOND | {"than": other, "ratio": True, "margin": 1.1})
    assert math.exp(ratio.effect.mean) == pytest.approx(1 / 4)


def test_a_rank_correlation_over_the_levels_seed_by_seed():
    factors = {"norm": ["none", "batch"], "hidden": [[1], [2], [3]]}
    rng = np.random.default_rng(2)
    drawn: dict[Any, float] = {}

    def value(run: Any, epoch: int, split: str, metric: str) -> float:
        key = (*run.levels.values(), run.recipe.seed, split, metric, epoch)
        return drawn.setdefault(key, rng.normal())

    gap = {"split": "train", "metric": "accuracy", "minus": ACCURACY}
    second = {"split": "test", "metric": "data_loss"}
    tables, runs = numbers(value, factors=factors)
    fields = SECOND | {"number": gap, "correlate": second, "predicts": "less", "margin": 0.1}
    test = ClaimTest.model_validate(test_of(**fields))
    (found,) = find_in_study(test, tables, runs)
    a, b = (run_values(MetricSpec.model_validate(one), tables, runs) for one in (gap, second))
    expected = [
        stats.spearmanr(a["value"][a["seed"] == seed], b["value"][b["seed"] == seed]).statistic
        for seed in range(5)
    ]
    assert found.effect.mean == pytest.approx(np.mean(expected))
    assert found.sd == pytest.approx(np.std(expected, ddof=1))
    assert math.isnan(found.treatment)
    # A combination with a diverged run has no gap there, and counts at no seed.
    lost = runs_of(
        made_up.plan(factors=factors),
        lambda run: run.levels["hidden"] == "2" and not run.recipe.seed,
    )
    (less,) = find_in_study(test, tables, lost)
    assert (less.unpaired, less.diverged, less.effect.n) == (2, 2, 5)
    table = evaluate_tests([claim(test_of(**fields))], {"tiny": tables}, {"tiny": runs})
    assert table["contrast"].tolist() == ["rank correlation with test data loss"]
    assert table["metric"].tolist() == ["train accuracy less test accuracy"]


CURVE = {1: 0.5, 2: 0.8, 3: 0.9, 4: 0.7}
VALIDATION = {"split": "validation", "metric": "accuracy"}


@pytest.mark.parametrize(
    ("curve", "wanted"),
    [
        ({"curve": "epochs_to_target", "target": 0.8}, 2),
        ({"curve": "epochs_to_target", "target": 0.95}, 5),  # never: one evaluation after the last
        ({"curve": "best_epoch"}, 3),
        ({"curve": "degradation"}, 0.2),
        ({"curve": "roughness"}, (0.2 + 0.3) / 2),
        ({"at": {"epoch": 2}, "minus": {**VALIDATION, "at": {"epoch": 1}}}, 0.3),
    ],
)
def test_what_a_curve_does(curve: dict[str, Any], wanted: float):
    tables, runs = numbers(lambda run, epoch, *_: CURVE[epoch])
    values = run_values(MetricSpec.model_validate(VALIDATION | curve), tables, runs)
    assert values["value"].to_numpy() == pytest.approx(wanted)


def test_chance_alone_makes_no_run_worse_at_its_end():
    # Levels that do not change, with noise: the best of 4 epochs is 1.03 sd above the last one.
    rng = np.random.default_rng(5)
    tables, runs = numbers(lambda *_: rng.normal(), seeds=400)
    worsening = MetricSpec.model_validate(VALIDATION | {"curve": "degradation"})
    values = run_values(worsening, tables, runs)["value"]
    assert len(values) == 800
    assert abs(values.mean()) < 4 * math.sqrt(2 / 800)


def test_a_run_is_worse_than_at_the_best_epoch_of_the_others():
    # The third seed is best at epoch 1, the others at epoch 3; with norm all is as it was.
    curves = {0: CURVE, 1: CURVE, 2: {1: 0.95, 2: 0.6, 3: 0.5, 4: 0.4}}

    def value(run: Any, epoch: int, *_: Any) -> float:
        return curves[run.recipe.seed][epoch] if run.levels["norm"] == "none" else 0.5

    tables, runs = numbers(value, seeds=3)
    worsening = MetricSpec.model_validate(VALIDATION | {"curve": "degradation"})
    found = run_values(worsening, tables, runs).set_index(["norm", "seed"])["value"]
    # Means of two others: (0.725, 0.7, 0.7, 0.55) for the first two, CURVE for the third.
    assert found["none"].tolist() == pytest.approx([0.5 - 0.7, 0.5 - 0.7, 0.5 - 0.4])
    assert found["batch"].tolist() == [0, 0, 0]
    one = numbers(value, seeds=1)
    assert run_values(worsening, *one)["value"].isna().all()


def test_of_a_loss_lower_is_better():
    tables, runs = numbers(lambda run, epoch, *_: 1 - CURVE[epoch])
    loss = {"split": "validation", "metric": "data_loss"}
    for curve, wanted in (
        ({"curve": "epochs_to_target", "target": 0.2}, 2),
        ({"curve": "best_epoch"}, 3),
        ({"curve": "degradation"}, 0.2),
    ):
        values = run_values(MetricSpec.model_validate(loss | curve), tables, runs)
        assert values["value"].to_numpy() == pytest.approx(wanted)


def test_a_run_that_diverged_is_as_good_as_a_guess():
    made = made_up.plan()
    tables = made_up.tables(made, lambda *_: 0.9)
    runs = runs_of(made, lambda run: run.levels["norm"] == "none")
    found = next(iter(find_in_study(ClaimTest.model_validate(test_of()), tables, runs)))
    assert (found.treatment, found.control, found.diverged) == pytest.approx((0.9, 0.1, 5))
    never = MetricSpec.model_validate({**VALIDATION, "curve": "epochs_to_target", "target": 0.5})
    values = run_values(never, tables, runs).groupby("norm")["value"].mean()
    assert values.to_dict() == {"batch": 1.0, "none": 5.0}
    loss = MetricSpec.model_validate({"split": "test", "metric": "data_loss"})
    assert run_values(loss, tables, runs)["value"].isna().sum() == 5


def test_a_level_that_the_scale_leaves_out():
    tables, runs = numbers(None)
    test = ClaimTest.model_validate(test_of(filter={"dropout": "0.9"}))
    tables.description["factors"]["dropout"] = ["0.0"]  # type: ignore[index]
    with pytest.raises(MissingError, match=r"dropout 0\.9 is not at this scale"):
        list(find_in_study(test, tables, runs))


def judged(gain: float, sd: float = 1e-4, **fields: Any) -> pd.DataFrame:
    rng = np.random.default_rng(0)

    def value(run: Any, *_: Any) -> float:
        return rng.normal(0.9, sd) + gain * (run.levels["norm"] == "batch")

    tables, runs = numbers(value)
    return evaluate_tests([claim(test_of(**fields))], {"tiny": tables}, {"tiny": runs})


@pytest.mark.parametrize(
    ("gain", "sd", "predicts", "wanted"),
    [
        (0.05, 1e-4, "greater", "supported"),
        (-0.05, 1e-4, "greater", "contradicted"),
        (0.001, 1e-4, "greater", "no_meaningful_difference"),
        (0.02, 0.05, "greater", "inconclusive"),
        (-0.05, 1e-4, "less", "supported"),
        (0.001, 1e-4, "equal", "supported"),
        (0.05, 1e-4, "equal", "contradicted"),
        (0.05, 1e-4, "non_superior", "contradicted"),
        (0.05, 1e-4, "non_inferior", "supported"),
        (-0.05, 1e-4, "non_superior", "supported"),
        (0.02, 0.05, "non_inferior", "inconclusive"),
    ],
)
def test_verdicts(gain: float, sd: float, predicts: str, wanted: str):
    (row,) = judged(gain, sd, predicts=predicts).to_dict("records")
    assert row["verdict"] == wanted
    assert row["low_power"] == (sd == 0.05)


def test_p_values_are_adjusted_by_topic():
    rng = np.random.default_rng(0)
    tables, runs = numbers(lambda *_: rng.normal(0.9, 0.01))
    topics = ["a", "a", "a", "b"]
    claims = [
        claim(test_of(), id=f"CLM-BN-0{number}", topic=topic)
        for number, topic in enumerate(topics, start=1)
    ]
    table = evaluate_tests(claims, {"tiny": tables}, {"tiny": runs})
    p = table["p"].iloc[0]
    assert table["p_adjusted"].tolist() == pytest.approx([min(1, 3 * p)] * 3 + [p])


def test_an_exploratory_test_is_shown_and_settles_nothing():
    rng = np.random.default_rng(1)
    noise = {(seed, norm): rng.normal(0, 1e-3) for seed in range(5) for norm in ("none", "batch")}

    def value(run: Any, epoch: int, split: str, metric: str) -> float:
        norm = run.levels["norm"]
        gain = -0.05 if split == "train" else 0.05
        return 0.5 + noise[run.recipe.seed, norm] + gain * (norm == "batch")

    tables, runs = numbers(value)
    seen = test_of(number={"split": "train", "metric": "accuracy"}, exploratory="a look")
    made = claim(test_of(redesigned="it was wrong"), seen)
    table = evaluate_tests([made], {"tiny": tables}, {"tiny": runs})
    judging, exploring = table.to_dict("records")
    # Alone in its family: the exploratory p is neither adjusted nor counted.
    assert judging["p_adjusted"] == judging["p"]
    assert math.isnan(exploring["p_adjusted"])
    assert (judging["verdict"], exploring["verdict"]) == ("supported", "contradicted")
    status = verdicts_of([made], table)[made.id]
    assert status.status == "supported"
    assert "supported (redesigned)" in reason_text(status.reasons)
    assert "contradicted (exploratory, does not count)" in reason_text(status.reasons)
    assert [row["exploratory"] for row in confirmatory_rows(table).to_dict("records")] == [False]
    words = readable_tests(table)["remarks"].tolist()
    assert words == [
        "(redesigned: it was wrong)",
        "(exploratory, does not count: a look)",
    ]


def test_what_is_found_by_itself_and_not_in_its_family_says_so():
    alone = judged(0.05, 0.013)
    p = alone["p"].iloc[0]
    assert 0.01 < p < 0.05
    rng = np.random.default_rng(0)

    def value(run: Any, *_: Any) -> float:
        return rng.normal(0.9, 0.013) + 0.05 * (run.levels["norm"] == "batch")

    tables, runs = numbers(value)
    claims = [claim(test_of(), id=f"CLM-BN-{number:02d}") for number in range(1, 9)]
    table = evaluate_tests(claims, {"tiny": tables}, {"tiny": runs})
    status = verdicts_of(claims, table)["CLM-BN-01"]
    assert status.status == "inconclusive"
    assert f"p {p:.2g} by itself and {8 * p:.2g} among all tests of its topic" in reason_text(
        status.reasons
    )


def test_what_contradicts_a_claim_of_no_difference_is_adjusted_too():
    rng = np.random.default_rng(0)

    def value(run: Any, *_: Any) -> float:
        return rng.normal(0.9, 0.013) + 0.05 * (run.levels["norm"] == "batch")

    tables, runs = numbers(value)
    fields = {"predicts": "equal", "margin": 1e-4}
    claims = [claim(test_of(**fields), id=f"CLM-BN-{number:02d}") for number in range(1, 9)]
    (alone,) = evaluate_tests(claims[:1], {"tiny": tables}, {"tiny": runs}).to_dict("records")
    assert alone["verdict"] == "contradicted"
    assert alone["p_contradicts"] == alone["p"] < 0.05
    table = evaluate_tests(claims, {"tiny": tables}, {"tiny": runs})
    assert table["p_contradicts"].tolist() == pytest.approx([8 * alone["p"]] * 8)
    assert set(table["verdict"]) == {"inconclusive"}


def test_the_verdict_on_a_claim_is_that_of_all_its_tests():
    two = [test_of(), test_of(number={"split": "train", "metric": "accuracy"})]

    def judged_as(test: float, train: float) -> Status:
        def value(run: Any, epoch: int, split: str, metric: str) -> float:
            gain = {"test": test, "train": train}.get(split, 0)
            noise = (run.recipe.seed * 7 % 5) * 1e-5
            return 0.5 + (gain + noise) * (run.levels["norm"] == "batch")

        tables, runs = numbers(value)
        made = claim(*two)
        table = evaluate_tests([made], {"tiny": tables}, {"tiny": runs})
        return verdicts_of([made], table)[made.id]

    def status(test: float, train: float) -> str:
        return judged_as(test, train).status

    assert status(0.05, 0.05) == "supported"
    assert status(0.05, -0.05) == "inconclusive"
    assert status(-0.05, 0.001) == "contradicted"
    assert status(0.001, 0.001) == "no_meaningful_difference"
    assert status(0.05, 0.001) == "inconclusive"
    assert reason_text(judged_as(0.05, 0.001).reasons).startswith("its tests disagree; test acc")
    assert "disagree" not in reason_text(judged_as(-0.05, 0.001).reasons)


def test_a_claim_whose_study_is_not_there_is_not_yet():
    made = claim(test_of(study="other"))
    table = evaluate_tests([made], {}, {})
    status = verdicts_of([made], table)[made.id]
    assert status == (Status.PENDING, (reason("not_in_this_run", study="other"),))


def test_the_test_set_s_accuracy_is_read_as_it_is():
    tables, runs = numbers(lambda run, *_: run.recipe.seed / 10)
    values = run_values(MetricSpec.model_validate(ACCURACY), tables, runs)
    assert values["value"].tolist() == (values["seed"] / 10).tolist()


def test_a_number_judges_no_study_that_the_scale_cuts():
    made = made_up.plan(scale="quick", scales={"quick": {"recipe": {"epochs": 2}}})
    tables, runs = made_up.tables(made), runs_of(made)
    for control, wanted in ((0.9, "this scale reduces: epochs 2 instead of 4"), (0.0, "")):
        test = test_of(treatment={}, control=control)
        (row,) = evaluate_tests([claim(test)], {"tiny": tables}, {"tiny": runs}).to_dict("records")
        assert wanted in reason_text(parse(row))
        assert (row["verdict"] == Status.PENDING) == bool(wanted)


@pytest.mark.parametrize("scale", [1e-300, 1e300, 0.0])
def test_a_ratio_of_any_size_is_judged_or_left_open(scale: float):
    # Two seeds that disagree by hundreds of powers of ten, or a side that is 0.
    def value(run: Any, *_: Any) -> float:
        far = run.levels["norm"] == "batch" and run.recipe.seed == 0
        return scale if far else 1.0

    tables, runs = numbers(value, seeds=2)
    test = claim(test_of(ratio=True, margin=1.1))
    (row,) = evaluate_tests([test], {"tiny": tables}, {"tiny": runs}).to_dict("records")
    assert row["verdict"] == "inconclusive"
    assert row["n"] == (2 if scale else 1)
