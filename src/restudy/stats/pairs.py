"""Paired differences: two levels of one factor, on the same seed and all else equal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def paired_differences(
    runs: pd.DataFrame, factor: str, baseline: str, metric: str, others: Sequence[str]
) -> pd.DataFrame:
    """Return the difference to the baseline of every run that has a partner there.

    Two runs on one seed share initial weights and batch order, so their difference is freer of
    noise than the difference of two means.

    Args:
        runs: one row per run: ``factor``, ``seed``, ``others`` and ``metric``.
        factor: the factor whose levels are compared.
        baseline: the level that the others are compared with.
        metric: the column that is compared.
        others: the factors that a run and its partner have in common, beside the seed.

    Returns:
        one row per pair: ``factor`` (the level compared), ``others``, ``seed``, ``difference``
        (level minus baseline; NaN where one of the two diverged).

    Raises:
        ValueError: ``runs`` holds two runs of one seed at one combination of levels.
    """
    shared = [*others, "seed"]
    table = runs[[factor, *shared, metric]]
    is_baseline = table[factor].astype(str) == baseline
    pairs = table[~is_baseline].merge(
        table[is_baseline].drop(columns=factor).rename(columns={metric: "_baseline"}),
        on=shared,
        validate="many_to_one",
    )
    if pairs.duplicated([factor, *shared]).any():
        raise ValueError(f"two runs of one seed at the same level of {factor}")
    difference = pairs[metric] - pairs["_baseline"]
    return pairs[[factor, *shared]].assign(difference=difference)
