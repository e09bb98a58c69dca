"""Slopes over levels, rank correlation."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from restudy.stats.correlation import spearman
from restudy.stats.trends import slopes

GRID = arrays(
    np.float64, st.tuples(st.integers(2, 5), st.integers(3, 5)), elements=st.floats(-9, 9)
)
COLUMN = arrays(np.float64, st.integers(4, 12), elements=st.integers(-9, 9).map(float))


@pytest.fixture(autouse=True)
def _no_surprise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# Trends


@settings(deadline=None)
@given(GRID)
def test_slopes_like_scipy(values: np.ndarray) -> None:
    x = np.arange(values.shape[1]) * 2.5
    theirs = [stats.linregress(x, row).slope for row in values]
    assert slopes(values, x) == pytest.approx(theirs, abs=1e-9)


# Rank correlation


def test_spearman_by_hand() -> None:
    # Ranks differ by 1, 1, 0, 0, 0: rho = 1 - 6 * 2 / (5 * 24).
    found = spearman([1.0, 2.0, 3.0, 4.0, 50.0], [2.0, 1.0, 3.0, 4.0, 5.0])
    assert found[:2] == (5, pytest.approx(0.9))
    half = 1.959963984540054 * math.sqrt((1 + 0.81 / 2) / 2)
    middle = math.log(1.9 / 0.1) / 2
    assert found.low == pytest.approx(math.tanh(middle - half))
    assert found.high == pytest.approx(math.tanh(middle + half))


def test_perfect_agreement_is_no_point() -> None:
    x = [1.0, 2.0, 3.0, 4.0]
    up, down = spearman(x, x), spearman(x, x[::-1])
    assert (up.rho, up.high) == (1, 1)
    inner = math.log(1.8 / 0.2) / 2 - 1.959963984540054 * math.sqrt(1.32)  # of rho 0.8
    assert up.low == pytest.approx(math.tanh(inner))
    assert (down.low, down.high) == (-1, -up.low)


@given(COLUMN, st.integers(0, 100))
def test_spearman_always(x: np.ndarray, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=len(x))
    found = spearman(x, y)
    if np.ptp(x) == 0:
        assert math.isnan(found.rho)
        return
    theirs = stats.spearmanr(x, y)
    assert (found.rho, found.p) == (pytest.approx(theirs.statistic), pytest.approx(theirs.pvalue))
    assert -1 <= found.low < found.rho + 1e-12
    assert found.rho - 1e-12 < found.high <= 1
    assert np.allclose(spearman(y, np.exp(x)), found, atol=1e-12)
    turned = spearman(x, -y)
    assert np.allclose(turned[1:4], (-found.rho, -found.high, -found.low))


def test_spearman_of_few_values() -> None:
    assert math.isnan(spearman([1.0, 2.0, math.nan], [1.0, 2.0, 3.0]).rho)
    three = spearman([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
    assert three.rho == pytest.approx(0.5)
    assert math.isnan(three.low)
    with pytest.raises(ValueError, match="equal shapes"):
        spearman([1.0], [1.0, 2.0])


def test_spearman_covers_as_often_as_it_says() -> None:
    # Of two normal variables with correlation r, Spearman's is 6/pi arcsin(r/2).
    rng, r, n, times = np.random.default_rng(0), 0.6, 25, 800
    truth = 6 / math.pi * math.asin(r / 2)
    x = rng.normal(size=(times, n))
    y = r * x + math.sqrt(1 - r**2) * rng.normal(size=(times, n))
    found = [spearman(*pair) for pair in zip(x, y, strict=True)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert covered == pytest.approx(0.95, abs=0.03)
