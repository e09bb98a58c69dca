"""The report as one self-contained HTML page: figures inside, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from restudy.report import phrases
from restudy.report.html import svg_minify, tables
from restudy.report.html.figures import PageFigure
from restudy.report.html.writer import Writer, badge
from restudy.report.view.model import View

_STYLE, _SCRIPT, _SECTIONS = "style.css", "script.js", "sections/"
_LONG = 12
"""A table with more rows is folded."""


def render(view: View, figures: Mapping[str, PageFigure], *, paper: bool = False) -> str:
    """Return the page as HTML; the same arguments always give the same text.

    Args:
        view: the view model.
        figures: by name.
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
    writer = Writer(set(view.ids))
    environment.globals |= {
        "view": view,
        "figures": figures,
        "paper": paper,
        "phrases": phrases,
        "tables": tables,
        "id_attribute": writer.id_attribute,
        "html_table": writer.table,
        "badge": badge,
        "LONG": _LONG,
    }
    environment.filters |= {
        "linked": writer.text,
        "data_url": svg_minify.data_url,
        "width": svg_minify.drawn_width,
    }
    blocks = environment.get_template("blocks.html.j2").module
    environment.globals |= {
        name: macro for name, macro in vars(blocks).items() if not name.startswith("_")
    }
    style, script = (_source(environment, name) for name in (_STYLE, _SCRIPT))
    files = {  # in the order of the numbers at the start of their names
        PurePosixPath(file).name.partition("-")[2].removesuffix(".html.j2"): file
        for file in sorted(environment.list_templates())
        if file.startswith(_SECTIONS)
    }
    for name in files:
        writer.id_attribute(name)  # no row or study gets these ids
    return environment.get_template("page.html.j2").render(
        style=style,
        script=script,
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        sections={name: environment.get_template(file).module for name, file in files.items()},
    )


def _source(environment: Environment, name: str) -> Markup:
    """Return a file of ours as it is; none has anything that ends its element."""
    assert environment.loader is not None  # noqa: S101
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704
