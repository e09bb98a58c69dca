"""A run beside the reference: what could be chance, and what cannot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from restudy.experiments.tables import declared
from restudy.reference.comparing import COLUMNS, Outcome, compare_table
from restudy.reference.contents import tables_of
from restudy.results.declarations import SUMMARY
from restudy.results.schema import Kind
from restudy.results.table_files import read_table
from restudy.stats.holm import holm
from restudy.stats.intervals import LEVEL

ALPHA = 0.05
"""Probability that a run which differs by chance alone is called different, at most."""
_EACH = ALPHA / 2
"""Of it each of the two questions has a half: one row too far off, or too many rows off."""

_EQUAL = (Outcome.EQUAL.value, Outcome.CLOSE.value)
_UNLIKE = (Outcome.INSIDE.value, Outcome.OUTSIDE.value, Outcome.OPEN.value, Outcome.FOLLOWS.value)


class Excess(NamedTuple):
    """How many combinations of levels lie outside, beside how many chance puts there.

    Attributes:
        n: combinations that are judged: of all studies, each run counted once.
        outside: of these, those with a metric that lies outside its 95% interval, when the
            combination's metrics are corrected for their number.
        expected: the most that are expected by chance.
        p: probability of so many, or more.
    """

    n: int
    outside: int
    expected: float
    p: float


class Judgement(NamedTuple):
    """What a run is beside the reference.

    Attributes:
        rows: as :func:`restudy.reference.comparing.compare_table` returns them, of all tables;
            with ``p_adjusted``, and the rows that are different beyond chance as such.
        excess: whether more lies outside than chance puts there.
        judged: number of rows that chance may have moved.
    """

    rows: pd.DataFrame
    excess: Excess
    judged: int

    @property
    def agrees(self) -> bool:
        """Whether all that differs can be chance."""
        wrong = {Outcome.DIFFERENT.value, Outcome.MISSING.value}
        return not self.rows["outcome"].isin(wrong).any() and not self.excess.p < _EACH


def compare_folders(reference: Path, own: Path, studies: Iterable[str]) -> pd.DataFrame:
    """Hold every table of a run against the reference's.

    Args:
        reference: folder of the reference.
        own: folder of the run.
        studies: those of the reference; tables of others are passed over.

    Returns:
        the rows of :func:`restudy.reference.comparing.compare_table`, of all tables, with ``kind``.
        A table that the run does not have is one row.
    """
    known = set(studies)
    there = set(tables_of(own))
    found = []
    for name in tables_of(reference):
        if "/" in name and name.split("/")[0] not in known:
            continue
        left = read_table(reference / f"tables/{name}.csv")
        table = declared(name)
        if name in there:
            rows = compare_table(name, left, read_table(own / f"tables/{name}.csv"), table)
        else:
            rows = pd.DataFrame(
                [{"table": name, "row": "all of it", "outcome": Outcome.MISSING.value}]
            ).reindex(columns=list(COLUMNS))
        found.append(rows.assign(kind=table.kind.value))
    return pd.concat([rows for rows in found if len(rows)], ignore_index=True)


def judge(rows: pd.DataFrame) -> Judgement:
    """Tell what cannot be chance.

    1. Runs that are the same to the bit: whatever is made of them has to be the same too. So a row
       that differs there is different, however little. If no number of the run differs at all, no
       verdict may.
    2. Every other mean is one draw beside another: p values of all rows, adjusted by Holm.
    3. Many small differences: more combinations of levels outside their intervals than chance puts
       there (binomial test).

    The second and third have half of ``ALPHA`` each, so that a run which differs by chance alone is
    called different in at most 5% of all cases.

    Args:
        rows: of :func:`compare_folders`.
    """
    rows = rows.copy()
    rows["why"] = rows["why"].fillna("")
    combinations = _combinations(rows)
    settled = _settle(rows, combinations)
    chance = (rows["kind"] == Kind.SAMPLED.value) & rows["p"].notna() & ~settled
    rows["p_adjusted"] = np.nan
    rows.loc[chance, "p_adjusted"] = holm(rows.loc[chance, "p"].to_numpy(np.float64))
    far = chance & (rows["p_adjusted"] < _EACH) & ~rows["outcome"].isin(_EQUAL)
    rows.loc[far, "outcome"] = Outcome.DIFFERENT.value
    rows.loc[far & (rows["why"] == ""), "why"] = "too far off for chance"
    return Judgement(rows, _excess(rows[chance], combinations), int(chance.sum()))


def _combinations(rows: pd.DataFrame) -> pd.Series[str]:
    """Return the combination of levels that each row of a summary is of; missing elsewhere."""
    is_summary = rows["table"].str.endswith(f"/{SUMMARY}") & rows["column"].notna()
    levels = rows["row"].str.rpartition(", ")[0]
    return (rows["table"] + ": " + levels).where(is_summary)


def _settle(rows: pd.DataFrame, combinations: pd.Series[str]) -> pd.Series[bool]:
    """Mark as different what differs though its runs do not; return the rows of such runs."""
    equal = rows["outcome"] == Outcome.EQUAL.value
    # Two networks do not have the same loss to the last of its digits by chance.
    loss = rows["row"].str.endswith("_data_loss") & (rows["reference"].fillna("") != "")
    same_losses = set(combinations[equal & loss].dropna())
    same_combination = combinations.isin(same_losses)
    summaries = rows[combinations.notna()]
    other = set(summaries.loc[summaries["outcome"] != Outcome.EQUAL.value, "study"])
    same_study = rows["study"].isin(set(summaries["study"]) - other)
    of_study = same_study & rows["table"].str.contains("/", regex=False)
    unlike = rows["outcome"].isin(_UNLIKE)
    moved = same_study & rows["moved"].fillna(False).astype(bool)
    _differ(rows, unlike & (same_combination | of_study | moved), "made of the same runs")
    if not rows.loc[rows["kind"] != Kind.DERIVED.value, "outcome"].ne(Outcome.EQUAL.value).any():
        _differ(rows, rows["outcome"].eq(Outcome.FOLLOWS.value), "made of the same numbers")
    return same_combination | same_study


def _differ(rows: pd.DataFrame, which: pd.Series[bool], why: str) -> None:
    rows.loc[which, "outcome"] = Outcome.DIFFERENT.value
    rows.loc[which, "why"] = why


def _excess(rows: pd.DataFrame, combinations: pd.Series[str]) -> Excess:
    rows = rows.assign(combination=combinations.reindex(rows.index)).dropna(subset=["combination"])
    if rows.empty:
        return Excess(0, 0, 0.0, 1.0)
    groups = rows.groupby("combination", sort=False)
    found = pd.DataFrame({"p": groups["p"].min() * groups["p"].size()})
    # A run that two studies have is one.
    found["runs"] = groups.apply(_runs)
    found = found.drop_duplicates("runs")
    n, outside = len(found), int((found["p"] < 1 - LEVEL).sum())
    p = float(stats.binom.sf(outside - 1, n, 1 - LEVEL))
    return Excess(n, outside, n * (1 - LEVEL), p)


def _runs(part: pd.DataFrame) -> str:
    metrics = part["row"].str.rpartition(", ")[2]
    return "; ".join(sorted(metrics + " " + part["reference"] + " " + part["own"]))
