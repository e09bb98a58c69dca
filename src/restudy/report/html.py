"""Tables and texts as HTML: everything escaped, every id of a row a link to that row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from restudy.evidence.statuses import label
from restudy.report.parts import Folded, Gallery, Picture, Section, Table
from restudy.report.tones import tone
from restudy.tables import DASH, number

_ID = re.compile(r"\b(?:PUB|CLM|ERR|FIG|SYS|EXP|PUZ|CON)-[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?\d[\d,.]*(?:e[+-]?\d+)?%?")
_NOTHING = ("", DASH)
_LONG = 60
"""A column with a longer text has room for it."""


def addresses(sections: Iterable[Section]) -> set[str]:
    """Return the ids of all rows and figures that sections show."""
    found: set[str] = set()
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table) and block.anchor:
                found.update(map(str, block.frame[block.anchor]))
            for picture in block.pictures if isinstance(block, Gallery) else [block]:
                if isinstance(picture, Picture) and picture.id:
                    found.add(picture.id)
        found |= addresses(section.parts)
    return found


class Writer:
    """Writes the texts of one page.

    Args:
        known: the ids that have a place on the page: where they are mentioned they are links.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._given: set[str] = set()

    def text(self, value: object) -> Markup:
        """Return a text escaped, with a link on each id that has a place on the page."""
        return Markup("").join(self._pieces(str(value)))

    def place(self, id_: str) -> Markup:
        """Return the attribute that makes an element the place of an id; once for each."""
        if not id_ or id_ in self._given:
            return Markup("")
        self._given.add(id_)
        return Markup(' id="{}"').format(id_)

    def table(self, table: Table) -> Markup:
        """Return a table, with what the script needs to filter it."""
        frame = table.frame
        names = [str(name) for name in frame.columns]
        kinds = [_kind(frame.iloc[:, place]) for place in range(len(names))]
        head = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_class(kind), name or Markup("&nbsp;"))
            for name, kind in zip(names, kinds, strict=True)
        )
        rows = Markup("").join(
            self._row(table, names, kinds, values)
            for values in frame.itertuples(index=False, name=None)
        )
        options = _class("stacked" if table.stacked else "")
        if table.filters:
            places = " ".join(str(names.index(name)) for name in table.filters)
            options += Markup(' data-filters="{}"').format(places)
        return Markup(
            '<div class="wide" role="region" tabindex="0" aria-label="{}"><table{}>\n'
            "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>"
        ).format(table.title, options, head, rows)

    def _row(
        self, table: Table, names: list[str], kinds: list[str], values: tuple[Any, ...]
    ) -> Markup:
        cells, place = Markup(""), Markup("")
        for name, kind, value in zip(names, kinds, values, strict=True):
            kind = kind if isinstance(value, Folded) or words(value) not in _NOTHING else "nothing"
            label = Markup(' data-label="{}"').format(name) if table.stacked and name else ""
            content = self._badge(value) if name in table.badges else self._cell(value)
            form = Markup("<td{}{}>{}</td>")
            if name == table.anchor:
                place = self.place(str(value))
                form = Markup('<th scope="row"{}{}>{}</th>')
            cells += form.format(_class(kind), label, content)
        return Markup("<tr{}>{}</tr>\n").format(place, cells)

    def _badge(self, value: object) -> Markup:
        status = str(value)
        if not status:
            return Markup("")
        return Markup('<span class="badge {}">{}</span>').format(tone(status), label(status))

    def _cell(self, value: object) -> Markup:
        if isinstance(value, Folded):
            lines = Markup("").join(
                Markup("<li>{}</li>").format(self.text(line)) for line in value.lines
            )
            return Markup(
                '<details class="paper"><summary>{}</summary><ul>{}</ul></details>'
            ).format(value.summary, lines)
        return self.text(words(value))

    def _pieces(self, text: str) -> Iterable[Markup]:
        end = 0
        for found in _ID.finditer(text):
            if found[0] in self._known:
                yield escape(text[end : found.start()])
                yield Markup('<a href="#{0}">{0}</a>').format(found[0])
                end = found.end()
        yield escape(text[end:])


def words(value: Any) -> str:
    """Return a value of a table as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return DASH if value is None or value is pd.NA else str(value)


def _kind(column: pd.Series[Any]) -> str:
    """Return how a column is set: ``number``, ``long`` text, or neither."""
    if any(isinstance(value, Folded) for value in column):
        return "long"
    texts = [words(value) for value in column]
    told = [text for text in texts if text not in _NOTHING]
    if told and all(_NUMBER.fullmatch(text) for text in told):
        return "number"
    return "long" if any(len(text) > _LONG for text in told) else ""


def _class(name: str) -> Markup:
    return Markup(' class="{}"').format(name) if name else Markup("")
