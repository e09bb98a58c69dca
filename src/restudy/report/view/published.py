"""What was found about the published numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from restudy.common.text_format import DASH, amount, nonzero, number, sentence, span
from restudy.config.reductions import words_of
from restudy.evidence.printed_differences import count_signs
from restudy.evidence.published import readable
from restudy.evidence.reasons import reason_text
from restudy.evidence.statuses import Group, Status
from restudy.report.view.model import Dot
from restudy.report.view.tables import interval_columns, reasons

_OUTCOMES: tuple[Callable[[Status], bool], ...] = (
    lambda status: status is Status.EXACT,
    lambda status: status.group is Group.CONFIRMED and status is not Status.EXACT,
    lambda status: status.group is Group.PARTIAL,
    lambda status: status.group is Group.REFUTED,
    lambda status: not status.is_tested,
)


def numbers(published: pd.DataFrame) -> pd.DataFrame:
    """Return the published numbers of a source next to ours."""
    table = readable(published)
    about = zip(published["split_as_labelled"], published["unit"], strict=True)
    details = [", ".join(filter(None, both)) for both in about]
    what = [f"{name} ({detail})" for name, detail in zip(table["what"], details, strict=True)]
    ours = zip(table["95% for one more run"], table["runs"], strict=True)
    ends = [ends if ends == DASH else f"{ends} (n\N{NO-BREAK SPACE}{runs})" for ends, runs in ours]
    shown = table.drop(columns=["labelled", "unit", "runs"]).assign(what=what)
    shown["95% for one more run"] = ends
    why = [reasons(row, "why") for row in published.to_dict("records")]
    shown["because"] = pd.Series(why, index=shown.index, dtype=object)
    return shown if (shown["corrected"] != DASH).any() else shown.drop(columns="corrected")


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


def by_experiment(published: pd.DataFrame, systems: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the name of each experiment with a tested number, and its counts by outcome.

    Args:
        published: the numbers of a source.
        systems: the table of systems, for the names of experiments.
    """
    names = dict(zip(systems["id"], systems["name"], strict=True))
    rows = []
    for id_, part in published.groupby("experiment", sort=False):
        statuses = [Status(status) for status in part["status"]]
        if any(status.is_tested for status in statuses):
            outcomes = nonzero(sum(map(has, statuses)) for has in _OUTCOMES)
            rows.append((names.get(id_, str(id_)), *outcomes))
    return rows


def with_interval(published: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that were tested against an interval of our runs."""
    tested = [Status(status).is_tested for status in published["status"]]
    return published[pd.Series(tested, dtype=bool) & published["pi_low"].notna()]


def dots(held: pd.DataFrame) -> list[Dot]:
    """Return the places of numbers in their intervals: 0 is the middle, -1 and 1 are the ends."""
    rows = zip(held["source"], _places(held), held["status"], strict=True)
    return [
        Dot(row=source, value=place, status=Status(status))
        for source, place, status in rows
        if not math.isnan(place)
    ]


def signs(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return the differences of two published numbers that ours are compared with, each once."""
    found = contrasts[contrasts["sign"] != ""].drop_duplicates(["first", "second"])
    return pd.DataFrame(
        {
            "difference": row["description"],
            "of": f"{row['first']} minus {row['second']}",
            "printed": number(row["printed"], signed=True),
            "ours": number(row["mean"], signed=True),
            **interval_columns(row),
            "other sign": f"{row['n_opposite']:.0f}",
            "its sign": row["sign"],
            "reductions": words_of(row["reductions"]) or DASH,
        }
        for row in found.to_dict("records")
    )


def count_of_signs(contrasts: pd.DataFrame) -> str:
    """Return how many of these differences keep their sign; empty if none was compared."""
    compared = (contrasts["sign"] != "").any()
    return sentence(reason_text([count_signs(contrasts)])) if compared else ""


def _places(published: pd.DataFrame) -> pd.Series[float]:
    middle = (published["pi_low"] + published["pi_high"]) / 2
    half = (published["pi_high"] - published["pi_low"]) / 2
    printed = pd.to_numeric(published["value"], errors="coerce")
    return (printed - middle) / half.where(half > 0)
