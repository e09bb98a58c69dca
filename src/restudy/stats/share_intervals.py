"""Intervals of the shares of variance, by a bootstrap over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from restudy.stats.intervals import LEVEL, check_level
from restudy.stats.variance import decompose, shares, sums_of_squares


def share_intervals(
    runs: pd.DataFrame,
    factors: Sequence[str],
    value: str,
    order: int = 2,
    *,
    block: str = "seed",
    level: float = LEVEL,
    resamples: int = 1999,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the shares of variance of `decompose`, corrected for bias, with intervals.

    A drawn seed brings its deviation from the mean of every combination of levels along, as runs of
    one seed resemble each other. Deviations from the mean of s runs are too small by
    sqrt((s - 1) / s), so they are stretched by as much (Davison and Hinkley, "Bootstrap methods and
    their application", 1997, 6.2).

    The ends are percentiles of the resampled shares, cut at 0 and 1. With few seeds they lie too
    close together: in simulations of two factors with normal noise an interval of 95 % held the
    true share in 82 to 89 % with 3 seeds, 87 to 96 % with 5 and 92 to 97 % with 10. (Basic and
    bias-corrected intervals did worse.)

    Args:
        runs: one row per run; see `decompose`. Seeds without a value at a combination of levels
            where others have one are left out, so that all combinations have the same seeds.
        factors: see `decompose`; at least one.
        value: the column that is explained.
        order: see `decompose`.
        block: the column that holds the seed.
        level: the level of the intervals.
        resamples: how often seeds are drawn.
        seed: of the draws.

    Returns:
        one row per term, as in `decompose`: ``source``, ``share`` (omega^2; of the residual n
        MS_residual / (SS_total + MS_residual), which in a balanced design is the rest), ``low`` and
        ``high``. All are NaN with fewer than two seeds, or if all values are equal.

    Raises:
        ValueError: there is no factor, two runs have the same seed and levels, no run has a value,
            ``order`` or ``resamples`` is less than 1, or ``level`` is not between 0 and 1.
    """
    check_level(level)
    if not factors:
        raise ValueError("shares need a factor")
    if resamples < 1:
        raise ValueError(f"a bootstrap needs at least one resample, not {resamples}")
    kept = runs[runs[value].notna()]
    if kept.empty:
        raise ValueError(f"no run has a value of {value}")
    levels = list(factors)
    if kept.duplicated([*levels, block]).any():
        raise ValueError("two runs of one seed at the same levels")
    # Rows are combinations of levels.
    grid = kept.pivot_table(value, levels, block, observed=True).dropna(axis=1)
    n_seeds = grid.shape[1]
    if n_seeds < 2:
        sources = decompose(kept, levels, value, order).table["source"]
        return pd.DataFrame(
            {"source": sources, "omega_squared": np.nan, "ci_low": np.nan, "ci_high": np.nan}
        )

    y = grid.to_numpy(np.float64)
    y = y - y[0, 0]  # see `decompose`
    draws = np.random.default_rng(seed).integers(0, n_seeds, (n_seeds, resamples))
    mean = y.mean(axis=1, keepdims=True)
    stretched = (y - mean) * np.sqrt(n_seeds / (n_seeds - 1))
    columns = np.concatenate([y[..., None], mean[..., None] + stretched[:, draws]], axis=2)
    columns = columns.reshape(y.size, -1)

    groups = grid.index.to_frame(index=False)
    rows = groups.loc[groups.index.repeat(n_seeds)]
    terms, sums = sums_of_squares(rows, levels, columns, order)
    total = ((columns - columns.mean(axis=0)) ** 2).sum(axis=0)
    _, found = shares(terms["df"].to_numpy(), sums, total)
    mean_square = sums[-1] / terms["df"].iloc[-1]
    found[-1] = y.size * mean_square / np.where(total > 0, total + mean_square, np.nan)
    ends = np.quantile(found[:, 1:], [(1 - level) / 2, (1 + level) / 2], axis=1)
    low, high = np.clip(ends, 0, 1)
    return pd.DataFrame(
        {"source": terms["source"], "omega_squared": found[:, 0], "ci_low": low, "ci_high": high}
    )
