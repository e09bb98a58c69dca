"""The report as one self-contained HTML page: figures inside, nothing loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from restudy.evidence.statuses import label
from restudy.report import svg
from restudy.report.html import Writer, addresses
from restudy.report.parts import Page
from restudy.report.tones import tone

_STYLE, _SCRIPT = "style.css", "script.js"


def render(page: Page) -> str:
    """Return the page as HTML; the same ``page`` always gives the same text."""
    environment = Environment(
        loader=PackageLoader("restudy.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    writer = Writer(addresses(page.sections))
    environment.globals["place"] = writer.place
    environment.filters |= {
        "table": writer.table,
        "linked": writer.text,
        "address": svg.address,
        "width": svg.width,
        "tone": tone,
        "label": label,
    }
    style, script = (_source(environment, name) for name in (_STYLE, _SCRIPT))
    template = environment.get_template("page.html.j2")
    return template.render(page=page, style=style, script=script, digest=_digest(script))


def _source(environment: Environment, name: str) -> Markup:
    """Return a file of ours as it is; none has anything that ends its element."""
    assert environment.loader is not None  # noqa: S101
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704


def _digest(script: str) -> str:
    """Return what the page's security policy names its one script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
