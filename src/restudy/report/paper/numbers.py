"""What the paper says of the printed numbers."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pandas as pd

from restudy.evidence.statuses import Status, label
from restudy.report.paper.strips import Axis, Dot, strip
from restudy.report.paper.words import agree, amount, joined, sentence, span

JUDGED = (
    Status.EXACT,
    Status.CONSISTENT,
    Status.BOUND_SATISFIED,
    Status.SOURCE_ERROR_ONLY,
    Status.MISMATCH,
    Status.INCONSISTENT,
)
"""Statuses that a comparison gives; all others say that there was none."""

_BY_RUNS = (
    Status.CONSISTENT,
    Status.BOUND_SATISFIED,
    Status.SOURCE_ERROR_ONLY,
    Status.INCONSISTENT,
)
_SAID = {
    Status.EXACT: ("comes out to the last digit", "come out to the last digit"),
    Status.CONSISTENT: ("lies where one more run could fall", "lie where one more run could fall"),
    Status.BOUND_SATISFIED: ("is a bound that holds", "are bounds that hold"),
    Status.SOURCE_ERROR_ONLY: (
        "comes out only with a mistake of the source left in",
        "come out only with a mistake of the source left in",
    ),
    Status.MISMATCH: ("differs", "differ"),
    Status.INCONSISTENT: ("lies outside", "lie outside"),
}
_OUTCOMES = (
    (Status.EXACT,),
    (Status.CONSISTENT, Status.BOUND_SATISFIED),
    (Status.SOURCE_ERROR_ONLY,),
    (Status.INCONSISTENT, Status.MISMATCH),
)
_AXIS = Axis(limit=3.0, ticks=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0))


def tally(published: pd.DataFrame) -> Counter[str]:
    """Count the printed numbers by status."""
    return Counter(published["status"])


def n_judged(counts: Counter[str]) -> int:
    """Return how many numbers were held against something of ours."""
    return sum(counts[status] for status in JUDGED)


def outcome(counts: Counter[str], of: str = "") -> str:
    """Say in a sentence what became of printed numbers.

    Args:
        counts: how many have which status.
        of: whose they are, such as ``of`` and the source's id.
    """
    judged, whose = n_judged(counts), f" {of}" if of else ""
    if not judged:
        return sentence(f"no printed number{whose} has been held against a run of ours yet")
    found = [agree(counts[status], *_SAID[status]) for status in JUDGED if counts[status]]
    return sentence(
        f"of the {amount(judged, 'printed number')}{whose} that could be judged, {joined(found)}"
    )


def unjudged(counts: Counter[str]) -> str:
    """Say in a sentence how many printed numbers were not judged, and why not."""
    by_hand = (
        sum(counts.values())
        - n_judged(counts)
        - counts[Status.PENDING]
        - counts[Status.NOT_TESTABLE]
    )
    found = [
        (counts[Status.PENDING], "not judged yet, since this run cuts or lacks their experiment"),
        (counts[Status.NOT_TESTABLE], "beyond judgement, for want of what the source leaves out"),
        (by_hand, "given by hand: settings and constants"),
    ]
    told = [agree(n, f"is {what}", f"are {what}") for n, what in found if n]
    return sentence(f"of the others, {joined(told)}") if told else ""


def farthest(published: pd.DataFrame) -> str:
    """Say which number lies farthest outside its interval; nothing if none does."""
    outside = published[(published["status"] == Status.INCONSISTENT) & published["low"].notna()]
    if outside.empty:
        return ""
    distance = _places(outside).abs().fillna(math.inf)  # runs without any spread
    far = outside.iloc[int(distance.to_numpy().argmax())]
    return sentence(
        f"farthest outside is {far['id']}, {far['metric']}: the source prints {far['value']}, "
        f"one more run of ours is expected at {span(far['low'], far['high'])} "
        f"({amount(int(far['n']), 'run')})"
    )


def by_source(published: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row for each status that occurs, and the number of rows by source and in all."""
    counts = pd.crosstab(published["status"], published["source"])
    order = [*JUDGED, *sorted(set(counts.index) - {*JUDGED, Status.PENDING}), Status.PENDING]
    return [
        {
            "status": label(status),
            "judged": status in JUDGED,
            "counts": [f"{n:,}" if n else "" for n in counts.loc[status]],
            "all": f"{counts.loc[status].sum():,}",
        }
        for status in order
        if status in counts.index
    ]


def by_experiment(published: pd.DataFrame, systems: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row for each experiment with a number that was judged: how many have which outcome.

    Args:
        published: the numbers of a source.
        systems: the ledger's table of systems, for the names of experiments.

    Returns:
        ``name`` and ``counts``: equal to the digit, inside, only with the source's bug, outside or
        different, and not judged.
    """
    names = dict(zip(systems["id"], systems["name"], strict=True))
    rows = []
    for id_, part in published.groupby("experiment", sort=False):
        counts = tally(part)
        if n_judged(counts):
            parts = [sum(counts[status] for status in group) for group in _OUTCOMES]
            parts.append(len(part) - n_judged(counts))
            shown = [f"{n:,}" if n else "" for n in parts]
            rows.append({"name": names.get(id_, str(id_)), "counts": shown})
    return rows


def places(published: pd.DataFrame) -> dict[str, Any]:
    """Return where the printed numbers lie in the intervals for one more run of ours.

    0 is the middle of a number's interval, -1 and 1 are its ends.
    """
    held = published[published["status"].isin(_BY_RUNS)]
    held = held[held["low"].notna()]
    dots = [
        Dot(source, float(place), label(kind))
        for source, place, kind in zip(held["source"], _places(held), held["status"], strict=True)
    ]
    return strip(dots, _AXIS, 1.0) | {"n": f"{len(dots):,}"}


def runs(published: pd.DataFrame) -> str:
    """Say how many runs the intervals rest on; nothing without any."""
    n = published.loc[published["status"].isin(_BY_RUNS) & published["low"].notna(), "n"]
    if n.empty:
        return ""
    low, high = int(n.min()), int(n.max())
    many = amount(low, "run") if low == high else f"{low} to {amount(high, 'run')}"
    return sentence(f"the intervals here rest on {many} each")


def _places(published: pd.DataFrame) -> pd.Series[float]:
    middle = (published["low"] + published["high"]) / 2
    half = (published["high"] - published["low"]) / 2
    printed = pd.to_numeric(published["value"], errors="coerce")
    return (printed - middle) / half.where(half > 0)
