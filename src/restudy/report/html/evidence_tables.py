"""Tables of published numbers, figures, mistakes and systems, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.config.reductions import words_of
from restudy.evidence.published import readable
from restudy.evidence.reasons import COLUMNS as REASONS
from restudy.evidence.reasons import by_design, parse, reason_parts, reason_text, texts
from restudy.evidence.statuses import Status
from restudy.report.html.writer import Folded
from restudy.report.view.counts import of_source
from restudy.report.view.model import View
from restudy.results.study_tables import DASH, interval, number

_SHORT = 60
"""A longer reason is folded."""


def numbers(view: View, source: str) -> pd.DataFrame:
    """Return the published numbers of a source next to ours."""
    published = of_source(view.frame("published"), source)
    table = readable(published)
    about = zip(published["split_as_labelled"], published["unit"], strict=True)
    details = [", ".join(filter(None, both)) for both in about]
    what = [f"{name} ({told})" for name, told in zip(table["what"], details, strict=True)]
    ours = zip(table["95% for one more run"], table["runs"], strict=True)
    ends = [ends if ends == DASH else f"{ends} (n\N{NO-BREAK SPACE}{runs})" for ends, runs in ours]
    shown = table.drop(columns=["labelled", "unit", "runs"]).assign(what=what)
    shown["95% for one more run"] = ends
    shown["because"] = _folded(published, "why")
    return shown if (shown["corrected"] != DASH).any() else shown.drop(columns="corrected")


def drawn(view: View, source: str) -> dict[str, str]:
    """Return id -> title of the figures of a source that are drawn in its section."""
    table = of_source(view.frame("figures"), source)
    found = table[table["id"].isin(view.source_figures)]
    return dict(zip(found["id"], found["title"], strict=True))


def figures(view: View, source: str) -> pd.DataFrame:
    """Return the figures of a source that are not drawn in its section, and why."""
    table = of_source(view.frame("figures"), source)
    others = table[~table["id"].isin(view.source_figures)]
    # One that a figure of a study stands for is drawn too, elsewhere.
    elsewhere = "as the figure of the study " + others["figure"]
    because = texts(others).mask(others["status"] == Status.DRAWN, elsewhere)
    return others.assign(because=because)[["id", "title", "status", "because"]]


def errata(view: View, source: str) -> pd.DataFrame:
    """Return the mistakes of a source, and the evidence for their statuses."""
    table = of_source(view.frame("errata"), source)
    return pd.DataFrame(
        {
            "id": table["id"],
            "severity": table["severity"],
            "what is wrong": table["where"] + ": " + table["what_is_wrong"],
            "status": table["status"],
            "what it does": _folded(table, "what we found"),
        }
    )


def effects(view: View, source: str) -> pd.DataFrame:
    """Return the numbers of ours with the mistakes of a source and without."""
    shown = of_source(view.frame("errata_shown"), source)
    return pd.DataFrame(
        [
            (
                *(row["erratum"], f"{row['what']}{by_design(row)}"),
                *(number(row["as_published"]), number(row["corrected"])),
                number(row["difference"], signed=True),
                interval(row["low"], row["high"]),
                f"{row['n']:.0f}",
                words_of(row["reductions"]) or DASH,
            )
            for row in shown[shown["difference"].notna()].to_dict("records")
        ],
        columns=[
            *("mistake", "what", "as published", "corrected", "difference", "95%", "n", "cuts"),
        ],
    )


def signs(view: View, source: str) -> pd.DataFrame:
    """Return the differences of two published numbers that ours are compared with, each once."""
    table = of_source(view.frame("contrasts"), source)
    found = table[table["sign"] != ""].drop_duplicates(["number", "less"])
    return pd.DataFrame(
        [
            (
                *(row["what"], f"{row['number']} less {row['less']}"),
                *(number(row["printed"], signed=True), number(row["mean"], signed=True)),
                *(interval(row["low"], row["high"]), f"{row['n']:.0f}", f"{row['other']:.0f}"),
                row["sign"],
                words_of(row["reductions"]) or DASH,
            )
            for row in found.to_dict("records")
        ],
        columns=[
            *("difference", "of", "printed", "ours", "95%", "n", "other sign", "its sign", "cuts"),
        ],
    )


def systems(view: View) -> pd.DataFrame:
    """Return the systems and experiments of the sources, and what repeats them."""
    table = view.frame("systems")
    return table.assign(ours=texts(table)).drop(columns=list(REASONS))


def status_counts(view: View, places: Mapping[str, str]) -> pd.DataFrame:
    """Return how many rows of each kind have which status, of statuses that occur.

    Args:
        view: the view model.
        places: kind -> where the rows are on the page.
    """
    table = view.frame("statuses")
    table.insert(1, "rows", table["kind"].map(places))
    unused = [one.value for one in Status if one in table and not table[one.value].any()]
    return table.drop(columns=unused).rename(columns={one.value: one.label for one in Status})


def _folded(table: pd.DataFrame, summary: str) -> pd.Series[Any]:
    """Return the words for the reasons of each row, as they are if they are short."""
    found = []
    for row in table.to_dict("records"):
        reasons = parse(row)
        words = reason_text(reasons)
        long = len(words) > _SHORT
        found.append(Folded(summary, reason_parts(reasons)) if long else words or DASH)
    return pd.Series(found, index=table.index, dtype=object)
