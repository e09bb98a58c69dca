"""Corrections for several tests: step-up procedures, Simes' p and partial conjunctions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def hochberg(p: ArrayLike) -> Array:
    """Return Hochberg's adjusted p values of a family of tests.

    The i-th smallest of n adjusted p values is the least of (n - j + 1) p_(j) over j >= i
    (Hochberg, "A sharper Bonferroni procedure for multiple tests of significance", Biometrika 75,
    1988). All hypotheses with an adjusted p of alpha or less are rejected. The probability of
    rejecting even one true hypothesis is at most alpha where Simes' inequality holds: for
    independent tests and for positively dependent ones (Sarkar, Annals of Statistics 26, 1998).

    Two other rules are the same arithmetic. All n are rejected exactly if the largest p is alpha or
    less, which is the intersection-union test. The number of rejections is the largest u for which
    the partial conjunction of u among n is rejected (:func:`partial_conjunction`).

    Args:
        p: shape (..., n), families along the last axis. A NaN stays NaN and does not count.

    Raises:
        ValueError: ``p`` has no axis, or a value outside 0 to 1.
    """
    order, ranked, rank, made = _ranked(p)
    return _step_up(order, ranked * (made - rank + 1))


def benjamini_hochberg(p: ArrayLike) -> Array:
    """Return the adjusted p values of Benjamini and Hochberg.

    The i-th smallest of n adjusted p values is the least of n p_(j) / j over j >= i. The expected
    share of true hypotheses among those with an adjusted p of q or less is at most q, for tests
    that are independent (Benjamini and Hochberg, JRSS B 57, 1995) or positively dependent
    (Benjamini and Yekutieli, Annals of Statistics 29, 2001).

    Args:
        p: shape (..., n), families along the last axis. A NaN stays NaN and does not count.

    Raises:
        ValueError: ``p`` has no axis, or a value outside 0 to 1.
    """
    order, ranked, rank, made = _ranked(p)
    return _step_up(order, ranked * made / rank)


def simes(p: ArrayLike) -> Array:
    """Return Simes' p value of the hypothesis that all hypotheses of a family are true.

    It is the least of n p_(j) / j (Simes, "An improved Bonferroni procedure for multiple tests of
    significance", Biometrika 73, 1986).

    Args:
        p: shape (..., n), families along the last axis. A NaN does not count; NaN if all are.

    Raises:
        ValueError: ``p`` has no axis, or a value outside 0 to 1.
    """
    _, ranked, rank, made = _ranked(p)
    return np.asarray(np.fmin.reduce(ranked * made / rank, axis=-1), np.float64)


def partial_conjunction(p: ArrayLike) -> Array:
    """Return p values of the hypotheses that fewer than u of n effects are there, u = 1 to n.

    That of u is (n - u + 1) p_(u), by Bonferroni over the n - u + 1 largest p (Benjamini and
    Heller, "Screening for partial conjunction hypotheses", Biometrics 64, 2008). That of n is the
    largest p, which is the intersection-union test (Berger, "Multiparameter hypothesis testing and
    acceptance sampling", Technometrics 24, 1982).

    Args:
        p: shape (..., n), families along the last axis, without NaN.

    Raises:
        ValueError: ``p`` has no axis, a NaN, or a value outside 0 to 1.
    """
    _, ranked, rank, made = _ranked(p)
    if np.isnan(ranked).any():
        raise ValueError("a partial conjunction needs every p value")
    return np.minimum(ranked * (made - rank + 1), 1)


def _ranked(p: ArrayLike) -> tuple[NDArray[np.intp], Array, Array, NDArray[np.intp]]:
    """Return the order of p values, the sorted values, their ranks, and how many there are."""
    values = np.asarray(p, np.float64)
    if values.ndim == 0 or np.any((values < 0) | (values > 1)):
        raise ValueError(f"p values have shape (..., n) and lie between 0 and 1: {values}")
    order = np.argsort(values, axis=-1)  # NaN comes last
    ranked = np.take_along_axis(values, order, axis=-1)
    rank = np.arange(1.0, values.shape[-1] + 1)
    return order, ranked, rank, (~np.isnan(values)).sum(axis=-1, keepdims=True)


def _step_up(order: NDArray[np.intp], raised: Array) -> Array:
    """Lower each value to the least of those of larger p, and put them into their first order."""
    least = np.fmin.accumulate(raised[..., ::-1], axis=-1)[..., ::-1]
    least = np.where(np.isnan(raised), np.nan, np.minimum(least, 1))
    adjusted = np.empty_like(least)
    np.put_along_axis(adjusted, order, least, axis=-1)
    return adjusted
