"""Digest of the page's templates: Snakemake sees neither what a script imports nor these."""

from __future__ import annotations

from pathlib import Path

from restudy.common.digests import digest

_TEMPLATES = Path(__file__).parent / "templates"


def templates_digest() -> str:
    """Return a digest of the templates, the style and the script, by which the page is stale."""
    files = sorted(path for path in _TEMPLATES.rglob("*") if path.is_file())
    return digest({str(path.relative_to(_TEMPLATES)): path.read_text("utf-8") for path in files})
