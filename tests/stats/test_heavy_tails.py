"""Losses of runs that nearly diverge: each case by hand, its test against others, and its level."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from restudy.stats.heavy_tails import Estimand, effect_on_losses

GUESS = math.log(10)


def test_difference() -> None:
    a, b = [0.30, 0.32, 0.35], [0.28, 0.33, 0.30]
    found = effect_on_losses(a, b, GUESS)
    assert found.estimand is Estimand.DIFFERENCE
    assert found.effect.p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert found.tail_ratio == pytest.approx(0.33 / 0.30)
    assert found.nearly_diverged == (0, 0)


def test_log_ratio() -> None:
    a, b = [0.30, 0.32, 1.30], [0.28, 0.33, 0.30]
    found = effect_on_losses(a, b, GUESS)
    assert found.estimand is Estimand.LOG_RATIO
    assert found.effect.p == pytest.approx(stats.ttest_rel(np.log(a), np.log(b)).pvalue)
    assert found.tail_ratio == pytest.approx(1.30 / 0.32)


@pytest.mark.parametrize("lost", [88.0, math.inf, math.nan])
def test_share(lost: float) -> None:
    a, b = [0.3, lost, lost, lost, 0.3, lost], [0.3, lost, 0.3, 0.3, 9.0, 0.3]
    found = effect_on_losses(a, b, GUESS)
    assert found.estimand is Estimand.SHARE
    assert found.nearly_diverged == (4, 2)
    assert found.effect[:2] == (6, pytest.approx(2 / 6))
    assert math.isnan(found.effect.low)
    assert found.effect.p == pytest.approx(mcnemar([[1, 3], [1, 1]], exact=True).pvalue)
    assert math.isnan(found.tail_ratio) == (not math.isfinite(lost))


def test_the_sides_are_treated_alike() -> None:
    rng = np.random.default_rng(0)
    for spread in (0.1, 0.8, 1.6):
        for a, b in np.exp(rng.normal(-1, spread, (30, 2, 5))):
            found, turned = effect_on_losses(a, b, GUESS), effect_on_losses(b, a, GUESS)
            assert found.estimand is turned.estimand
            assert found.tail_ratio == turned.tail_ratio
            assert found.effect.mean == pytest.approx(-turned.effect.mean)
            assert found.effect.p == pytest.approx(turned.effect.p)


def test_five_seeds_do_not_tell_shares_apart() -> None:
    assert effect_on_losses([99.0] * 5, [0.3] * 5, GUESS).effect.p == pytest.approx(1 / 16)
    assert effect_on_losses([99.0] * 10, [0.3] * 10, GUESS).effect.p < 0.01
    assert effect_on_losses([99.0] * 5, [99.0] * 5, GUESS).effect.p == 1


def test_regular_losses_are_averaged() -> None:
    losses = np.random.default_rng(1).normal(0.3, 0.06, (1000, 2, 5))
    assert all(effect_on_losses(*one, GUESS).estimand is Estimand.DIFFERENCE for one in losses)


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("spread", [0.2, 0.6, 1.2])
def test_level(n: int, spread: float) -> None:
    """Whichever test the rule chooses, a true null hypothesis is rejected in 5% at most."""
    rng, times = np.random.default_rng(n), 2000
    shared = rng.normal(-1, spread, (times, 1, n))
    losses = np.exp(shared + rng.normal(0, spread, (times, 2, n)))
    wrong = np.mean([effect_on_losses(*one, GUESS).effect.p < 0.05 for one in losses])
    assert wrong < 0.05 + 4 * math.sqrt(0.0475 / times)


@pytest.mark.parametrize(
    ("a", "b", "guess"), [([], [], 1), ([1.0], [1.0, 2.0], 1), ([0.0], [1.0], 1), ([1.0], [1.0], 0)]
)
def test_no_losses(a, b, guess) -> None:
    with pytest.raises(ValueError, match=r"pairs|above 0"):
        effect_on_losses(a, b, guess)
