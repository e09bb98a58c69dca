"""Power: how likely runs as noisy and as few as ours would show an effect that matters."""

from __future__ import annotations

import math

from scipy.stats import nct, t


def power_to_see(size: float, se: float, df: float, alpha: float = 0.05) -> float:
    """Return the probability that a two-sided t test finds an effect, and with the right sign.

    T then follows the noncentral t distribution with noncentrality size / se.

    Args:
        size: the true effect.
        se: standard error of its estimate: sd / sqrt(n) for n pairs.
        df: degrees of freedom: n - 1 for n pairs.
        alpha: level of the test.

    Returns:
        NaN where ``se`` or ``df`` is NaN.

    Raises:
        ValueError: ``size`` is not above 0, ``se`` is below 0, or ``alpha`` does not lie between 0
            and 1.
    """
    if not size > 0 or se < 0 or not 0 < alpha < 1:
        raise ValueError(f"no power for an effect of {size}, an error of {se} at level {alpha}")
    if math.isnan(se) or math.isnan(df):
        return math.nan
    if size > 1000 * se:  # no spread, or as good as none
        return 1.0
    return float(nct.sf(t.isf(alpha / 2, df), df, size / se))
