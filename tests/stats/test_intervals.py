"""Intervals against hand-computed values, scipy and statsmodels."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.api import OLS
from statsmodels.stats.proportion import proportion_confint

from restudy.stats.effects import paired_effect
from restudy.stats.intervals import (
    mean_interval,
    prediction_interval,
    wilson_interval,
)
from restudy.stats.pairs import paired_differences

VALUES = arrays(np.float64, st.integers(2, 12), elements=st.floats(-1e3, 1e3))


def test_by_hand() -> None:
    found = mean_interval([1.0, 2.0, 3.0])
    assert found[:3] == (3, 2.0, 1.0)
    half = 4.302652729911275 / math.sqrt(3)  # t of 2 degrees of freedom, from a table
    assert found.low == pytest.approx(2 - half)
    assert found.high == pytest.approx(2 + half)


@pytest.mark.filterwarnings("ignore:Precision loss")
@given(VALUES, st.sampled_from([0.5, 0.9, 0.95]))
def test_like_scipy(values: np.ndarray, level: float) -> None:
    found = mean_interval(values, level)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(level)
    assert np.allclose([found.low, found.high], theirs, rtol=1e-9, atol=1e-9)


@given(VALUES, st.floats(-1e3, 1e3), st.randoms(use_true_random=False))
def test_shift_and_order(values: np.ndarray, shift: float, random: object) -> None:
    base, moved = mean_interval(values), mean_interval(np.sort(values) + shift)
    assert moved.n == base.n
    expected = [base.mean + shift, base.sd, base.low + shift, base.high + shift]
    assert np.allclose(moved[1:], expected, rtol=1e-7, atol=1e-7)


def test_few_values() -> None:
    assert mean_interval([]).n == 0
    assert all(map(math.isnan, mean_interval([math.nan])[1:]))
    one = mean_interval([5.0, math.nan])
    assert one[:2] == (1, 5.0)
    assert all(map(math.isnan, one[2:]))


def test_pairs_by_hand_and_scipy() -> None:
    a, b = [0.9, 0.8, 0.95], [0.85, 0.81, 0.90]
    found = paired_effect(a, b)
    assert found.mean == pytest.approx(0.03)
    theirs = stats.ttest_rel(a, b).confidence_interval()
    assert np.allclose((found.low, found.high), theirs)
    with pytest.raises(ValueError, match="equal shapes"):
        paired_effect(a, b[:2])


@given(st.integers(1, 20000), st.floats(0, 1))
def test_wilson_like_statsmodels(n: int, share: float) -> None:
    count = round(share * n)
    theirs = proportion_confint(count, n, method="wilson")
    assert np.allclose(wilson_interval(count / n, n), theirs, atol=1e-12)


def test_wilson_says_no() -> None:
    assert all(map(math.isnan, wilson_interval(math.nan, 10)))
    with pytest.raises(ValueError, match="no share"):
        wilson_interval(1.5, 10)
    with pytest.raises(ValueError, match="level"):
        wilson_interval(0.5, 10, 1.0)


def test_pairs_of_runs() -> None:
    runs = pd.DataFrame(
        {
            "norm": ["none", "none", "batch", "batch", "batch"],
            "batch_size": ["8"] * 5,
            "seed": [0, 1, 1, 0, 2],
            "test_accuracy": [0.5, 0.6, 0.9, 0.7, 0.8],
        }
    )
    found = paired_differences(runs, "norm", "none", "test_accuracy", ["batch_size"])
    by_seed = found.set_index("seed")["difference"]
    assert by_seed.round(6).to_dict() == {1: 0.3, 0: 0.2}  # seed 2 has no partner
    twice = pd.concat([runs, runs.iloc[2:3]])
    with pytest.raises(ValueError, match="two runs"):
        paired_differences(twice, "norm", "none", "test_accuracy", ["batch_size"])


# One more value


def test_prediction_by_hand() -> None:
    found = prediction_interval([1.0, 2.0, 3.0])
    half = 4.302652729911275 * math.sqrt(4 / 3)  # t of 2 degrees of freedom, from a table
    assert found[:3] == (3, 2.0, 1.0)
    assert (found.low, found.high) == (pytest.approx(2 - half), pytest.approx(2 + half))


@given(VALUES, st.sampled_from([0.5, 0.95, 0.99]))
def test_prediction_like_a_regression_on_nothing(values: np.ndarray, level: float) -> None:
    found = prediction_interval(values, level)
    model = OLS(values, np.ones(len(values))).fit()
    [theirs] = model.get_prediction([1.0]).conf_int(obs=True, alpha=1 - level)
    assert np.allclose([found.low, found.high], theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [2, 5])
def test_prediction_holds_one_more_value_as_often_as_it_says(n: int) -> None:
    rng, times, level = np.random.default_rng(0), 3000, 0.9
    drawn = rng.normal(3.0, 2.0, (times, n + 1))
    found = [prediction_interval(row[:n], level) for row in drawn]
    inside = np.mean([one.low <= row[n] <= one.high for one, row in zip(found, drawn, strict=True)])
    assert inside == pytest.approx(level, abs=3 * math.sqrt(level * (1 - level) / times))


def test_prediction_of_few_values() -> None:
    assert prediction_interval([]).n == 0
    one = prediction_interval([5.0, math.nan])
    assert one[:2] == (1, 5.0)
    assert all(map(math.isnan, one[2:]))
    with pytest.raises(ValueError, match="level"):
        prediction_interval([1.0, 2.0], 1.0)
