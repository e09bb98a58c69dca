"""Holm's correction."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.multitest import multipletests

from restudy.stats.holm import holm

P = arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1))


def test_by_hand() -> None:
    # Sorted: 0.01 * 4, 0.03 * 3, 0.035 * 2 = 0.07 raised to 0.09, 0.6 * 1.
    assert holm([0.03, 0.6, 0.01, 0.035]) == pytest.approx([0.09, 0.6, 0.04, 0.09])
    assert holm([0.4, 0.5]) == pytest.approx([0.8, 0.8])


def test_what_could_not_be_tested_does_not_count() -> None:
    found = holm([math.nan, 0.02, math.nan, 0.03])
    assert np.isnan(found).tolist() == [True, False, True, False]
    assert found[[1, 3]] == pytest.approx([0.04, 0.04])
    assert holm([]).shape == (0,)
    assert np.isnan(holm([math.nan])).all()


@given(P, st.randoms(use_true_random=False))
def test_always(p: np.ndarray, random) -> None:
    found = holm(p)
    assert ((found >= p) & (found <= np.minimum(1, len(p) * p + 1e-15))).all()
    assert (np.diff(found[np.argsort(p)]) >= 0).all()
    order = list(range(len(p)))
    random.shuffle(order)
    assert np.allclose(holm(p[order]), found[order])
    assert (holm([*p, 0.5])[:-1] >= found - 1e-15).all()  # a larger family is stricter


@given(P, st.sampled_from([0.01, 0.05, 0.2]))
def test_rejects_step_by_step(p: np.ndarray, alpha: float) -> None:
    """The procedure as Holm wrote it: go up until one is too large."""
    rejected = np.zeros(len(p), bool)
    for step, i in enumerate(np.argsort(p)):
        if p[i] * (len(p) - step) > alpha:
            break
        rejected[i] = True
    assert ((holm(p) <= alpha) == rejected).all()


def test_like_statsmodels() -> None:
    families = np.random.default_rng(0).uniform(size=(5, 7)) ** 3
    theirs = [multipletests(p, method="holm")[1] for p in families]
    assert np.allclose(holm(families), theirs)


@pytest.mark.parametrize("p", [[0.5, 1.5], [-0.1], 0.5])
def test_says_no(p) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm(p)
