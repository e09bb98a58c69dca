"""Tables of several runs put together: each answer is of the last run that has it.

Tables are text here, as they are in their files: what is not touched stays as it is to the letter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from restudy.evidence.schema import Claim
from restudy.evidence.verdicts import as_numbers, settle
from restudy.results.declarations import EVIDENCE_TABLES, is_searched
from restudy.results.schema import Merge
from restudy.results.table_files import as_text

Tables = Mapping[str, pd.DataFrame]


LAYOUTS: Mapping[str, Merge] = {
    name: table.merge for name, table in EVIDENCE_TABLES.items() if table.merge is not None
}
"""The tables that are gathered."""


def merge(
    new: Tables, earlier: Tables, trusted: Collection[str], done: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Put what a run found into the place of what earlier ones did, and keep what it did not ask.

    A row is about one study or experiment. An earlier row stays if the run did not do that one, or
    if it is answered and the run's is not: some rows need a second study.

    Args:
        new: the tables of the run, by name; all of ``LAYOUTS``.
        earlier: those that were gathered before; none at all at first.
        trusted: names of the studies and experiments whose earlier rows still count.
        done: names of those that the run did.

    Returns:
        the tables of ``LAYOUTS``. p values of ``claim_tests`` are still adjusted for the tests of
        each run alone; see :func:`settled`.
    """
    if not earlier:
        return {name: new[name] for name in LAYOUTS}
    study_of = dict(zip(new["published"]["id"], new["published"]["study"], strict=True))
    merged = {}
    for name, layout in LAYOUTS.items():
        old = earlier[name]
        subject = old["study"] if "study" in old else old["number"].map(study_of)
        old = old[subject.isin(trusted)]
        stays = layout.answered(old) | ~subject[old.index].isin(done)
        merged[name] = _filled(new[name], old[stays], layout)
    searched = merged["puzzles"].loc[is_searched(merged["puzzles"]), "puzzle"]
    held = merged["forensics"]
    return merged | {"forensics": held[held["puzzle"].isin(searched)]}


def settled(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Return merged ``claim_tests`` with verdicts by all tests of each topic that are there."""
    made = settle(claims, as_numbers(table.reset_index(drop=True)))
    adjusted = as_text(made)
    columns = ["p_adjusted", "p_contradicts", "verdict"]
    return table.reset_index(drop=True).assign(**{name: adjusted[name] for name in columns})


def _filled(new: pd.DataFrame, old: pd.DataFrame, layout: Merge) -> pd.DataFrame:
    """Put earlier rows into the places of those that the run has no answer for."""
    keys = list(layout.keys)
    earlier = dict(iter(old.groupby(keys, sort=False)))
    answered = layout.answered(new)
    parts = []
    for key, rows in new.groupby(keys, sort=False):
        found = earlier.pop(key, None)
        if found is not None and not answered[rows.index].any() and _same(rows, found, layout):
            rows = found
        parts.append(rows)
    if not layout.question:
        # Rows are there only where a run did the search.
        parts += earlier.values()
    return pd.concat(parts, ignore_index=True) if parts else new


def _same(new: pd.DataFrame, old: pd.DataFrame, layout: Merge) -> bool:
    columns = list(layout.question)
    return bool((old[columns] == new[columns].iloc[0]).all(axis=None))
