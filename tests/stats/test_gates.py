"""Gates: each code by hand, each test against a table or another library, and its level."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.meta_analysis import combine_effects

from restudy.stats.gates import (
    Code,
    averaged,
    cochran_q,
    gail_simon,
    kept,
    learnt,
    opposite_signs,
    seed_by_level,
    varies,
)


@pytest.mark.parametrize(
    ("accuracies", "samples", "code"),
    [
        ([0.9, 0.1, 0.8], 10_000, Code.OPEN),
        ([0.1, 0.1, 0.9], 10_000, Code.AT_CHANCE),
        ([0.12, 0.12, 0.12], 10_000, Code.AT_CHANCE),  # beyond chance, and by nothing that matters
        ([0.4, 0.4], 10, Code.AT_CHANCE),  # by much, and perhaps by chance
        ([0.9, math.nan], 100, Code.NOT_FINITE),
        ([], 100, Code.NO_RUNS),
    ],
)
def test_learnt(accuracies, samples, code) -> None:
    found = learnt(accuracies, 0.1, samples)
    assert found.code is code
    assert found.is_open == (code is Code.OPEN)


def test_learnt_by_a_binomial_test() -> None:
    found = learnt([0.4, 0.4, 0.4], 0.1, 10)
    assert found.numbers["p"] == pytest.approx(stats.binomtest(4, 10, 0.1, "greater").pvalue)
    assert found.numbers["learnt"] == pytest.approx(0.3 / 0.9)
    with pytest.raises(ValueError, match="chance"):
        learnt([0.4], 1.0, 10)


def test_kept() -> None:
    curves = [[0.3, 0.75, 0.42], [0.5, 0.6, 0.58], [0.1, 0.1, 0.1]]
    found = kept(curves, 0.1)
    assert found.code is Code.COLLAPSED
    assert found.numbers == {"n": 3, "collapsed": 1, "worst": pytest.approx(0.33 / 0.65)}
    assert kept(curves[1:], 0.1).is_open
    assert kept(-np.array([[2.0, 0.3, 0.31], [2.0, 0.5, 0.4]]), -2.3).is_open
    assert kept([[0.5, math.nan], [0.5, 0.6]], 0.1).code is Code.NOT_FINITE
    assert kept([[math.nan, 0.5], [0.5, 0.6]], 0.1).is_open
    assert kept([], 0.1).code is Code.NO_RUNS


def test_varies() -> None:
    assert varies([0.1, 0.2, math.nan]).is_open
    assert varies([0.0, 0.0, 0.0]).code is Code.NO_SPREAD
    assert varies([0.1, 0.1 + 1e-17, 0.3 - 0.2]).code is Code.NO_SPREAD
    assert varies([0.0, 0.0, 0.001]).is_open
    assert varies([0.3]).code is Code.NO_RUNS


# Values of Q at 5% of Gail and Simon (1985), table 1.
@pytest.mark.parametrize(("m", "q"), [(2, 2.71), (3, 4.23), (4, 5.43), (5, 6.50), (6, 7.48)])
def test_gail_simon_table(m: int, q: float) -> None:
    z = np.full(m, 9.0)
    z[0] = -math.sqrt(q)
    assert gail_simon(z) == pytest.approx(0.05, abs=0.0003)
    assert gail_simon(-z) == gail_simon(z)


def test_gail_simon_by_simulation() -> None:
    # At its least favourable point all effects but one are 0, and that one has any sign: Q of the
    # other signs is chi^2 of a binomial number of effects.
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 4))
    z[:, 0] += 50
    found = np.mean([gail_simon(one) <= 0.05 for one in z])
    assert found == pytest.approx(0.05, abs=4 * math.sqrt(0.0475 / 20_000))
    assert gail_simon([1.0, 2.0, 0.0]) == 1


def test_seed_by_level_like_statsmodels() -> None:
    x = np.random.default_rng(3).normal(size=(5, 4)) + np.array([0, 0.5, 1, 1])
    rows = [(seed, level, x[seed, level]) for seed in range(5) for level in range(4)]
    table = pd.DataFrame(rows, columns=["seed", "level", "y"])
    theirs = AnovaRM(table, "y", "seed", ["level"]).fit().anova_table
    f, p = seed_by_level(x)
    assert (f, p) == pytest.approx((theirs["F Value"].iloc[0], theirs["Pr > F"].iloc[0]))
    assert seed_by_level([[1.0, 1.0], [2.0, 2.0]]) == (0, 1)
    assert seed_by_level([[1.0, 2.0], [2.0, 3.0]]) == (math.inf, 0)


def test_cochran_like_statsmodels() -> None:
    mean, se = [0.3, 0.1, -0.4, 0.2], [0.1, 0.2, 0.15, 0.3]
    theirs = combine_effects(np.array(mean), np.array(se) ** 2).test_homogeneity()
    assert cochran_q(mean, se) == pytest.approx((theirs.statistic, theirs.pvalue))
    for no_effects in (([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0])):
        with pytest.raises(ValueError, match="two effects"):
            cochran_q(*no_effects)


def test_opposite_signs_by_hand() -> None:
    found = averaged([[1.0, -1.1, 0.1], [1.2, -0.9, -0.2], [1.1, -1.3, 0.2]])
    above = stats.ttest_1samp([1.0, 1.2, 1.1], 0, alternative="greater").pvalue
    below = stats.ttest_1samp([-1.1, -0.9, -1.3], 0, alternative="less").pvalue
    assert found.numbers["p_signs"] == pytest.approx(max(3 * above, 3 * below))
    assert opposite_signs([0.01, 0.99], [0.99, 0.01]) == pytest.approx(0.02)
    assert opposite_signs([0.01, 0.01], [0.99, 0.99]) == 0.99


def test_averaged() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(5, 3)) * 0.1
    signs = averaged(noise + np.array([1, -1, 0.5]))
    assert signs.code is Code.OPPOSITE_SIGNS
    assert not signs.is_open
    assert (signs.numbers["above"], signs.numbers["below"]) == (2, 1)
    sizes = averaged(noise + np.array([1, 2, 3]))
    assert sizes.code is Code.LEVELS_DIFFER
    assert sizes.is_open
    assert averaged(noise + 1).code is Code.OPEN
    assert averaged(np.zeros((3, 2))).code is Code.OPEN
    assert averaged([[1.0, -1.0], [1.0, -1.0]]).code is Code.OPPOSITE_SIGNS
    for no_table in ([1.0, 2.0], [[1.0, 2.0]], [[1.0, math.nan], [1.0, 2.0]]):
        with pytest.raises(ValueError, match="two seeds"):
            averaged(no_table)


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize("first", [0.0, 50.0])
def test_levels_of_the_gate(shared: float, first: float) -> None:
    """With five seeds signs are called opposite, and levels different, in 5% of cases at most."""
    rng, times = np.random.default_rng(1), 1500
    x = math.sqrt(shared) * rng.normal(size=(times, 5, 1))
    x = x + math.sqrt(1 - shared) * rng.normal(size=(times, 5, 4)) + [first, 0, 0, 0]
    most = 0.05 + 4 * math.sqrt(0.0475 / times)
    found = [averaged(one) for one in x]
    assert np.mean([one.code is Code.OPPOSITE_SIGNS for one in found]) < most
    if not first:
        assert np.mean([one.numbers["p_levels"] <= 0.05 for one in found]) < most
