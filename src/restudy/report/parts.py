"""What the page is made of: sections, and in them tables, figures and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

LONG = 12
"""A table with more rows is folded."""


@dataclass(frozen=True)
class Folded:
    """What a cell of a table holds if it is more than a word: a summary that opens.

    Attributes:
        summary: shown at first.
        lines: shown when it is opened, and on paper.
    """

    summary: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.lines)


@dataclass(frozen=True)
class Table:
    """A table on the page.

    Attributes:
        title: its heading.
        frame: rows of texts, numbers, yes and no, or :class:`Folded`.
        folded: whether only the heading is shown at first.
        anchor: the column whose values are the addresses of the rows on the page.
        badges: the columns that hold a status or a verdict.
        filters: the columns that a reader can choose a value of; with any, also by free text.
        stacked: whether a row is a block of lines on a narrow screen; without, the table scrolls.
        on_paper: whether a folded table is printed whole.
        notes: a remark above the rows.
    """

    kind: ClassVar[str] = "table"

    title: str
    frame: pd.DataFrame
    folded: bool = False
    anchor: str = ""
    badges: Sequence[str] = ()
    filters: Sequence[str] = ()
    stacked: bool = False
    on_paper: bool = True
    notes: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure on the page.

    Attributes:
        svg: the figure's bytes.
        caption: plain text.
        alt: what is said instead of the picture, short: the caption is read out too.
        id: the picture's own address on the page, if it has one.
        links: text -> address relative to the page, of its files.
        command: what makes it again.
    """

    kind: ClassVar[str] = "picture"

    svg: bytes
    caption: str
    alt: str
    id: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True)
class Gallery:
    """Figures one after the other, under one heading."""

    kind: ClassVar[str] = "gallery"

    title: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Lines:
    """A list of sentences under a heading; ``folded`` shows the heading alone at first."""

    kind: ClassVar[str] = "lines"

    title: str
    lines: Sequence[str]
    folded: bool = False


@dataclass(frozen=True)
class Count:
    """How many there are of something.

    Attributes:
        name: of what, in words.
        number: how many.
        tone: a name of :mod:`restudy.report.tones`, for its colour.
    """

    name: str
    number: int
    tone: str


@dataclass(frozen=True)
class Tally:
    """What became of all rows of one kind: a sentence, and the counts that it is made of.

    Attributes:
        title: of what.
        sentence: the counts in words.
        counts: in the order in which they are drawn; none is 0.
        address: where on the page the rows are.
    """

    kind: ClassVar[str] = "tally"

    title: str
    sentence: str
    counts: Sequence[Count]
    address: str = ""


Block = Table | Picture | Gallery | Lines | Tally


@dataclass(frozen=True)
class Section:
    """A part of the page that has a heading and an address.

    Attributes:
        name: its address on the page.
        title: its heading.
        question: what it answers, or what it is about.
        notes: how to read it, in words.
        blocks: what it shows, in order.
        links: text -> address relative to the page, of files with more.
        empty: why there is nothing to show, if there is not.
        parts: sections inside this one.
    """

    name: str
    title: str
    question: str
    notes: str = ""
    blocks: Sequence[Block] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    parts: Sequence[Section] = ()


@dataclass(frozen=True)
class Finding:
    """Something that the tables say and that is worth knowing.

    Attributes:
        kind: what sort of finding it is, in words.
        status: the verdict or status of its row.
        statement: what it is about, as the row has it.
        measured: what is compared, in words.
        effect: with its interval and the number of seeds.
        id: of its row on the page.
    """

    kind: str
    status: str
    statement: str
    measured: str
    effect: str
    id: str


@dataclass(frozen=True)
class Answer:
    """What stands first on the page.

    Attributes:
        tallies: what became of numbers, claims and mistakes.
        findings: what is worth knowing.
        rule: how the findings were chosen, in words.
        cuts: what this scale does less than the full one, in a sentence.
    """

    tallies: Sequence[Tally]
    findings: Sequence[Finding]
    rule: str
    cuts: str


@dataclass(frozen=True)
class Page:
    """Everything that the page shows; the same page always gives the same text.

    Attributes:
        title: its title.
        scale: the run's scale.
        commit: the commit of the code, with a remark if the tree was dirty.
        answer: what stands first.
        sections: what follows.
        beside: text -> address relative to the page, of documents beside it.
        beside_notes: text -> a remark on the document, if it needs one.
    """

    title: str
    scale: str
    commit: str
    answer: Answer
    sections: Sequence[Section]
    beside: Mapping[str, str] = field(default_factory=dict)
    beside_notes: Mapping[str, str] = field(default_factory=dict)
