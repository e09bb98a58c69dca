"""How much of the variation between runs each factor explains: a full factorial's variance.

Sums of squares are of type II: a term's is what the residual sum of squares falls by when the term
joins a model that holds every other term which does not contain it (Yates, "The analysis of
multiple classifications with unequal numbers in the different classes", JASA 29(185), 1934). In a
balanced design they are the classical orthogonal decomposition and add up to the total.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HIGHER = "higher interactions"
RESIDUAL = "residual (seeds)"

Term = tuple[str, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Decomposition:
    """A decomposition of variance.

    Attributes:
        table: one row per term: ``source`` (factors joined by " x ", then the pooled higher
            interactions, if any, and the residual), ``order`` (number of factors; 0 for the last
            two), ``df``, ``sum_sq``, ``eta_sq`` (share of the total sum of squares) and
            ``omega_sq`` (the same, corrected for bias; NaN for the residual).
        n: number of runs that went in.
        dropped: index labels of the runs without a value, which did not.
        balanced: whether every combination of levels has the same number of runs; if not, the
            shares need not add up to 1.
    """

    table: pd.DataFrame
    n: int
    dropped: tuple[object, ...]
    balanced: bool

    @property
    def note(self) -> str:
        """What a reader has to know about the runs that are missing; empty if none is."""
        words = []
        if self.dropped:
            total = self.n + len(self.dropped)
            words.append(f"{len(self.dropped)} of {total} runs have no value and are left out")
        if not self.balanced:
            words.append("the design is unbalanced: shares are of type II and need not add up to 1")
        return "; ".join(words)


def decompose(
    runs: pd.DataFrame, factors: Sequence[str], value: str, order: int = 2
) -> Decomposition:
    """Decompose the variance of ``value`` over a full factorial with replicates.

    eta^2 = SS_term / SS_total. omega^2 = (SS_term - df_term * MS_residual) / (SS_total +
    MS_residual) takes off what a term without any effect would get by chance (Hays, "Statistics
    for psychologists", 1963); it may fall below 0.

    Args:
        runs: one row per run; runs whose ``value`` is NaN are left out.
        factors: the factors; one with a single level is left out, as it explains nothing.
        value: the column that is explained.
        order: interactions of more factors than this are pooled.

    Raises:
        ValueError: ``order`` is less than 1, or no run has a value.
    """
    kept = runs[runs[value].notna()]
    if kept.empty:
        raise ValueError(f"no run has a value of {value}")
    y = kept[value].to_numpy(np.float64)
    y = y - y[0]  # equal values leave exact zeros then, and close ones keep their digits
    terms, sums = sums_of_squares(kept, factors, y[:, None], order)
    eta, omega = shares(terms["df"].to_numpy(), sums, ((y - y.mean()) ** 2).sum(keepdims=True))
    table = terms.assign(sum_sq=sums[:, 0], eta_sq=eta[:, 0], omega_sq=omega[:, 0])
    return Decomposition(
        table=table,
        n=len(y),
        dropped=tuple(runs.index.difference(kept.index)),
        balanced=_is_balanced(kept, [name for name in factors if _varies(kept, name)]),
    )


def sums_of_squares(
    runs: pd.DataFrame, factors: Sequence[str], values: Array, order: int
) -> tuple[pd.DataFrame, Array]:
    """Return the terms (``source``, ``order``, ``df``) and their sums of squares.

    Args:
        runs: one row per run, with its level of each of ``factors``.
        factors: see `decompose`.
        values: shape (runs, columns): several columns are decomposed at once.
        order: see `decompose`.

    Returns:
        the terms, and an array of shape (terms, columns).

    Raises:
        ValueError: ``order`` is less than 1.
    """
    if order < 1:
        raise ValueError(f"order {order} leaves no term")
    y = values - values.mean(axis=0)
    varying = [name for name in factors if _varies(runs, name)]
    codes = {name: pd.factorize(runs[name])[0] for name in varying}
    terms = [
        term
        for size in range(1, min(order, len(varying)) + 1)
        for term in itertools.combinations(varying, size)
    ]

    rows: list[tuple[str, int, int]] = []
    sums: list[Array] = []
    for term in terms:
        rest = [other for other in terms if not set(term) <= set(other)]
        without, with_term = _fit(y, codes, rest), _fit(y, codes, [*rest, term])
        rows.append((" x ".join(term), len(term), with_term[0] - without[0]))
        sums.append(without[1] - with_term[1])
    model = _fit(y, codes, terms)
    groups = _fit(y, codes, [tuple(varying)] if varying else [])
    if order < len(varying):
        rows.append((HIGHER, 0, groups[0] - model[0]))
        sums.append(model[1] - groups[1])
    rows.append((RESIDUAL, 0, len(y) - groups[0]))
    sums.append(groups[1])
    table = pd.DataFrame(rows, columns=["source", "order", "df"])
    return table, np.maximum(np.stack(sums), 0.0)


def shares(df: NDArray[np.int64], sums: Array, total: Array) -> tuple[Array, Array]:
    """Return eta^2 and omega^2 of all terms, the residual (of which omega^2 is NaN) last.

    Args:
        df: shape (terms,).
        sums: sums of squares, shape (terms, columns).
        total: total sums of squares, shape (columns,); where it is 0 all shares are NaN.
    """
    total = np.where(total > 0, total, np.nan)
    mean_square = sums[-1] / df[-1] if df[-1] else np.full(total.shape, np.nan)
    omega = (sums - df[:, None] * mean_square) / (total + mean_square)
    omega[-1] = np.nan
    return sums / total, omega


def _fit(y: Array, codes: dict[str, NDArray[np.intp]], terms: Sequence[Term]) -> tuple[int, Array]:
    """Return rank and residual sums of squares of a model with an intercept and ``terms``."""
    columns = [np.ones((len(y), 1)), *(_indicators(codes, term) for term in terms)]
    X = np.hstack(columns)
    # The columns are not independent of each other; least squares by SVD does not mind.
    coefficients, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ coefficients
    return int(rank), np.asarray((residual**2).sum(axis=0), np.float64)


def _indicators(codes: dict[str, NDArray[np.intp]], term: Term) -> Array:
    """Return one column per combination of levels that occurs: 1 in its runs, 0 elsewhere."""
    levels = np.column_stack([codes[name] for name in term])
    _, combination = np.unique(levels, axis=0, return_inverse=True)
    return np.eye(combination.max() + 1)[combination]


def _varies(runs: pd.DataFrame, name: str) -> bool:
    return len(runs[name].unique()) > 1


def _is_balanced(runs: pd.DataFrame, factors: list[str]) -> bool:
    if not factors:
        return True
    sizes = runs.groupby(factors, observed=True).size()
    combinations = int(np.prod([runs[name].nunique() for name in factors]))
    return len(sizes) == combinations and bool(sizes.min() == sizes.max())
