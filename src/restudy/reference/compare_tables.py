"""Compare the tables of a run with those of a reference, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from restudy.experiments.tables import declared
from restudy.results.declarations import TIMED
from restudy.results.schema import Kind, Role, Sample, Table, Tolerance
from restudy.results.table_files import read_table, study_of
from restudy.stats.intervals import LEVEL
from restudy.stats.more_runs import mean_of_more, p_of_lost, p_of_mean

Array = NDArray[np.float64]


class Outcome(StrEnum):
    """Result of comparing one row.

    Attributes:
        head: column head in the text report.
        heading: heading of the list of such rows; empty if they are only counted.
    """

    head: str
    heading: str

    def __new__(cls, text: str, head: str, heading: str = "") -> Outcome:
        """Set the texts of a member."""
        member = str.__new__(cls, text)
        member._value_, member.head, member.heading = text, head, heading
        return member

    EQUAL = "equal to the bit", "equal"
    CLOSE = "within tolerance", "close"
    INSIDE = "inside the interval", "inside"
    OUTSIDE = (
        "outside the interval",
        "outside",
        "Outside the 95% interval, which by itself may be chance",
    )
    """Not different by itself, since some of many rows lie outside by chance."""
    DIFFERENT = "different", "different", "Different"
    OPEN = "not judged", "open", "Another number, but no spread over seeds to judge it by"
    FOLLOWS = "follows", "follows"
    """Words or counts made from rows that are compared themselves."""
    MISSING = "missing", "missing", "Missing"
    NEW = "new", "new", "New, and not judged"


COLUMNS = (
    *("table", "row", "study", "outcome", "p", "moved"),
    *("column", "reference", "own", "ci_low", "ci_high", "n", "own_n", "changed", "why", "kind"),
)


def tables_of(folder: Path) -> list[str]:
    """Return the names of the tables of a run or reference, such as ``grid/summary``.

    Tables of times are left out.
    """
    paths = [*folder.glob("tables/*.csv"), *folder.glob("tables/*/*.csv")]
    kept = [path.relative_to(folder / "tables") for path in paths if path.stem not in TIMED]
    return sorted(path.with_suffix("").as_posix() for path in kept)


def compare_folders(reference: Path, own: Path, studies: Iterable[str]) -> pd.DataFrame:
    """Compare every table of a run with that of the reference.

    Args:
        reference: folder of the reference.
        own: folder of the run.
        studies: studies of the reference; tables of other studies are ignored.

    Returns:
        the rows of :func:`compare_table` for all tables. A table that the run does not have is one
        row.
    """
    known, present = {"", *studies}, set(tables_of(own))
    parts = []
    for name in tables_of(reference):
        if study_of(name) not in known:
            continue
        table = declared(name)
        if name in present:
            left, right = (read_table(one / f"tables/{name}.csv") for one in (reference, own))
            parts.append(compare_table(name, left, right, table))
        else:
            missing = {"table": name, "row": "all of it", "outcome": Outcome.MISSING.value}
            parts.append(pd.DataFrame([missing | {"kind": table.kind.value}]))
    found = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return found.reindex(columns=list(COLUMNS))


def compare_table(
    name: str, reference: pd.DataFrame, own: pd.DataFrame, table: Table
) -> pd.DataFrame:
    """Compare a table with that of the reference.

    Each row is compared by itself: one that lies outside its interval is OUTSIDE, whatever the
    others do.

    Args:
        name: name of the table.
        reference: its rows in the reference, as text.
        own: its rows in the run, as text.
        table: its declaration.

    Returns:
        one row for each row of either table with the columns ``COLUMNS``: ``row`` (its keys),
        ``study`` (of its runs; empty if of several), ``outcome``, ``p`` (of a mean as far off by
        chance alone; NaN where that is no question), ``moved`` (whether the compared number is
        beyond the tolerance), ``column`` (of that number), ``reference`` and ``own`` (the number),
        ``low`` and ``high`` (95% interval for the run's mean), ``n`` and ``own_n`` (numbers of
        values), ``changed`` (verdicts, from -> to), ``why`` (reason other than p for a different
        row), ``kind`` (of the table).
    """
    keys = [key for key in table.having(Role.KEY, reference) if key in own]
    left, right = _indexed(reference, keys), _indexed(own, keys)
    shared = left.index.intersection(right.index, sort=False)
    parts = [
        pd.DataFrame({"row": rows.difference(shared, sort=False), "outcome": outcome.value})
        for rows, outcome in ((left.index, Outcome.MISSING), (right.index, Outcome.NEW))
    ]
    if len(shared):
        parts.append(_compare_shared(name, left.loc[shared], right.loc[shared], table))
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return found.assign(table=name, kind=table.kind.value).reindex(columns=list(COLUMNS))


def _indexed(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Index a table by the text of its keys; a repeated row gets its number as a suffix."""
    rows = [", ".join(filter(None, row)) for row in table[list(keys)].itertuples(index=False)]
    again = table.groupby(list(keys), sort=False).cumcount()
    named = [f"{row} ({i + 1})" if i else row for row, i in zip(rows, again, strict=True)]
    return table.set_axis(pd.Index(named, name="row", dtype=object))


