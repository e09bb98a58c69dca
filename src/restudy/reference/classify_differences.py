"""Tell differences that can be chance from those that cannot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from restudy.reference.compare_tables import Outcome
from restudy.results.declarations import SUMMARY
from restudy.results.schema import Kind
from restudy.stats.holm import holm
from restudy.stats.intervals import LEVEL

ALPHA = 0.05
"""Largest probability that a run which differs by chance alone is called different."""
EACH = ALPHA / 2
"""Share of ``ALPHA`` for each of two questions: one row too far off, or too many rows off."""

_EQUAL = (Outcome.EQUAL, Outcome.CLOSE)
_UNLIKE = (Outcome.INSIDE, Outcome.OUTSIDE, Outcome.OPEN, Outcome.FOLLOWS)


class Excess(NamedTuple):
    """Number of combinations of levels outside their intervals, and what chance explains.

    Attributes:
        n: combinations that are compared, over all studies; each run counts once.
        outside: those with a metric outside its 95% interval, corrected for the number of metrics.
        expected: largest number that is expected by chance.
        p: probability of this number or more.
    """

    n: int
    outside: int
    expected: float
    p: float


class Comparison(NamedTuple):
    """A run compared with the reference.

    Attributes:
        rows: rows of :func:`restudy.reference.compare_tables.compare_table` for all tables, with
            ``p_adjusted``; rows that are different beyond chance are marked.
        excess: whether more lies outside than chance explains.
        n_tested: number of rows that chance may have moved.
    """

    rows: pd.DataFrame
    excess: Excess
    n_tested: int

    @property
    def agrees(self) -> bool:
        """Whether all differences can be chance."""
        wrong = self.rows["outcome"].isin([Outcome.DIFFERENT, Outcome.MISSING])
        return not wrong.any() and not self.excess.p < EACH


def classify_differences(rows: pd.DataFrame) -> Comparison:
    """Mark the rows whose difference cannot be chance.

    1. Runs that are equal to the bit: whatever is made from them has to be equal too, so a row that
       differs is different, however little. If no number of the run differs, no verdict may.
    2. Every other mean is one draw compared with another: p values of all rows, adjusted by Holm.
    3. Many small differences: more combinations of levels outside their intervals than chance
       explains (binomial test).

    Questions 2 and 3 have half of ``ALPHA`` each, so that a run which differs by chance alone is
    called different in at most 5% of all cases.

    Args:
        rows: rows of :func:`restudy.reference.compare_tables.compare_folders`.
    """
    rows = rows.assign(why=rows["why"].fillna(""))
    combinations = _combinations(rows)
    same_runs = _mark_same_runs(rows, combinations)
    tested = (rows["kind"] == Kind.SAMPLED) & rows["p"].notna() & ~same_runs
    rows["p_adjusted"] = np.nan
    rows.loc[tested, "p_adjusted"] = holm(rows.loc[tested, "p"].to_numpy(np.float64))
    far = tested & (rows["p_adjusted"] < EACH) & ~rows["outcome"].isin(_EQUAL)
    rows.loc[far, "outcome"] = Outcome.DIFFERENT.value
    rows.loc[far & (rows["why"] == ""), "why"] = "too far off for chance"
    return Comparison(rows, _excess(rows[tested], combinations), int(tested.sum()))


def _combinations(rows: pd.DataFrame) -> pd.Series[str]:
    """Return the combination of levels of each row of a summary; missing for other rows."""
    is_summary = rows["table"].str.endswith(f"/{SUMMARY}") & rows["column"].notna()
    return (rows["table"] + ": " + rows["row"].str.rpartition(", ")[0]).where(is_summary)


def _mark_same_runs(rows: pd.DataFrame, combinations: pd.Series[str]) -> pd.Series[bool]:
    """Mark rows that differ though their runs do not; return which rows are of such runs."""
    equal = rows["outcome"] == Outcome.EQUAL
    # Two networks do not have the same loss to the last digit by chance.
    loss = rows["row"].str.endswith("_data_loss") & (rows["reference"].fillna("") != "")
    same_combination = combinations.isin(set(combinations[equal & loss].dropna()))
    summaries = rows[combinations.notna()]
    same_study = rows["study"].isin({*summaries["study"]} - {*summaries["study"][~equal]})
    of_study = same_study & rows["table"].str.contains("/", regex=False)
    moved = same_study & rows["moved"].fillna(False).astype(bool)
    unlike = rows["outcome"].isin(_UNLIKE) & (same_combination | of_study | moved)
    made = ["outcome", "why"]
    rows.loc[unlike, made] = Outcome.DIFFERENT.value, "made of the same runs"
    if rows.loc[rows["kind"] != Kind.DERIVED, "outcome"].eq(Outcome.EQUAL).all():
        follows = rows["outcome"].eq(Outcome.FOLLOWS)
        rows.loc[follows, made] = Outcome.DIFFERENT.value, "made of the same numbers"
    return same_combination | same_study


def _excess(rows: pd.DataFrame, combinations: pd.Series[str]) -> Excess:
    rows = rows.assign(combination=combinations.reindex(rows.index)).dropna(subset=["combination"])
    if rows.empty:
        return Excess(0, 0, 0.0, 1.0)
    numbers = rows["row"].str.rpartition(", ")[2] + " " + rows["reference"] + " " + rows["own"]
    groups = rows.assign(numbers=numbers).groupby("combination", sort=False)
    p = groups["p"].min() * groups["p"].size()
    # A run that two studies have counts once.
    p = p[~groups["numbers"].agg(lambda part: "; ".join(sorted(part))).duplicated()]
    n, outside = len(p), int((p < 1 - LEVEL).sum())
    tail = float(stats.binom.sf(outside - 1, n, 1 - LEVEL))
    return Excess(n, outside, n * (1 - LEVEL), tail)
