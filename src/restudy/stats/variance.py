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
    if order < 1:
        raise ValueError(f"order {order} leaves no term")
    kept = runs[runs[value].notna()]
    if kept.empty:
        raise ValueError(f"no run has a value of {value}")
    y = kept[value].to_numpy(np.float64)
    y = y - y[0]  # equal values leave exact zeros then, and close ones keep their digits
    y = y - y.mean()
    varying = [name for name in factors if len(kept[name].unique()) > 1]
    codes = {name: pd.factorize(kept[name])[0] for name in varying}
    terms = [
        term
        for size in range(1, min(order, len(varying)) + 1)
        for term in itertools.combinations(varying, size)
    ]

    rows: list[tuple[str, int, int, float]] = []
    for term in terms:
        rest = [other for other in terms if not set(term) <= set(other)]
        without, with_term = _fit(y, codes, rest), _fit(y, codes, [*rest, term])
        df, sum_sq = with_term[0] - without[0], without[1] - with_term[1]
        rows.append((" x ".join(term), len(term), df, max(sum_sq, 0.0)))
    model = _fit(y, codes, terms)
    cells = _fit(y, codes, [tuple(varying)] if varying else [])
    if order < len(varying):
        rows.append((HIGHER, 0, cells[0] - model[0], max(model[1] - cells[1], 0.0)))
    rows.append((RESIDUAL, 0, len(y) - cells[0], cells[1]))

    table = pd.DataFrame(rows, columns=["source", "order", "df", "sum_sq"])
    return Decomposition(
        table=_with_shares(table, float(y @ y)),
        n=len(y),
        dropped=tuple(runs.index.difference(kept.index)),
        balanced=_is_balanced(kept, varying),
    )


def _fit(y: Array, codes: dict[str, NDArray[np.intp]], terms: Sequence[Term]) -> tuple[int, float]:
    """Return rank and residual sum of squares of a model with an intercept and ``terms``."""
    columns = [np.ones((len(y), 1)), *(_indicators(codes, term) for term in terms)]
    X = np.hstack(columns)
    # The columns are not independent of each other; least squares by SVD does not mind.
    coefficients, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    residual = y - X @ coefficients
    return int(rank), float(residual @ residual)


def _indicators(codes: dict[str, NDArray[np.intp]], term: Term) -> Array:
    """Return one column per combination of levels that occurs: 1 in its runs, 0 elsewhere."""
    levels = np.column_stack([codes[name] for name in term])
    _, combination = np.unique(levels, axis=0, return_inverse=True)
    return np.eye(combination.max() + 1)[combination]


def _with_shares(table: pd.DataFrame, total: float) -> pd.DataFrame:
    residual = table.iloc[-1]
    mean_square = residual["sum_sq"] / residual["df"] if residual["df"] else np.nan
    eta = table["sum_sq"] / total if total else np.nan
    omega = (table["sum_sq"] - table["df"] * mean_square) / (total + mean_square)
    return table.assign(
        eta_sq=eta, omega_sq=omega.where(table["source"] != RESIDUAL) if total else np.nan
    )


def _is_balanced(runs: pd.DataFrame, factors: list[str]) -> bool:
    if not factors:
        return True
    sizes = runs.groupby(factors, observed=True).size()
    combinations = int(np.prod([runs[name].nunique() for name in factors]))
    return len(sizes) == combinations and bool(sizes.min() == sizes.max())
