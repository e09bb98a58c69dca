"""One table of a run beside the same table of the reference, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from restudy.results.schema import Kind, Role, Sample, Table, Tolerance
from restudy.results.table_files import study_of
from restudy.stats.intervals import LEVEL
from restudy.stats.more_runs import mean_of_more, p_of_lost, p_of_mean

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Outcome(StrEnum):
    """What a row of a run is, held against the reference's."""

    EQUAL = "equal to the bit"
    CLOSE = "within tolerance"
    INSIDE = "inside the interval"
    OUTSIDE = "outside the interval"
    """Of 95%: not different by itself, since of many rows some lie outside by chance."""
    DIFFERENT = "different"
    OPEN = "not judged"
    """Another number, and the reference has no spread to judge it by."""
    FOLLOWS = "follows"
    """Words or counts that are made of other rows, which are judged."""
    MISSING = "missing"
    NEW = "new"


COLUMNS = (
    *("table", "row", "study", "outcome", "p", "moved"),
    *("column", "reference", "own", "low", "high", "n", "own_n", "changed", "why"),
)
_FROM_TO = "{}: {} -> {}"


def compare_table(
    name: str, reference: pd.DataFrame, own: pd.DataFrame, table: Table
) -> pd.DataFrame:
    """Hold a table against the reference's, row by row.

    Nothing is judged of chance here: a row that lies outside its interval is OUTSIDE, whatever the
    others do.

    Args:
        name: of the table.
        reference: its rows, as text.
        own: those of the run, as text.
        table: what the columns are.

    Returns:
        one row for each in either table with the columns ``COLUMNS``: ``row`` (its keys in words),
        ``study`` (whose runs it is made of, if of one), ``outcome``, ``p`` (of a mean as far off,
        if only chance is at work; NaN where there is no such question), ``moved`` (the number that
        is judged is not equal within the tolerance), ``column`` (of that number), ``reference`` and
        ``own`` (the number), ``low`` and ``high`` (95% interval for the run's mean), ``n`` and
        ``own_n`` (values), ``changed`` (verdicts, from -> to), ``why`` (a row is different for
        another reason than p).
    """
    keys = [key for key in table.having(Role.KEY, reference) if key in own]
    left, right = _indexed(reference, keys), _indexed(own, keys)
    shared = left.index.intersection(right.index, sort=False)
    parts = [
        _rows(name, left.index.difference(shared, sort=False), Outcome.MISSING),
        _rows(name, right.index.difference(shared, sort=False), Outcome.NEW),
    ]
    if len(shared):
        parts.append(_shared(name, left.loc[shared], right.loc[shared], table))
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return found.reindex(columns=list(COLUMNS))


def is_near(a: Array, b: Array, tolerance: Tolerance) -> Bools:
    """Return whether |a - b| <= absolute + relative * |a|; NaN is near to nothing."""
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance.absolute + tolerance.relative * np.abs(a)
    return np.asarray(near | (a == b))  # infinities


