"""Corrections for several tests: against statsmodels, scipy, and all subsets by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from restudy.stats.multiplicity import benjamini_hochberg, hochberg, partial_conjunction, simes

P = st.lists(st.integers(0, 1000).map(lambda i: i / 1000), min_size=1, max_size=7)
CORRECTIONS = [hochberg, benjamini_hochberg, simes, partial_conjunction]


@given(P)
def test_hochberg_like_statsmodels(p: list[float]) -> None:
    assert hochberg(p) == pytest.approx(multipletests(p, method="simes-hochberg")[1])


@given(P)
def test_benjamini_hochberg_like_scipy(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p, method="bh"))


@given(P)
def test_simes_is_the_least_adjusted_p(p: list[float]) -> None:
    counts = [sum(one <= x for one in p) for x in p]
    assert simes(p) == pytest.approx(min(len(p) * x / c for x, c in zip(p, counts, strict=True)))


@given(P)
def test_partial_conjunction_is_the_worst_of_all_subsets(p: list[float]) -> None:
    # Fewer than u effects: some n - u + 1 null hypotheses are all true, each set by Bonferroni.
    n = len(p)
    for u, found in enumerate(partial_conjunction(p), start=1):
        subsets = itertools.combinations(p, n - u + 1)
        assert found == pytest.approx(max(min(1, (n - u + 1) * min(one)) for one in subsets))


@given(P, st.sampled_from([0.01, 0.05, 0.3]))
def test_hochberg_counts_partial_conjunctions(p: list[float], alpha: float) -> None:
    most = [u for u, one in enumerate(partial_conjunction(p), start=1) if one <= alpha]
    assert (hochberg(p) <= alpha).sum() == max(most, default=0)
    assert (hochberg(p) <= alpha).all() == (max(p) <= alpha)  # intersection-union


def test_axes_and_tests_that_were_not_made() -> None:
    families = np.random.default_rng(0).uniform(size=(3, 4, 5))
    for correction in CORRECTIONS:
        assert correction(families)[1, 2] == pytest.approx(correction(families[1, 2]))
    p = [0.2, np.nan, 0.01]
    for correction in (hochberg, benjamini_hochberg):
        assert correction(p)[[0, 2]] == pytest.approx(correction([0.2, 0.01]))
        assert np.isnan(correction(p)[1])
    assert simes(p) == simes([0.2, 0.01])
    assert np.isnan(simes([np.nan, np.nan]))
    with pytest.raises(ValueError, match="every p"):
        partial_conjunction(p)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("p", [0.5, [1.1], [-0.1]])
def test_no_p(correction, p) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        correction(p)


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.95])
def test_hochberg_keeps_its_level(shared: float) -> None:
    rng = np.random.default_rng(1)
    z = np.sqrt(shared) * rng.normal(size=(20_000, 1)) + np.sqrt(1 - shared) * rng.normal(
        size=(20_000, 4)
    )
    z[:, 0] += 3  # an effect beside three that are none
    wrong = (hochberg(stats.norm.sf(z))[:, 1:] <= 0.05).any(axis=1).mean()
    assert wrong < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 20_000)
