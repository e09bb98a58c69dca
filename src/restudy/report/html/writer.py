"""Tables and texts as HTML: everything escaped, every id of a row a link to that row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from restudy.common.text_format import DASH, number
from restudy.evidence.statuses import Status

_ID = re.compile(r"\b(?:PUB|CLM|ERR|FIG|SYS|EXP|PUZ|CON)-[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?\d[\d,.]*(?:e[+-]?\d+)?%?")
_NOTHING = ("", DASH)
_LONG = 60
"""A column with a longer text has room for it."""


@dataclass(frozen=True)
class Folded:
    """A cell of a table that opens: a summary, and the lines shown when it is open or printed."""

    summary: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.lines)


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

    def id_attribute(self, id_: str) -> Markup:
        """Return the attribute that makes an element the place of an id; once for each."""
        if not id_ or id_ in self._given:
            return Markup("")
        self._given.add(id_)
        return Markup(' id="{}"').format(id_)

    def table(
        self,
        frame: pd.DataFrame,
        title: str,
        anchor: str = "",
        badges: Sequence[str] = (),
        filters: Sequence[str] = (),
        stacked: bool = False,
    ) -> Markup:
        """Return a table, with what the script needs to filter it.

        Args:
            frame: rows of texts, numbers, yes and no, or :class:`Folded`.
            title: its name for those who cannot see it.
            anchor: the column whose values are the addresses of the rows on the page.
            badges: the columns that hold a status.
            filters: the columns that a reader can choose a value of; with any, also by free text.
            stacked: whether a row is a block of lines on a narrow screen; without, it scrolls.
        """
        names = [str(name) for name in frame.columns]
        kinds = [_kind(frame.iloc[:, place]) for place in range(len(names))]
        head = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_class(kind), name or Markup("&nbsp;"))
            for name, kind in zip(names, kinds, strict=True)
        )
        rows = Markup("")
        for values in frame.itertuples(index=False, name=None):
            cells, place = Markup(""), Markup("")
            for name, kind, value in zip(names, kinds, values, strict=True):
                is_empty = not isinstance(value, Folded) and cell_text(value) in _NOTHING
                label = Markup(' data-label="{}"').format(name) if stacked and name else ""
                content = badge(value) if name in badges else self._cell(value)
                form = Markup("<td{}{}>{}</td>")
                if name == anchor:
                    place = self.id_attribute(str(value))
                    form = Markup('<th scope="row"{}{}>{}</th>')
                cells += form.format(_class("nothing" if is_empty else kind), label, content)
            rows += Markup("<tr{}>{}</tr>\n").format(place, cells)
        options = _class("stacked" if stacked else "")
        if filters:
            places = " ".join(str(names.index(name)) for name in filters)
            options += Markup(' data-filters="{}"').format(places)
        return Markup(
            '<div class="wide" role="region" tabindex="0" aria-label="{}"><table{}>\n'
            "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>"
        ).format(title, options, head, rows)

    def _cell(self, value: object) -> Markup:
        if isinstance(value, Folded):
            lines = Markup("").join(
                Markup("<li>{}</li>").format(self.text(line)) for line in value.lines
            )
            return Markup(
                '<details class="paper"><summary>{}</summary><ul>{}</ul></details>'
            ).format(value.summary, lines)
        return self.text(cell_text(value))

    def _pieces(self, text: str) -> Iterable[Markup]:
        end = 0
        for found in _ID.finditer(text):
            if found[0] in self._known:
                yield escape(text[end : found.start()])
                yield Markup('<a href="#{0}">{0}</a>').format(found[0])
                end = found.end()
        yield escape(text[end:])


def badge(value: str) -> Markup:
    """Return a status in its colour; nothing for an empty value."""
    if not value:
        return Markup("")
    status = Status(value)
    return Markup('<span class="badge {}">{}</span>').format(status.tone.value, status.label)


def cell_text(value: Any) -> str:
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
    texts = [cell_text(value) for value in column]
    told = [text for text in texts if text not in _NOTHING]
    if told and all(_NUMBER.fullmatch(text) for text in told):
        return "number"
    return "long" if any(len(text) > _LONG for text in told) else ""


def _class(name: str) -> Markup:
    return Markup(' class="{}"').format(name) if name else Markup("")
