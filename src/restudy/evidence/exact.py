"""Our value of each row that has exactly one, which no seed changes: facts and unit tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from restudy.datasets.load import PreparedData
from restudy.evidence import facts
from restudy.evidence.ledger import Published


class Exact(NamedTuple):
    """A value that no seed changes.

    Attributes:
        ours: the value, as text.
        with_bug: what it is with the mistake that the source must have made, if there is one.
        note: what is to be known about it.
    """

    ours: str
    with_bug: str = ""
    note: str = ""


def facts_table(rows: Iterable[Published], data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Compute the facts that rows name.

    Args:
        rows: the rows of ``published.yaml``.
        data: name -> prepared data set; facts about others are left out.

    Returns:
        ``id`` (of the row), ``fact``, ``ours`` (text).
    """
    named = {row.id: row.fact for row in rows if row.fact is not None}
    found = facts.compute(list(named.values()), data)
    records = [(id_, fact, found[fact]) for id_, fact in named.items() if fact in found]
    return pd.DataFrame(records, columns=["id", "fact", "ours"])


def exact_values(
    of_facts: pd.DataFrame, tests: pd.DataFrame, candidates: pd.DataFrame
) -> dict[str, Exact]:
    """Put facts and unit tests together, by id.

    Args:
        of_facts: a :func:`facts_table`.
        tests: :func:`restudy.evidence.unit_tests.unit_tests`. Numbers are compared as text.
        candidates: :func:`restudy.evidence.unit_tests.bug_candidates`: the mistakes that can be
            behind the one test whose number is not that of right code.

    The tables may be those of CSV files read as text.
    """
    found = {row["id"]: Exact(row["ours"]) for row in of_facts.to_dict("records")}
    is_right = candidates["all_equal"].astype(str) == "True"
    with_bug = ""
    if is_right.any():
        with_bug = str(candidates.loc[is_right, "max_relative_error"].iloc[0])
    for row in tests.to_dict("records"):
        is_equal = str(row["ours"]) == str(row["printed"])
        found[row["id"]] = Exact(row["ours"], "" if is_equal else with_bug, row["note"])
    return found
