"""The report as one self-contained HTML page: figures inside, nothing loaded from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from restudy.tables import (
    OVERALL,
    notes,
    readable_comparison,
    readable_summary,
)

LONG = 12
"""A table with more rows is folded."""


@dataclass(frozen=True)
class Table:
    """A table on the page.

    Attributes:
        title: its heading.
        frame: rows of texts or numbers.
        folded: whether only the heading is shown at first.
        picture: a figure above the rows.
    """

    title: str
    frame: pd.DataFrame
    folded: bool = False
    picture: Picture | None = None


@dataclass(frozen=True)
class Picture:
    """A figure on the page.

    Attributes:
        svg: the figure's bytes.
        caption: plain text; also read out instead of the picture.
        id: the picture's own address on the page, if it has one.
    """

    svg: bytes
    caption: str
    id: str = ""

    @property
    def address(self) -> str:
        """The picture as a ``data:`` address.

        In an ``img`` of its own, the ids and styles inside one SVG cannot meddle with another's.
        """
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


@dataclass(frozen=True)
class Section:
    """What the page says of one study, or of what the sources print.

    Attributes:
        name: the study's name; also the section's address on the page.
        title, question: as in its file.
        notes: scale, seeds, cuts, in words.
        pictures: its figures.
        tables: its tables, in order.
        links: text -> address relative to the page, of files with more.
    """

    name: str
    title: str
    question: str
    notes: str
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Everything that the page shows.

    Attributes:
        scale: the run's scale.
        commit: the commit of the code, with a remark if the tree was dirty.
        evidence: what became of the sources' numbers and figures.
        sections: one per study.
        counts: :func:`restudy.evidence.ledger.summary`.
        ledger: :func:`restudy.evidence.ledger.statuses`.
        title: the page's title.
        date: shown if given; without it the same results give the same page.
    """

    scale: str
    commit: str
    sections: Sequence[Section]
    counts: pd.DataFrame
    ledger: Mapping[str, pd.DataFrame]
    evidence: Sequence[Section] = ()
    title: str = "Four reports on fully connected networks, run again"
    date: str | None = None


def section(
    description: Mapping[str, Any],
    runs: pd.DataFrame,
    summary: pd.DataFrame,
    comparison: pd.DataFrame,
    picture: Picture | None = None,
    links: Mapping[str, str] | None = None,
) -> Section:
    """Return what the page says of a study.

    Args:
        description: ``study.json`` of the study.
        runs: its ``runs.parquet``.
        summary: :func:`restudy.tables.summary_table` of it.
        comparison: :func:`restudy.tables.comparison_table` of it.
        picture: its figure.
        links: text -> relative address of its files.
    """
    factors = list(description["factors"])
    shown = readable_summary(summary, factors)
    tables = [Table("Mean ± half of the 95% interval over seeds", shown, folded=len(shown) > LONG)]
    if len(comparison):
        means = comparison[(comparison[factors] == OVERALL).any(axis=1)]
        first, rest = comparison, comparison.iloc[:0]
        if len(comparison) > LONG and len(means):
            first, rest = means, comparison.drop(index=means.index)
        tables.append(Table("Paired differences", readable_comparison(first, factors)))
        if len(rest):
            title = "Paired differences, combination by combination"
            tables.append(Table(title, readable_comparison(rest, factors), folded=True))
    return Section(
        name=description["name"],
        title=description["title"],
        question=description["question"],
        notes=notes(description, runs),
        pictures=[picture] if picture else [],
        tables=tables,
        links=links or {},
    )


def links(study: str) -> dict[str, str]:
    """Return the addresses of a study's files, relative to the page."""
    tables, figures = f"../tables/{study}", f"../figures/{study}"
    return {
        "summary": f"{tables}/summary.csv",
        "comparisons": f"{tables}/comparison.csv",
        "winners": f"{tables}/winners.csv",
        "times": f"{tables}/timing.csv",
        "figure as PDF": f"{figures}.pdf",
        "figure's data": f"{figures}.csv",
        "all runs": f"../studies/{study}/runs.parquet",
    }


def render(page: Page) -> str:
    """Return the page as HTML; the same ``page`` always gives the same text."""
    environment = Environment(
        loader=PackageLoader("restudy.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["table"] = _html
    return environment.get_template("page.html.j2").render(page=page)


def _html(frame: pd.DataFrame, *, index: bool = False) -> Markup:
    """Return a table's HTML, everything in it escaped."""
    frame = frame.reset_index() if index else frame
    cell, row = Markup("<td>{}</td>"), Markup("<tr>{}</tr>\n")
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in frame)
    body = Markup("").join(
        row.format(Markup("").join(cell.format(value) for value in values))
        for values in frame.itertuples(index=False, name=None)
    )
    return Markup(
        '<div class="wide"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>'
    ).format(head, body)
