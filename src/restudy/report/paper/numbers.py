"""What the paper says of the published numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from restudy.common.text_format import amount, nonzero, sentence, span
from restudy.evidence.statuses import Group, Kind, Status, label, of_kind
from restudy.report.paper.dot_plot import Axis, dot_plot
from restudy.report.phrases import is_tested
from restudy.report.view.counts import count
from restudy.report.view.model import View

_OUTCOMES: tuple[Callable[[Status], bool], ...] = (
    lambda status: status is Status.EXACT,
    lambda status: status.group is Group.CONFIRMED and status is not Status.EXACT,
    lambda status: status.group is Group.PARTIAL,
    lambda status: status.group is Group.REFUTED,
    lambda status: not is_tested(status),
)
_AXIS = Axis(limit=3.0, ticks=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0))


def farthest(published: pd.DataFrame) -> str:
    """Return which number lies farthest outside its interval; empty if none does."""
    outside = published[(published["status"] == Status.INCONSISTENT) & published["pi_low"].notna()]
    if outside.empty:
        return ""
    distance = _places(outside).abs().fillna(math.inf)  # runs without any spread
    far = outside.iloc[int(distance.to_numpy().argmax())]
    return sentence(
        f"farthest outside is {far['id']}, {far['metric']}: the source prints {far['value']}, "
        f"one more run of ours is expected at {span(far['pi_low'], far['pi_high'])} "
        f"({amount(int(far['n']), 'run')})"
    )


def by_source(view: View) -> list[dict[str, Any]]:
    """Return a row for each status that occurs, with the number of rows by source and in all."""
    published = view.frame("published")
    counts = pd.crosstab(published["status"], published["source"], margins=True)
    return [
        {
            "status": status.label,
            "tested": is_tested(status),
            "counts": nonzero(counts.T[status.value]),
        }
        for status in of_kind(Kind.PUBLISHED)
        if status in counts.index
    ]


def by_experiment(published: pd.DataFrame, systems: pd.DataFrame) -> list[list[str]]:
    """Return a row for each experiment with a number that was tested: how many have which outcome.

    Args:
        published: the numbers of a source.
        systems: the table of systems, for the names of experiments.

    Returns:
        of each its name and the numbers that are exact, otherwise consistent, only with the
        source's error, not reproduced, and not tested.
    """
    names = dict(zip(systems["id"], systems["name"], strict=True))
    rows = []
    for id_, part in published.groupby("experiment", sort=False):
        statuses = [Status(status) for status in part["status"]]
        if any(map(is_tested, statuses)):
            outcomes = nonzero(sum(map(has, statuses)) for has in _OUTCOMES)
            rows.append([names.get(id_, str(id_)), *outcomes])
    return rows


def interval_plot(view: View) -> dict[str, Any]:
    """Return the places of the published numbers in the intervals for one more run of ours.

    0 is the middle of a number's interval, -1 and 1 are its ends.
    """
    held = _with_interval(view)
    dots = {"row": held["source"], "value": _places(held), "kind": held["status"].map(label)}
    legend = [one.status.label for one in count(held["status"])]
    return dot_plot(pd.DataFrame(dots), _AXIS, 1.0) | {"legend": legend}


def runs(view: View) -> str:
    """Return how many runs the intervals rest on; empty without any."""
    n = _with_interval(view)["n"]
    if n.empty:
        return ""
    low, high = int(n.min()), int(n.max())
    many = amount(low, "run") if low == high else f"{low} to {amount(high, 'run')}"
    return sentence(f"the intervals here rest on {many} each")


def _with_interval(view: View) -> pd.DataFrame:
    """Return the numbers that were tested against an interval of our runs."""
    published = view.frame("published")
    tested = [is_tested(Status(status)) for status in published["status"]]
    return published[pd.Series(tested, dtype=bool) & published["pi_low"].notna()]


def _places(published: pd.DataFrame) -> pd.Series[float]:
    middle = (published["pi_low"] + published["pi_high"]) / 2
    half = (published["pi_high"] - published["pi_low"]) / 2
    printed = pd.to_numeric(published["value"], errors="coerce")
    return (printed - middle) / half.where(half > 0)
