"""Permutation tests: p without any assumption on the shape of the noise.

Each arrangement is a row of weights, and weights @ values its statistic. The first row is the
arrangement that was seen, so it always counts itself and p is never 0 (Phipson and Smyth,
"Permutation p-values should never be zero", SAGMB 9, 2010).
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from restudy.stats.effects import present

Array = NDArray[np.float64]

RESAMPLES = 9999
"""Random arrangements, where there are more than these."""


def paired_permutation_p(
    treatment: ArrayLike, control: ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """Return the two-sided p of the mean difference of pairs, by flips of their signs.

    Null hypothesis: in each pair it is chance which of the two values is whose (Fisher, "The
    design of experiments", 1935). With n pairs p is at least 2/2^n (0.25 of 3, 0.0625 of 5): fewer
    than six can never be significant at 5 %.

    Args:
        treatment: shape (n,).
        control: shape (n,), its i-th value belonging to the i-th of ``treatment``. A pair with a
            NaN is left out.
        resamples: if there are more than this many arrangements, as many are drawn.
        seed: of the draws.

    Returns:
        NaN without a pair.

    Raises:
        ValueError: the shapes differ or have not one axis, or ``resamples`` is less than 1.
    """
    a, b = np.asarray(treatment, np.float64), np.asarray(control, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"pairs need equal shapes, not {a.shape} and {b.shape}")
    differences = present(a - b)
    weights = sign_flips(len(differences), resamples, np.random.default_rng(seed))
    return float(permutation_p(weights, differences)) if len(differences) else math.nan


def unpaired_permutation_p(
    treatment: ArrayLike, control: ArrayLike, resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """Return the two-sided p of the difference of two groups' means, by exchange of their members.

    Null hypothesis: the values of both groups come from one distribution. Two groups of equal mean
    whose spreads differ do not fulfil it.

    Args:
        treatment: shape (n,); NaN values are left out.
        control: shape (m,); likewise.
        resamples: if there are more than this many arrangements, as many are drawn.
        seed: of the draws.

    Returns:
        NaN if a group is empty.

    Raises:
        ValueError: a group has not one axis, or ``resamples`` is less than 1.
    """
    a, b = present(treatment), present(control)
    weights = exchanges(len(a), len(b), resamples, np.random.default_rng(seed))
    if not (len(a) and len(b)):
        return math.nan
    pooled = np.concatenate([a, b])
    return float(permutation_p(weights, pooled - pooled.mean()))


def sign_flips(n: int, resamples: int, rng: np.random.Generator) -> Array:
    """Return weights of shape (arrangements, n): signs over n, all that there are or some."""
    _check(resamples)
    if n < 63 and 2**n <= resamples:
        signs = np.array(list(itertools.product([1.0, -1.0], repeat=n))).reshape(2**n, n)
    else:
        signs = rng.choice([1.0, -1.0], (resamples + 1, n))
        signs[0] = 1
    return signs / max(n, 1)


def exchanges(n: int, m: int, resamples: int, rng: np.random.Generator) -> Array:
    """Return weights of shape (arrangements, n + m): 1/n in the first group, -1/m elsewhere."""
    _check(resamples)
    if math.comb(n + m, n) <= resamples:
        first = np.array(list(itertools.combinations(range(n + m), n)), np.intp)
    else:
        every = np.tile(np.arange(n + m), (resamples, 1))
        first = np.vstack([np.arange(n), rng.permuted(every, axis=1)[:, :n]])
    weights = np.full((len(first), n + m), -1 / max(m, 1))
    np.put_along_axis(weights, first, 1 / max(n, 1), axis=1)
    return weights


def permutation_p(weights: Array, values: Array) -> Array:
    """Return the share of arrangements whose statistic is as far from 0 as the first one's.

    Args:
        weights: shape (arrangements, n).
        values: shape (n,) or (n, columns).

    Returns:
        shape () or (columns,).
    """
    statistics = np.abs(weights @ values)
    # Equal but for rounding is equal.
    slack = 1e-12 * np.abs(values).max(axis=0)
    return np.asarray((statistics >= statistics[0] - slack).mean(axis=0), np.float64)


def _check(resamples: int) -> None:
    if resamples < 1:
        raise ValueError(f"a test needs at least one resample, not {resamples}")
