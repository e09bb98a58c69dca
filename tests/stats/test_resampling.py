"""Bootstrap intervals and permutation tests: by hand, against scipy, and what must always hold."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from restudy.stats.bootstrap import bca_difference, bca_interquartile_mean, bca_mean
from restudy.stats.permutation import (
    exchanges,
    paired_permutation_p,
    sign_flips,
    unpaired_permutation_p,
)

GROUP = arrays(np.float64, st.integers(2, 6), elements=st.integers(-9, 9).map(float))


@pytest.fixture(autouse=True)
def _no_surprise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# Bootstrap


def test_bca_like_scipy() -> None:
    values = np.random.default_rng(0).lognormal(size=12)
    theirs = stats.bootstrap([values], np.mean, rng=np.random.default_rng(3), n_resamples=2000)
    found = bca_mean(values, resamples=2000, seed=3)
    assert found[:2] == (12, values.mean())
    assert np.allclose(found[2:], theirs.confidence_interval)


def test_bca_by_its_formula() -> None:
    # Efron and Tibshirani, "An introduction to the bootstrap", 14.3, for 0, 0, 3: of 27 resamples
    # the mean is 0 in 8, 1 in 12, 2 in 6 and 3 in 1. The estimate is 1, so 14/27 count as below.
    # Leaving one out gives 1.5, 1.5, 0; what their mean exceeds them by is -0.5, -0.5, 1.
    z0, a = stats.norm.ppf(14 / 27), (1 - 2 * 0.5**3) / (6 * 1.5**1.5)
    z = stats.norm.ppf([0.27, 0.73])
    levels = stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z)))
    below = np.array([8, 20, 26, 27]) / 27
    assert np.searchsorted(below, [0.27, 0.73]).tolist() == [0, 1]  # plain percentiles
    assert np.searchsorted(below, levels).tolist() == [1, 2]
    assert bca_mean([0.0, 0.0, 3.0], level=0.46, resamples=20000) == (3, 1, 1, 2)


def test_interquartile_mean_by_hand() -> None:
    found = bca_interquartile_mean([100.0, 1.0, 2.0, 4.0, 3.0, -50.0, 3.0, 2.0])
    assert found.estimate == 2.5  # without 100, 4 and -50, 1
    assert found.low <= 2.5 <= found.high
    three = [1.0, 2.0, 6.0]
    assert bca_interquartile_mean(three) == bca_mean(three)


def test_bca_difference_of_groups() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(5, 1, 40), rng.normal(3, 2, 50)
    found = bca_difference(a, b)
    assert found[:2] == (90, pytest.approx(a.mean() - b.mean()))
    # With many normal values all intervals agree.
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert np.allclose(found[2:], theirs, atol=0.1)


@pytest.mark.parametrize("interval", [bca_mean, bca_interquartile_mean])
def test_bca_of_degenerate_values(interval) -> None:
    assert interval([0.1] * 5) == (5, pytest.approx(0.1), pytest.approx(0.1), pytest.approx(0.1))
    none, one = interval([]), interval([2.0, math.nan])
    assert none.n == 0
    assert all(map(math.isnan, none[1:]))
    assert one[:2] == (1, 2.0)
    assert all(map(math.isnan, one[2:]))
    assert all(map(math.isfinite, interval([1.0, 2.0])))


def test_bca_where_leaving_one_out_changes_nothing() -> None:
    values = [1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0]
    found = bca_interquartile_mean(values, resamples=500)
    plain = stats.bootstrap(
        [values],
        lambda x, axis: stats.trim_mean(x, 0.25, axis=axis),
        method="percentile",
        n_resamples=500,
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert found[1:] == (2, *plain)
    assert all(map(math.isnan, bca_difference([1.0], [1.0, 2.0])[2:]))
    assert bca_difference([3.0, 3.0], [1.0, 1.0])[1:] == (2, 2, 2)


@settings(deadline=None, max_examples=30)
@given(GROUP, st.integers(-50, 50), st.sampled_from([0.5, 2.0]))
def test_bca_invariances(values: np.ndarray, shift: float, scale: float) -> None:
    base = np.array(bca_mean(values, resamples=200)[1:])
    assert np.array_equal(base, bca_mean(values, resamples=200)[1:])
    moved = bca_mean(scale * values + shift, resamples=200)[1:]
    assert np.allclose(moved, scale * base + shift)
    assert values.min() - 1e-9 <= base[1] <= base[2] <= values.max() + 1e-9


def test_bootstrap_says_no() -> None:
    with pytest.raises(ValueError, match="level"):
        bca_mean([1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="resample"):
        bca_mean([1.0, 2.0], resamples=0)
    with pytest.raises(ValueError, match="shape"):
        bca_mean([[1.0, 2.0]])


# Permutation tests


def test_permutations_by_hand() -> None:
    # All differences above 0: only all signs turned is as extreme.
    assert paired_permutation_p([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == 2 / 8
    # Differences 3, 1, -1: sums 3, 1, 5, 3 and their opposites; six of eight are 3 or more.
    assert paired_permutation_p([3.0, 1.0, -1.0], [0.0, 0.0, 0.0]) == 6 / 8
    # {3, 4} against {1, 2}: the two ends of the 6 divisions.
    assert unpaired_permutation_p([3.0, 4.0], [1.0, 2.0]) == 2 / 6


@given(GROUP, st.integers(0, 100))
def test_paired_like_scipy(a: np.ndarray, seed: int) -> None:
    b = np.random.default_rng(seed).integers(-9, 9, len(a)).astype(float)
    theirs = stats.permutation_test(
        (a, b), lambda x, y: abs(np.sum(x - y)), permutation_type="samples", alternative="greater"
    )
    assert paired_permutation_p(a, b) == pytest.approx(theirs.pvalue)


@settings(deadline=None, max_examples=30)
@given(GROUP, GROUP)
def test_unpaired_like_scipy(a: np.ndarray, b: np.ndarray) -> None:
    theirs = stats.permutation_test(
        (a, b), lambda x, y: round(abs(np.mean(x) - np.mean(y)), 9), alternative="greater"
    )
    assert unpaired_permutation_p(a, b) == pytest.approx(theirs.pvalue)


@given(GROUP, GROUP, st.integers(-50, 50), st.sampled_from([0.1, 3.0]))
def test_permutations_always(a: np.ndarray, b: np.ndarray, shift: float, scale: float) -> None:
    p = unpaired_permutation_p(a, b)
    assert 0 < p <= 1
    assert unpaired_permutation_p(b, a) == p
    assert unpaired_permutation_p(scale * a + shift, scale * b + shift) == p
    pair = a, np.resize(b, len(a))
    p = paired_permutation_p(*pair)
    assert 0 < p <= 1
    assert paired_permutation_p(*pair[::-1]) == p
    assert paired_permutation_p(scale * pair[0] + shift, scale * pair[1] + shift) == p


def test_drawn_arrangements_come_near_to_all() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.6, 1, 12), rng.normal(size=12)
    for test, n in (paired_permutation_p, 12), (unpaired_permutation_p, 8):
        exact = test(a[:n], b[:n], resamples=13000)  # of 4096 and 12870
        drawn = test(a[:n], b[:n], resamples=2000, seed=1)
        assert drawn == test(a[:n], b[:n], resamples=2000, seed=1)
        assert drawn != test(a[:n], b[:n], resamples=2000, seed=2)
        assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 2000))
    assert paired_permutation_p(np.ones(40), np.zeros(40), resamples=99) == 1 / 100


def test_arrangements() -> None:
    rng = np.random.default_rng(0)
    assert sign_flips(3, 8, rng).shape == (8, 3)
    assert sign_flips(3, 7, rng).shape == (8, 3)  # 7 drawn and the one that was seen
    assert np.unique(exchanges(2, 3, 10, rng), axis=0).shape == (10, 5)
    drawn = exchanges(3, 4, 20, rng)
    assert np.allclose(drawn.sum(axis=1), 0)
    assert (drawn > 0).sum(axis=1).tolist() == [3] * 21


def test_permutations_of_few_values() -> None:
    assert paired_permutation_p([2.0], [1.0]) == 1
    assert paired_permutation_p([0.5] * 4, [0.5] * 4) == 1
    assert unpaired_permutation_p([0.1] * 3, [0.1] * 3) == 1
    assert math.isnan(paired_permutation_p([math.nan], [1.0]))
    assert math.isnan(unpaired_permutation_p([], [1.0]))
    with pytest.raises(ValueError, match="equal shapes"):
        paired_permutation_p([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="resample"):
        unpaired_permutation_p([1.0], [1.0, 2.0], resamples=0)
