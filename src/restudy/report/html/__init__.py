"""The page: one HTML file that holds everything it shows.

``render`` renders a template for each section, in the order of the files ``templates/sections/``.
Templates take data from the view model, tables from ``tables`` and sentences from ``phrases``.
"""

from pathlib import Path

from restudy.common.digests import digest

_TEMPLATES = Path(__file__).parent / "templates"


def templates_digest() -> str:
    """Return a digest of templates, style and script: Snakemake does not see these files."""
    files = sorted(path for path in _TEMPLATES.rglob("*") if path.is_file())
    return digest({str(path.relative_to(_TEMPLATES)): path.read_text("utf-8") for path in files})
