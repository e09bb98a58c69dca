"""The report as one self-contained HTML page: figures inside, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from restudy.report import phrases
from restudy.report.html import claim_tables, evidence_tables, study_tables, svg_minify
from restudy.report.html.pictures import Picture
from restudy.report.html.writer import Writer, badge
from restudy.report.view.model import View
from restudy.results.study_tables import notes
from restudy.results.variance_components import advice

_STYLE, _SCRIPT, _SECTIONS = "style.css", "script.js", "sections/"
_IDS = {
    **dict.fromkeys(("published", "claims", "errata", "figures", "systems"), "id"),
    "puzzles": "puzzle",
}
"""Table -> the column whose ids have a place on the page."""


def render(view: View, pictures: Mapping[str, Picture], *, paper: bool = False) -> str:
    """Return the page as HTML; the same arguments always give the same text.

    Args:
        view: the view model.
        pictures: the figures, by name.
        paper: whether there is a paper beside the page.
    """
    environment = Environment(
        loader=PackageLoader("restudy.report.html"),
        autoescape=True,
        extensions=["jinja2.ext.do"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    writer = Writer(known_ids(view))
    environment.globals |= {
        "view": view,
        "pictures": pictures,
        "phrases": phrases,
        "claim_tables": claim_tables,
        "evidence_tables": evidence_tables,
        "study_tables": study_tables,
        "advice": advice,
        "notes": notes,
        "paper": paper,
        "place": writer.place,
        "table_of": writer.table,
        "badge": badge,
        "LONG": study_tables.LONG,
    }
    environment.filters |= {
        "linked": writer.text,
        "address": svg_minify.address,
        "width": svg_minify.width,
    }
    style, script = (_source(environment, name) for name in (_STYLE, _SCRIPT))
    files = {
        # By the numbers that their names begin with.
        PurePosixPath(file).name.partition("-")[2].removesuffix(".html.j2"): file
        for file in sorted(environment.list_templates())
        if file.startswith(_SECTIONS)
    }
    for name in files:
        writer.place(name)  # no row or study has these addresses
    return environment.get_template("page.html.j2").render(
        style=style,
        script=script,
        digest=_digest(script),
        sections={name: environment.get_template(file).module for name, file in files.items()},
    )


def known_ids(view: View) -> set[str]:
    """Return the ids of all rows and figures that the page shows."""
    found = {*view.source_figures, *view.contradiction_figures}
    return found.union(*(view.tables[name][column] for name, column in _IDS.items()))


def _source(environment: Environment, name: str) -> Markup:
    """Return a file of ours as it is; none has anything that ends its element."""
    assert environment.loader is not None  # noqa: S101
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def _digest(script: str) -> str:
    """Return what the page's security policy names its one script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