def _compare_shared(
    name: str, left: pd.DataFrame, right: pd.DataFrame, table: Table
) -> pd.DataFrame:
    right = right.reindex(columns=left.columns, fill_value="")
    same = left == right
    keys, verdicts, words, fixed = (
        list(table.having(role, left)) for role in (Role.KEY, Role.VERDICT, Role.WORDS, Role.FIXED)
    )
    numbers = [str(one) for one in left if one not in {*keys, *verdicts, *words}]
    near = pd.DataFrame(
        {
            one: same[one] | _is_near(_numbers(left, one), _numbers(right, one), table.tolerance)
            for one in numbers
        },
        index=left.index,
    )
    equal, close = (one.all(axis=1).to_numpy() for one in (same, near))
    found = _compare_means(left, right, table)
    found["row"] = left.index.to_numpy()
    found["study"] = left["study"].to_numpy() if "study" in left else study_of(name)
    found["changed"] = list(_changes(left, right, verdicts))
    changed = (found["changed"] != "").to_numpy()
    sampled = table.kind is Kind.SAMPLED
    found["moved"] = ~near[table.sample.mean].to_numpy() if sampled else False
    no_number = np.isnan(_numbers(found, "own")) & (found["own_n"] > 0) & found["moved"]
    found["why"] = np.select(
        [
            ~same[fixed].all(axis=1).to_numpy(),
            table.whole & same[numbers].all(axis=1).to_numpy() & changed,
            sampled & no_number,
            (table.kind is Kind.EXACT) & ~close,
        ],
        [
            "something else is compared",
            "another verdict from the same numbers",
            "is no number",
            "is computed without training",
        ],
        "",
    )
    # The number of another winner cannot be compared with that of the first one.
    follows = (table.kind is Kind.DERIVED or table.choice) & changed
    found["outcome"] = np.select(
        [
            *(found["why"] != "", equal, follows, close, np.full(len(left), not sampled)),
            *(found["p"].isna(), found["p"] < 1 - LEVEL),
        ],
        [
            *(Outcome.DIFFERENT.value, Outcome.EQUAL.value, Outcome.FOLLOWS.value),
            *(Outcome.CLOSE.value, Outcome.FOLLOWS.value, Outcome.OPEN.value),
            Outcome.OUTSIDE.value,
        ],
        Outcome.INSIDE.value,
    )
    found["p"] = np.select([follows, close], [np.nan, 1.0], found["p"])
    return found


def _compare_means(left: pd.DataFrame, right: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return p and interval of each mean of a sampled table; NaN for other tables."""
    if table.kind is not Kind.SAMPLED:
        row = {
            "p": np.nan,
            "column": "",
            "reference": "",
            "own": "",
            "ci_low": np.nan,
            "ci_high": np.nan,
        }
        return pd.DataFrame(row | {"own_n": np.nan}, index=range(len(left)))
    sample = table.sample
    mean, sd, n = _numbers(left, sample.mean), _spread(left, sample), _numbers(left, sample.n)
    own, own_n = _numbers(right, sample.mean), _numbers(right, sample.n)
    own_sd = _spread(right, sample)
    factor = (left[sample.log] == "ratio").to_numpy() if sample.log else np.zeros(len(left), bool)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle, other = (np.where(factor, np.log(one), one) for one in (mean, own))
        ends = mean_of_more(middle, sd, n, own_n, more_sd=own_sd)
        p = p_of_mean(middle, sd, n, other, own_n, more_sd=own_sd)
        low, high = (np.where(factor, np.exp(end), end) for end in ends)
    if sample.lost:
        # Of two p values twice the smaller one is a p value (Bonferroni).
        lost, own_lost = _numbers(left, sample.lost), _numbers(right, sample.lost)
        for i in np.flatnonzero(lost != own_lost):
            counts = (int(one[i]) for one in (lost, n, own_lost, own_n))
            p[i] = min(1.0, 2 * np.fmin(p[i], p_of_lost(*counts)))
    texts = {"reference": left[sample.mean].to_numpy(), "own": right[sample.mean].to_numpy()}
    numbers = {"p": p, "ci_low": low, "ci_high": high, "n": n, "own_n": own_n}
    return pd.DataFrame({"column": sample.mean, **texts, **numbers})


def _spread(table: pd.DataFrame, sample: Sample) -> Array:
    """Return the standard deviation; without its column that of mean +- t * sd / sqrt(n)."""
    if sample.sd:
        return _numbers(table, sample.sd)
    low, high = (_numbers(table, end) for end in sample.ends)
    n = _numbers(table, sample.n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = special.stdtrit(np.where(n > 1, n - 1, np.nan), (1 + LEVEL) / 2)
        return np.asarray((high - low) / 2 / t * np.sqrt(n))


def _changes(left: pd.DataFrame, right: pd.DataFrame, verdicts: Sequence[str]) -> Iterator[str]:
    pairs = zip(left[[*verdicts]].to_numpy(), right[[*verdicts]].to_numpy(), strict=True)
    for before, after in pairs:
        yield "; ".join(
            f"{column}: {old or '-'} -> {new or '-'}"
            for column, old, new in zip(verdicts, before, after, strict=True)
            if old != new
        )


def _is_near(a: Array, b: Array, tolerance: Tolerance) -> NDArray[np.bool_]:
    """Return whether |a - b| <= absolute + relative * |a|; NaN is near to nothing."""
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance.absolute + tolerance.relative * np.abs(a)
    return np.asarray(near | (a == b))  # infinities


def _numbers(table: pd.DataFrame, column: str) -> Array:
    return pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