def _indexed(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Index a table by its keys in words; of rows with the same ones, the second is named so."""
    rows = [", ".join(filter(None, row)) for row in table[list(keys)].itertuples(index=False)]
    again = table.groupby(list(keys), sort=False).cumcount()
    named = [f"{row} ({i + 1})" if i else row for row, i in zip(rows, again, strict=True)]
    return table.set_axis(pd.Index(named, name="row", dtype=object))


def _rows(name: str, rows: pd.Index[str], outcome: Outcome) -> pd.DataFrame:
    return pd.DataFrame({"table": name, "row": rows.to_numpy(), "outcome": outcome.value})


def _shared(name: str, left: pd.DataFrame, right: pd.DataFrame, table: Table) -> pd.DataFrame:
    right = right.reindex(columns=left.columns, fill_value="")
    same = left == right
    keys, verdicts, words, fixed = (
        list(table.having(role, left)) for role in (Role.KEY, Role.VERDICT, Role.WORDS, Role.FIXED)
    )
    compared = [str(column) for column in left if column not in keys]
    near = same[compared] | pd.DataFrame(
        {
            column: is_near(_numbers(left, column), _numbers(right, column), table.tolerance)
            for column in compared
        },
        index=left.index,
    )
    numbers = [column for column in compared if column not in {*verdicts, *words}]
    equal = same.all(axis=1).to_numpy()
    close = near[numbers].all(axis=1).to_numpy()
    found = _judged(left, right, table)
    found["table"], found["row"] = name, left.index.to_numpy()
    found["study"] = left["study"].to_numpy() if "study" in left else study_of(name)
    judged, mean = table.kind is Kind.SAMPLED, table.sample.mean
    found["moved"] = ~near[mean].to_numpy() if judged else False
    found["changed"] = _changes(left, right, same, verdicts)
    changed = found["changed"].to_numpy() != ""
    found["outcome"] = _outcomes(table.kind, found["p"].to_numpy(np.float64))
    found.loc[close, "outcome"] = Outcome.CLOSE.value
    found.loc[close, "p"] = 1.0
    if table.kind is Kind.DERIVED or table.choice:
        # Of another winner's number it is no question whether it could be the first one's.
        found.loc[changed, "outcome"] = Outcome.FOLLOWS.value
        found.loc[changed, "p"] = np.nan
    found.loc[equal, "outcome"] = Outcome.EQUAL.value
    found["why"] = ""
    if table.kind is Kind.EXACT:
        found.loc[~close, "why"] = "is computed without training"
    if judged:
        lacking = np.isnan(_numbers(right, mean)) & (found["own_n"].to_numpy() > 0)
        found.loc[lacking & found["moved"], "why"] = "is no number"
    if table.whole:
        same_numbers = same[numbers].all(axis=1).to_numpy()
        found.loc[same_numbers & changed, "why"] = "another verdict from the same numbers"
    found.loc[~same[fixed].all(axis=1).to_numpy(), "why"] = "something else is compared"
    found.loc[found["why"] != "", "outcome"] = Outcome.DIFFERENT.value
    return found


def _judged(left: pd.DataFrame, right: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return what the numbers of a sampled table say; NaN for others."""
    found = pd.DataFrame({"p": np.full(len(left), np.nan)})
    if table.kind is not Kind.SAMPLED:
        return found.assign(column="", reference="", own="", low=np.nan, high=np.nan)
    sample = table.sample
    mean, sd, n = _numbers(left, sample.mean), _spread(left, sample), _numbers(left, sample.n)
    own, own_n = _numbers(right, sample.mean), _numbers(right, sample.n)
    factor = (left[sample.log] == "ratio").to_numpy() if sample.log else np.zeros(len(left), bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle = np.where(factor, np.log(mean), mean)
        other = np.where(factor, np.log(own), own)
        low, high = mean_of_more(middle, sd, n, own_n)
        p = p_of_mean(middle, sd, n, other, own_n)
        low, high = (np.where(factor, np.exp(end), end) for end in (low, high))
    if sample.lost:
        p = _with_lost(p, n, own_n, _numbers(left, sample.lost), _numbers(right, sample.lost))
    return pd.DataFrame(
        {
            **{"p": p, "column": sample.mean},
            **{"reference": left[sample.mean].to_numpy(), "own": right[sample.mean].to_numpy()},
            **{"low": low, "high": high, "n": n, "own_n": own_n},
        }
    )


def _with_lost(p: Array, n: Array, own_n: Array, lost: Array, own_lost: Array) -> Array:
    """Let a row be judged by the runs that diverged too, where their number has changed.

    Of two p values twice the smaller is one (Bonferroni).
    """
    p = p.copy()
    for i in np.flatnonzero(lost != own_lost):
        counts = [int(x) for x in (lost[i], n[i], own_lost[i], own_n[i])]
        p[i] = min(1.0, 2 * np.fmin(p[i], p_of_lost(*counts)))
    return p


def _spread(table: pd.DataFrame, sample: Sample) -> Array:
    """Return the standard deviation of the values; from mean +- t * sd / sqrt(n) if it must be."""
    if sample.sd:
        return _numbers(table, sample.sd)
    low, high = (_numbers(table, end) for end in sample.ends)
    n = _numbers(table, sample.n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = special.stdtrit(np.where(n > 1, n - 1, np.nan), (1 + LEVEL) / 2)
        return np.asarray((high - low) / 2 / t * np.sqrt(n))


def _outcomes(kind: Kind, p: Array) -> list[str]:
    if kind is not Kind.SAMPLED:
        return [Outcome.FOLLOWS.value] * len(p)
    return [
        (
            Outcome.OPEN
            if np.isnan(one)
            else Outcome.OUTSIDE
            if one < 1 - LEVEL
            else Outcome.INSIDE
        ).value
        for one in p
    ]


def _changes(
    left: pd.DataFrame, right: pd.DataFrame, same: pd.DataFrame, verdicts: Sequence[str]
) -> list[str]:
    def told(i: int) -> str:
        return "; ".join(
            _FROM_TO.format(column, left[column].iloc[i] or "-", right[column].iloc[i] or "-")
            for column in verdicts
            if not same[column].iloc[i]
        )

    return [told(i) for i in range(len(left))]


def _numbers(table: pd.DataFrame, column: str) -> Array:
    return pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
