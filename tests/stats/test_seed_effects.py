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
from restudy.stats.seed_effects import slopes

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
    x = [1.0, 2.0, 3.0, 4.0, 50.0]
    assert spearman(x, [2.0, 1.0, 3.0, 4.0, 5.0]) == pytest.approx(0.9)
    assert (spearman(x, x), spearman(x, x[::-1])) == pytest.approx((1, -1))


@given(COLUMN, st.integers(0, 100))
def test_spearman_always(x: np.ndarray, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=len(x))
    found = spearman(x, y)
    if np.ptp(x) == 0:
        assert math.isnan(found)
        return
    assert found == pytest.approx(stats.spearmanr(x, y).statistic)
    assert spearman(y, np.exp(x)) == pytest.approx(found, abs=1e-12)
    assert spearman(x, -y) == pytest.approx(-found)


def test_spearman_of_few_values() -> None:
    assert math.isnan(spearman([1.0, 2.0, math.nan], [1.0, 2.0, 3.0]))
    assert spearman([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="equal shapes"):
        spearman([1.0], [1.0, 2.0])
