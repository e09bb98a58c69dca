"""A section for each source: its numbers beside ours, its figures, its mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from restudy.config.sources import Source
from restudy.evidence.published import readable
from restudy.evidence.reasons import by_design, parse, reason_parts, reason_text, texts
from restudy.evidence.statuses import Status
from restudy.experiments.declaration import Table as Declared
from restudy.reductions import words_of
from restudy.report import answer
from restudy.report.paper.words import spelled
from restudy.report.parts import LONG, Block, Folded, Gallery, Picture, Section, Table
from restudy.tables import DASH, interval, number

_TABLES = "../tables"
_SHORT = 60
"""A longer reason is folded."""


@dataclass(frozen=True)
class Evidence:
    """The tables that a source's section is made from; those of all sources.

    Attributes:
        published: :func:`restudy.evidence.published.published_table`.
        figures, errata: the ledger's tables.
        shown: :func:`restudy.evidence.demonstrations.demonstrate`.
        contrasts: :func:`restudy.evidence.contrasts.contrast_table`.
        tables: of the project's own tables the declaration and the table.
        pictures: id of a figure -> the figure, of those that are drawn.
    """

    published: pd.DataFrame
    figures: pd.DataFrame
    errata: pd.DataFrame
    shown: pd.DataFrame
    contrasts: pd.DataFrame
    tables: Sequence[tuple[Declared, pd.DataFrame]]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


def sources(every: Mapping[str, Source], evidence: Evidence) -> Section:
    """Return the section on the sources, with one for each of them."""
    return Section(
        name="sources",
        title="The sources: what they print, and what we found",
        question="Which of the numbers that a source prints does a run of ours give, what do its "
        "figures look like, and what do its mistakes do?",
        notes="A number is reproduced if one more run of ours could have given it, by the 95% "
        "prediction interval: of numbers that are as published, one in twenty falls outside. "
        "Where this scale cuts the experiment, ours are shown and judge nothing.",
        parts=[_source(source, evidence) for source in every.values()],
        links={
            "all numbers": f"{_TABLES}/published.csv",
            "numbers, for reading": f"{_TABLES}/published.md",
            "all mistakes": f"{_TABLES}/errata.csv",
            "mistakes, the numbers": f"{_TABLES}/errata_shown.csv",
            "differences of single runs": f"{_TABLES}/contrasts.csv",
            **{
                declared.name.replace("_", " "): f"{_TABLES}/{declared.name}.csv"
                for declared, _ in evidence.tables
            },
        },
        empty="" if every else "There are no sources (config/evidence/sources.yaml).",
    )


def _source(source: Source, evidence: Evidence) -> Section:
    blocks = [
        *_numbers(_of(source, evidence.published)),
        *_own_tables(source, evidence),
        *_figures(_of(source, evidence.figures), evidence.pictures),
        *_mistakes(source, evidence),
    ]
    by = [*source.authors, *([str(source.year)] if source.year else [])]
    about = f"{', '.join(by)}. " if by else ""
    return Section(
        name=source.id,
        title=f"{source.id}: {source.title}",
        question=source.what,
        notes=about + (source.url or ""),
        blocks=blocks,
        empty="" if blocks else "The evidence has no number, figure or mistake of this source.",
    )


def _of(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a source; a row may have several."""
    mine = [source.id in ids.split(", ") for ids in table["source"]]
    return table[pd.Series(mine, index=table.index, dtype=bool)]


def _numbers(published: pd.DataFrame) -> list[Block]:
    if published.empty:
        return []
    return [
        answer.numbers(published, title="Its numbers"),
        Table(
            "Each number beside ours",
            _beside(published),
            folded=len(published) > LONG,
            anchor="id",
            badges=["status"],
            filters=["status"],
            stacked=True,
        ),
    ]


