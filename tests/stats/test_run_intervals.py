"""Intervals on the scale of a number: by hand, by simulation, and for accuracies of 1."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from restudy.stats.intervals import prediction_interval
from restudy.stats.run_intervals import (
    Spread,
    loss_scale,
    one_more_run,
    pooled_spread,
    share_scale,
)


@given(st.integers(1, 10_000), st.data())
def test_empirical_logit(samples: int, data) -> None:
    right = data.draw(st.integers(0, samples))
    scale = share_scale(samples)
    z = scale.to(np.array([right / samples]))
    assert z[0] == pytest.approx(math.log((right + 0.5) / (samples - right + 0.5)))
    assert scale.back(z)[0] == pytest.approx(right / samples)
    assert scale.back(np.array([-99.0, 99.0])).tolist() == [0, 1]


def test_resolution_is_a_step_of_one_sample() -> None:
    def logit(k: float) -> float:
        return math.log((k + 0.5) / (100 - k + 0.5))

    scale = share_scale(100)
    assert scale.resolution(0.9) == pytest.approx(logit(90.5) - logit(89.5))
    assert scale.resolution(1.0) == pytest.approx(logit(100) - logit(99))


def test_shares_by_hand() -> None:
    x = np.array([0.96, 0.97, 0.975])
    z = np.log((1000 * x + 0.5) / (1000 - 1000 * x + 0.5))
    half = stats.t.ppf(0.975, 2) * z.std(ddof=1) * math.sqrt(4 / 3)
    ends = (1001 / (1 + np.exp(-(z.mean() + np.array([-half, half])))) - 0.5) / 1000
    found = one_more_run([*x, math.nan], share_scale(1000))
    assert found == pytest.approx((3, x.mean(), x.std(ddof=1), *ends))


@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=8), st.sampled_from([-1.0, 0.0]))
def test_losses_like_logs(losses: list[float], bound: float) -> None:
    plain = prediction_interval(np.log(np.array(losses) - bound))
    found = one_more_run(losses, loss_scale(bound))
    with np.errstate(over="ignore"):
        assert found.low == pytest.approx(bound + np.exp(plain.low))
        assert found.high == pytest.approx(bound + np.exp(plain.high))
    assert found.mean == pytest.approx(np.mean(losses))


@pytest.mark.parametrize("share", [0.0, 1.0, 0.5])
def test_equal_shares_accept_one_sample_more_or_less(share: float) -> None:
    found = one_more_run([share] * 3, share_scale(1000))
    assert 0 <= found.low <= share <= found.high <= 1
    near = share + 0.001 * (1 if share < 1 else -1)
    assert found.low <= near <= found.high
    assert found.high - found.low < 0.01


def test_pooled_spread_is_the_root_of_the_mean_square_within() -> None:
    groups = [np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0]), np.array([7.0])]
    logs = [np.log(group) for group in groups]
    found = pooled_spread([*groups, [math.nan]], loss_scale())
    # F of the analysis of variance is the mean square between over that within.
    sizes, means = [3, 2, 1], [x.mean() for x in logs]
    total = np.concatenate(logs).mean()
    between = sum(n * (m - total) ** 2 for n, m in zip(sizes, means, strict=True)) / 2
    assert found.df == 3
    assert found.sd == pytest.approx(math.sqrt(between / stats.f_oneway(*logs).statistic))


def test_pooled_interval_by_hand() -> None:
    pooled = Spread(0.2, 30)
    found = one_more_run([2.0], loss_scale(), 0.9, pooled)
    half = stats.t.ppf(0.95, 30) * 0.2 * math.sqrt(2)
    assert (found.low, found.high) == pytest.approx((2 * math.exp(-half), 2 * math.exp(half)))
    assert math.isnan(found.sd)


def test_no_spread_no_interval() -> None:
    for values in ([], [math.nan], [0.5]):
        found = one_more_run(values, share_scale(10))
        assert math.isnan(found.low)
        assert math.isnan(found.high)
    assert math.isnan(one_more_run([1.0], loss_scale(), pooled=Spread(math.nan, 0)).low)
    assert math.isnan(pooled_spread([[1.0]], loss_scale()).sd)


@pytest.mark.parametrize("pool", [False, True])
def test_coverage(pool: bool) -> None:
    rng, times, scale = np.random.default_rng(2), 1500, share_scale(10_000)
    held = 0
    for _ in range(times):
        groups = np.round(1 / (1 + np.exp(-rng.normal(2.5, 0.3, (8, 4)))), 4)
        pooled = pooled_spread(groups[:, :3], scale) if pool else None
        found = one_more_run(groups[0, :3], scale, pooled=pooled)
        held += found.low <= groups[0, 3] <= found.high
    assert held / times == pytest.approx(0.95, abs=4 * math.sqrt(0.0475 / times))


def test_nonsense_is_ruled_out_with_a_pooled_spread() -> None:
    """Three wild runs of 85% by themselves accept 97.7%; among comparable groups they do not."""
    rng, scale = np.random.default_rng(0), share_scale(1000)
    groups = [1 / (1 + np.exp(-rng.normal(m, 0.3, 3))) for m in (3, 3.3, 3.5, 2.8, 3.1, 2.9)]
    wild = [0.75, 0.86, 0.94]
    plain = prediction_interval(wild)
    assert plain.low <= 0.977 <= plain.high
    assert plain.high > 1
    found = one_more_run(wild, scale, pooled=pooled_spread([*groups, wild], scale))
    assert found.high < 0.977


def test_values_outside() -> None:
    for call in (
        lambda: one_more_run([1.2, 1.0], share_scale(10)),
        lambda: one_more_run([0.0, 1.0], loss_scale()),
        lambda: share_scale(0),
        lambda: one_more_run([0.5, 0.6], share_scale(10), 1.0),
    ):
        with pytest.raises(ValueError, match=r"share|loss|level"):
            call()
