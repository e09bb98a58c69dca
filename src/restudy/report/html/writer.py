"""Tables and texts as HTML: everything escaped, every id of a row a link to that row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from markupsafe import Markup, escape

from restudy.common.text_format import DASH
from restudy.evidence.statuses import Status
from restudy.report.view.model import Folded, Table

_ID = re.compile(r"\b(?:PUB|CLM|ERR|FIG|SYS|EXP|PUZ|CON)-[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?\d[\d,.]*(?:e[+-]?\d+)?%?")
_NOTHING = ("", DASH)
_LONG = 60
"""A column with a longer text has room for it."""


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
        table: Table,
        title: str,
        anchor: str = "",
        badges: Sequence[str] = (),
        filters: Sequence[str] = (),
        stacked: bool = False,
    ) -> Markup:
        """Return a table, with what the script needs to filter it.

        Args:
            table: columns and rows.
            title: its name for those who cannot see it.
            anchor: the column whose values are the addresses of the rows on the page.
            badges: the columns that hold a status.
            filters: the columns that a reader can choose a value of; with any, also by free text.
            stacked: whether a row is a block of lines on a narrow screen; without, it scrolls.
        """
        names = table.columns
        kinds = [_kind([row[place] for row in table.rows]) for place in range(len(names))]
        head = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(_class(kind), name or Markup("&nbsp;"))
            for name, kind in zip(names, kinds, strict=True)
        )
        rows = Markup("")
        for values in table.rows:
            cells, place = Markup(""), Markup("")
            for name, kind, value in zip(names, kinds, values, strict=True):
                is_empty = value in _NOTHING
                label = Markup(' data-label="{}"').format(name) if stacked and name else ""
                content = badge(str(value)) if name in badges else self._cell(value)
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

    def _cell(self, value: str | Folded) -> Markup:
        if isinstance(value, Folded):
            lines = Markup("").join(
                Markup("<li>{}</li>").format(self.text(line)) for line in value.lines
            )
            return Markup(
                '<details class="paper"><summary>{}</summary><ul>{}</ul></details>'
            ).format(value.summary, lines)
        return self.text(value)

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


def _kind(column: Sequence[str | Folded]) -> str:
    """Return how a column is set: ``number``, ``long`` text, or neither."""
    if any(isinstance(value, Folded) for value in column):
        return "long"
    texts = [str(value) for value in column if value not in _NOTHING]
    if texts and all(_NUMBER.fullmatch(text) for text in texts):
        return "number"
    return "long" if any(len(text) > _LONG for text in texts) else ""


def _class(name: str) -> Markup:
    return Markup(' class="{}"').format(name) if name else Markup("")
