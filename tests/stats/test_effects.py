"""Differences of pairs, margins and power: by hand, against scipy and statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.weightstats import ttost_paired

from restudy.stats.effects import (
    Effect,
    has_low_power,
    p_against_margin,
    paired_effect,
    t_interval,
    upper_tail,
)
from restudy.stats.intervals import mean_interval
from restudy.stats.power import power_to_see

# Whole numbers: how rounding of nearly equal values ends is not what is tested.
GROUP = arrays(np.float64, st.integers(2, 10), elements=st.integers(-50, 50).map(float))
PAIRS = arrays(
    np.float64, st.tuples(st.just(2), st.integers(2, 10)), elements=st.integers(-50, 50).map(float)
)
UNKNOWN = {"se", "df", "low", "high", "p"}


def unknown(effect: Effect) -> set[str]:
    return {name for name, value in effect._asdict().items() if math.isnan(value)}


# Differences


def test_paired_by_hand() -> None:
    # Differences 1, 2, 3: t = 2 / (1 / sqrt(3)) = sqrt(12), and with 2 degrees of freedom
    # P(T > t) = 1/2 - t / (2 sqrt(2 + t^2)).
    found = paired_effect([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert found[:2] == (3, 2.0)
    assert (found.se, found.df) == (pytest.approx(1 / math.sqrt(3)), 2)
    assert found.p == pytest.approx(1 - math.sqrt(12 / 14))


@given(GROUP, st.integers(0, 100))
def test_paired_like_scipy(a: np.ndarray, seed: int) -> None:
    b = np.random.default_rng(seed).normal(size=len(a))
    theirs = stats.ttest_rel(a, b)
    found = paired_effect(a, b)
    assert (found.df, found.p) == (theirs.df, pytest.approx(theirs.pvalue))


@given(PAIRS, st.integers(-20, 20), st.sampled_from([0.5, 2.0, 8.0]))
def test_invariances(pairs: np.ndarray, shift: float, scale: float) -> None:
    a, b = pairs
    base = paired_effect(a, b)
    n, mean, se, df, low, high, p = base
    assert np.allclose(paired_effect(b, a), (n, -mean, se, df, -high, -low, p), atol=1e-9)
    assert np.allclose(paired_effect(a + shift, b + shift), base, atol=1e-6)
    scaled = (n, scale * mean, scale * se, df, scale * low, scale * high, p)
    assert np.allclose(paired_effect(scale * a, scale * b), scaled, atol=1e-9)
    assert (p < 0.05) == (low > 0 or high < 0)


def test_few_values() -> None:
    assert unknown(paired_effect([], [])) == {"mean", *UNKNOWN}
    assert unknown(paired_effect([2.0, math.nan], [1.0, 1.0])) == UNKNOWN


def test_no_spread() -> None:
    assert paired_effect([1.0, 1.0], [1.0, 1.0]).p == 1
    assert paired_effect([2.0, 2.0], [1.0, 1.0])[-3:] == (1, 1, 0)


def test_effects_say_no() -> None:
    with pytest.raises(ValueError, match="level"):
        paired_effect([1.0, 2.0], [1.0, 2.0], 95)
    with pytest.raises(ValueError, match="equal shapes"):
        paired_effect([1.0, 2.0], [1.0])


@given(arrays(np.float64, (4, 3), elements=st.integers(-50, 50).map(float)))
def test_many_samples_at_once(rows: np.ndarray) -> None:
    ends = t_interval(rows.mean(axis=1), rows.std(axis=1, ddof=1) / math.sqrt(3), 2)
    assert np.allclose(np.transpose(ends), [mean_interval(row)[3:] for row in rows])


def test_tail() -> None:
    assert upper_tail([1.0, 0.0, -1.0], 0.0, 3).tolist() == [0, 1, 1]
    assert upper_tail(2.0, 1.0, 4) == pytest.approx(stats.t.sf(2, 4))


# Margins


def test_equivalence_by_hand() -> None:
    # Differences -1, 0, 1: se 1/sqrt(3); both edges 2 away, t = sqrt(12) as above.
    found = p_against_margin(paired_effect([0.0, 1.0, 2.0], [1.0, 1.0, 1.0]), 2.0, "equal")
    assert found == pytest.approx((1 - math.sqrt(12 / 14)) / 2)


@given(GROUP, st.integers(0, 100), st.floats(0.1, 50))
def test_equivalence_like_statsmodels(a: np.ndarray, seed: int, margin: float) -> None:
    b = np.random.default_rng(seed).normal(size=len(a))
    paired = paired_effect(a, b)
    theirs = ttost_paired(a, b, -margin, margin)[0]
    assert p_against_margin(paired, margin, "equal") == pytest.approx(theirs, abs=1e-12)
    wide = paired_effect(a, b, 0.9)
    inside = -margin < wide.low and wide.high < margin
    assert (p_against_margin(paired, margin, "equal") < 0.05) == inside


@pytest.mark.filterwarnings("ignore:Precision loss")
@given(GROUP, st.floats(0.01, 50))
def test_no_effect_like_scipy(a: np.ndarray, margin: float) -> None:
    found = paired_effect(a, np.zeros(len(a)))

    def theirs(bound: float, alternative: str) -> float:
        return float(stats.ttest_1samp(a, bound, alternative=alternative).pvalue)

    above, below = theirs(margin, "less"), theirs(-margin, "greater")
    assert p_against_margin(found, margin, "non_superior") == pytest.approx(above, abs=1e-12)
    assert p_against_margin(found, margin, "non_inferior") == pytest.approx(below, abs=1e-12)
    assert p_against_margin(found, margin, "equal") == pytest.approx(max(above, below), abs=1e-12)


def test_margins_say_no() -> None:
    effect = paired_effect([1.0, 2.0], [0.0, 0.0])
    for margin, direction in ((0.0, "equal"), (0.0, "non_inferior"), (1.0, "greater")):
        with pytest.raises(ValueError, match=f"no p of '{direction}' against a margin"):
            p_against_margin(effect, margin, direction)
    assert math.isnan(p_against_margin(paired_effect([1.0], [0.0]), 1.0, "equal"))
    same = paired_effect([1.0, 1.0], [1.0, 1.0])
    assert p_against_margin(same, 0.1, "equal") == 0
    moved = paired_effect([1.0, 1.0], [0.0, 0.0])
    assert p_against_margin(moved, 0.1, "non_superior") == 1


# Power


def test_power_from_a_textbook() -> None:
    # Cohen, "Statistical power analysis", table 2.4.1: 64 per group see d = 0.5 in 80 %.
    assert power_to_see(0.5, math.sqrt(2 / 64), 126) == pytest.approx(0.80, abs=0.005)
    theirs = TTestIndPower().power(0.8, 10, 0.05)
    assert power_to_see(0.8, math.sqrt(2 / 10), 18) == pytest.approx(
        theirs, abs=0.001
    )  # wrong sign


@given(st.floats(0.01, 5), st.floats(0.01, 5), st.integers(1, 60))
def test_power_rises_with_the_effect(size: float, se: float, df: int) -> None:
    power = power_to_see(size, se, df)
    assert 0.025 - 1e-9 <= power <= 1 + 1e-9
    assert power_to_see(1.1 * size, se, df) >= power - 1e-9


@pytest.mark.parametrize("df", [1, 4, 5, 7, 9, 19])
def test_there_is_a_power_however_large_the_effect(df: int) -> None:
    powers = [power_to_see(size, 1.0, df) for size in np.linspace(1, 1100, 2000)]
    assert np.all(np.diff(powers) >= -1e-9)
    assert powers[-1] == 1


def test_low_power() -> None:
    effect = paired_effect([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])  # sd 1
    assert has_low_power(effect, 1.0)
    assert not has_low_power(effect, 4.0)
    assert not has_low_power(paired_effect([1.0, 1.0], [1.0, 1.0]), 0.1)
    assert has_low_power(paired_effect([1.0], [1.0]), 0.1)
    assert math.isnan(power_to_see(1.0, math.nan, 3))
    for size, se, alpha in [(0.0, 1.0, 0.05), (1.0, -1.0, 0.05), (1.0, 1.0, 1.0)]:
        with pytest.raises(ValueError, match="no power"):
            power_to_see(size, se, 3, alpha)