def _beside(published: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of published numbers, what they are in one column."""
    table = readable(published)
    about = zip(published["split_as_labelled"], published["unit"], strict=True)
    details = [", ".join(filter(None, both)) for both in about]
    what = [f"{name} ({told})" for name, told in zip(table["what"], details, strict=True)]
    ours = zip(table["95% for one more run"], table["runs"], strict=True)
    ends = [ends if ends == DASH else f"{ends} (n\N{NO-BREAK SPACE}{runs})" for ends, runs in ours]
    reasons = [_folded(row, "why") for row in published.to_dict("records")]
    shown = table.drop(columns=["labelled", "unit", "runs"]).assign(what=what)
    shown["95% for one more run"] = ends
    shown["because"] = pd.Series(reasons, index=table.index, dtype=object)
    return shown if (shown["corrected"] != DASH).any() else shown.drop(columns="corrected")


def _own_tables(source: Source, evidence: Evidence) -> list[Block]:
    return [
        Table(
            declared.title,
            table.drop(columns="with_bug", errors="ignore"),
            folded=len(table) > LONG,
            on_paper=False,
            notes=declared.notes,
        )
        for declared, table in evidence.tables
        if declared.source == source.id and len(table)
    ]


def _figures(figures: pd.DataFrame, pictures: Mapping[str, Picture]) -> list[Block]:
    blocks: list[Block] = []
    if drawn := [pictures[id_] for id_ in figures["id"] if id_ in pictures]:
        blocks.append(Gallery("Its figures, drawn from our runs", drawn))
    others = figures[~figures["id"].isin(pictures)]
    if len(others):
        # One that a figure of a study stands for is drawn too, elsewhere.
        elsewhere = "as the figure of the study " + others["figure"]
        because = texts(others).mask(others["status"] == Status.DRAWN, elsewhere)
        blocks.append(
            Table(
                "Its figures that are not drawn here",
                others.assign(because=because)[["id", "title", "status", "because"]],
                anchor="id",
                badges=["status"],
                stacked=True,
            )
        )
    return blocks


def _mistakes(source: Source, evidence: Evidence) -> list[Block]:
    errata = _of(source, evidence.errata)
    if errata.empty:
        return []
    frame = pd.DataFrame(
        {
            "id": errata["id"],
            "severity": errata["severity"],
            "what is wrong": errata["where"] + ": " + errata["what_is_wrong"],
            "status": errata["status"],
            "what it does": [_folded(row, "what we found") for row in errata.to_dict("records")],
        }
    )
    blocks: list[Block] = [
        answer.errata(errata["status"], title="Its mistakes"),
        Table(
            "Each mistake, and what became of it",
            frame,
            folded=len(frame) > LONG,
            anchor="id",
            badges=["status"],
            filters=["severity", "status"],
            stacked=True,
        ),
    ]
    effects = _effects(_of(source, evidence.shown))
    if len(effects):
        blocks.append(
            Table(
                "Numbers with the mistake and without",
                effects,
                folded=len(effects) > LONG,
                stacked=True,
                notes="Means over seeds. Differences are paired by seed, as published less "
                "corrected, with 95% intervals.",
            )
        )
    signs = _signs(_of(source, evidence.contrasts))
    if len(signs):
        blocks.append(
            Table(
                "Differences of two single runs, beside ours",
                signs,
                folded=True,
                badges=["its sign"],
                stacked=True,
                on_paper=False,
                notes="The sign of a printed difference survives if the 95% interval of ours lies "
                "on its side of 0, is reversed if on the other, open if the interval holds 0.",
            )
        )
    return blocks


def _folded(row: Mapping[Any, Any], summary: str) -> object:
    """Return the words for a row's reasons, as they are if they are short."""
    reasons = parse(row)
    words = reason_text(reasons)
    return Folded(summary, reason_parts(reasons)) if len(words) > _SHORT else words or DASH


def _effects(shown: pd.DataFrame) -> pd.DataFrame:
    found = shown[shown["difference"].notna()]
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
            for row in found.to_dict("records")
        ],
        columns=[
            *("mistake", "what", "as published", "corrected", "difference", "95%", "n", "cuts"),
        ],
    )


def _signs(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return the differences that there is something to hold beside, each once."""
    found = contrasts[contrasts["sign"] != ""].drop_duplicates(["number", "less"])
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


def title(every: Mapping[str, Source]) -> str:
    """Return the page's title."""
    count = f"{spelled(len(every)).capitalize()} report{'' if len(every) == 1 else 's'}"
    return f"{count} on fully connected networks, run again"
