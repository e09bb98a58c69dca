"""The interval for the mean of more runs: by hand, at its limits, and how often it is right."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from restudy.stats.intervals import mean_interval, prediction_interval
from restudy.stats.more_runs import mean_of_more, p_of_lost, p_of_mean

MEANS = st.floats(-100, 100)
SDS = st.floats(0.01, 10)
COUNTS = st.integers(2, 20)


def test_by_hand():
    # 1, 2, 3 and two more: t of 2 degrees of freedom, from a table
    half = 4.302652729911275 * math.sqrt(1 / 3 + 1 / 2)
    assert mean_of_more(2.0, 1.0, 3, 2) == pytest.approx((2 - half, 2 + half))


def test_one_more_and_very_many_are_the_intervals_that_are_known():
    values = [0.91, 0.93, 0.90, 0.96]
    found = mean_interval(values)
    one, mean = prediction_interval(values), mean_interval(values)
    given_ = found.mean, found.sd, found.n
    assert mean_of_more(*given_, 1) == pytest.approx((one.low, one.high))
    assert mean_of_more(*given_, 1e15) == pytest.approx((mean.low, mean.high))


@given(MEANS, SDS, COUNTS, COUNTS, st.sampled_from([0.5, 0.95, 0.999]))
def test_p_is_that_of_the_end(mean, sd, n, more, level):
    for end in mean_of_more(mean, sd, n, more, level):
        assert p_of_mean(mean, sd, n, end, more) == pytest.approx(1 - level, rel=1e-6)


@pytest.mark.parametrize(("n", "more"), [(2, 2), (3, 3), (5, 5), (10, 3), (3, 10)])
@settings(max_examples=10, deadline=None)
@given(level=st.sampled_from([0.5, 0.8, 0.95, 0.99]), seed=st.integers(0, 2**32 - 1))
def test_it_holds_the_mean_of_more_as_often_as_it_says(n, more, level, seed):
    rng, repetitions = np.random.default_rng(seed), 4000
    first = rng.normal(3, 2, (repetitions, n))
    other = rng.normal(3, 2, (repetitions, more)).mean(axis=1)
    low, high = mean_of_more(first.mean(axis=1), first.std(axis=1, ddof=1), n, more, level)
    inside = int(((low <= other) & (other <= high)).sum())
    # One in a million draws would fail.
    assert stats.binomtest(inside, repetitions, level).pvalue > 1e-6


@given(MEANS, SDS, COUNTS, MEANS, SDS, COUNTS)
def test_with_both_spreads_like_scipy(mean, sd, n, other, more_sd, more):
    theirs = stats.ttest_ind_from_stats(mean, sd, n, other, more_sd, more, equal_var=False).pvalue
    assert p_of_mean(mean, sd, n, other, more, more_sd=more_sd) == pytest.approx(theirs)
    for end in mean_of_more(mean, sd, n, more, 0.9, more_sd=more_sd):
        assert p_of_mean(mean, sd, n, end, more, more_sd=more_sd) == pytest.approx(0.1, rel=1e-6)


def test_one_run_more_has_no_spread_of_its_own():
    assert mean_of_more(2.0, 1.0, 3, 1, more_sd=math.nan) == mean_of_more(2.0, 1.0, 3, 1)
    assert math.isnan(p_of_mean(2.0, 0.0, 3, 2.1, 3, more_sd=1.0))


@pytest.mark.parametrize("n", [3, 5, 10])
def test_with_both_spreads_runs_that_nearly_diverge_are_no_difference(n):
    """One run in six has a loss of 10 to 100 instead of about 2: p of 0.001 are not too many."""
    rng, times = np.random.default_rng(n), 20_000
    nearly = rng.uniform(size=(2, times, n)) < 1 / 6
    losses = np.where(
        nearly, 10 ** rng.uniform(1, 2, nearly.shape), rng.normal(2, 0.3, nearly.shape)
    )
    (mean, other), (sd, more_sd) = losses.mean(axis=2), losses.std(axis=2, ddof=1)
    both = p_of_mean(mean, sd, n, other, n, more_sd=more_sd)
    alone = p_of_mean(mean, sd, n, other, n)
    assert (both < 0.05).mean() < 0.05
    assert (both < 1e-3).mean() < 1e-3 + 4 * math.sqrt(1e-3 / times)
    assert (alone < 1e-3).mean() > 0.01  # what a single spread makes of them


@pytest.mark.parametrize("noise", ["standard_exponential", "standard_t"])
def test_with_skewed_or_heavy_tailed_noise_it_is_right_about_as_often(noise):
    rng = np.random.default_rng(0)
    draw = getattr(rng, noise)
    extra = {"df": 3} if noise == "standard_t" else {}
    for n in (2, 3, 5):
        first, other = (draw(size=(20_000, n), **extra) for _ in range(2))
        p = p_of_mean(first.mean(1), first.std(1, ddof=1), n, other.mean(1), n)
        assert 0.90 < (p >= 0.05).mean() < 0.98


@pytest.mark.parametrize(
    ("mean", "sd", "n", "more"),
    [
        (1.0, math.nan, 1, 5),
        (1.0, 0.0, 5, 5),
        (0.7, 1e-16, 3, 3),  # of equal values, rounded
        (1.0, 0.1, 5, 0),
        (math.nan, math.nan, 0, 3),
    ],
)
def test_without_a_spread_there_is_no_interval(mean, sd, n, more):
    assert all(map(math.isnan, mean_of_more(mean, sd, n, more)))
    assert math.isnan(p_of_mean(mean, sd, n, 0.5, more))


def test_a_level_is_checked():
    with pytest.raises(ValueError, match="level"):
        mean_of_more(0, 1, 3, 3, 1.0)


def test_lost_runs_by_hand():
    # All of 4 lost beside none of 4: 1 of 70 tables on either side is as uneven.
    assert p_of_lost(4, 0, 0, 4) == pytest.approx(2 / 70)
    assert p_of_lost(1, 4, 1, 4) == 1
