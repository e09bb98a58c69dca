"""The section on the ledger: how many rows have which status, and where they are."""

from __future__ import annotations

import pandas as pd

from restudy.evidence.reasons import COLUMNS as REASONS
from restudy.evidence.reasons import texts
from restudy.evidence.statuses import Status
from restudy.report.parts import Section, Table

_WHERE = {
    "published": "with their source",
    "claims": "under the claims",
    "errata": "with their source",
    "systems": "below",
    "figures": "with their source",
}


def ledger(counts: pd.DataFrame, systems: pd.DataFrame) -> Section:
    """Return the section on the ledger.

    Args:
        counts: :func:`restudy.evidence.ledger.summary`.
        systems: the ledger's table of systems.
    """
    whole = counts.reset_index()
    whole.insert(1, "rows", [_WHERE[kind] for kind in whole["kind"]])
    return Section(
        name="ledger",
        title="The ledger",
        question="Every number that the sources print, every claim they make, every mistake found "
        "in them, the systems they describe and the figures they show: how many have which status?",
        blocks=[
            Table("How many have which status", _used(whole)),
            Table(
                "Systems and experiments of the sources",
                systems.assign(ours=texts(systems)).drop(columns=list(REASONS)),
                folded=True,
                anchor="id",
                badges=["status"],
                filters=["source", "kind", "status"],
                stacked=True,
                on_paper=False,
            ),
        ],
        links={kind: f"../tables/{kind}.csv" for kind in _WHERE}
        | {"counts": "../tables/statuses.csv"},
    )


def _used(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts without the statuses that no row has."""
    numbers = counts.select_dtypes("number")
    used = counts.drop(columns=[name for name in numbers if not numbers[name].any()])
    return used.rename(columns={one.value: one.label for one in Status})
