"""The pictures of the documentation, made from the results of a run of the pipeline.

Figures and the paper are drawn by Typst, which the paper needs anyway; the page of the report by
Chromium, where it is installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import typst

from restudy.common.files import write_atomically
from restudy.docs.browser import browser, chromium
from restudy.results.run_record import PAGE, PAPER

FOLDER = Path("docs/images")

_WIDTH, _HEIGHT = 1200, 1080
"""Size of the browser's window, in pixels of the page."""
_PIXELS_PER_INCH = 110
_WHITE_MARGIN = "6pt"

_FIGURE = '#set page(width: auto, height: auto, margin: {margin}, fill: white)\n#image("{name}")\n'
_SHEET = (
    "#set page(width: auto, height: auto, margin: 10pt, fill: luma(225))\n"
    "#stack(dir: ltr, spacing: 10pt, "
    '..range(1, 4).map(n => image("{name}", page: n, width: 260pt)))\n'
)


def figure(path: Path) -> bytes:
    """Return a figure, an SVG file, as PNG."""
    return _png(path, _FIGURE.format(margin=_WHITE_MARGIN, name=path.name), _PIXELS_PER_INCH)


def sheet(path: Path) -> bytes:
    """Return the first three pages of a PDF side by side as PNG."""
    return _png(path, _SHEET.format(name=path.name), _PIXELS_PER_INCH)


def _png(path: Path, source: str, resolution: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, folder)
        main = Path(folder) / "main.typ"
        main.write_text(source, encoding="utf-8")
        png: bytes = typst.compile(main, format="png", ppi=resolution, ignore_system_fonts=True)
    return png


def screenshot(path: Path) -> bytes | None:
    """Return the top of a page as a browser shows it; None without a browser."""
    if (program := chromium()) is None:
        return None
    with browser(program) as tab:
        tab.screen(_WIDTH, _HEIGHT)
        tab.open(path.resolve().as_uri())
        return tab.shot()


def make(results: Path, folder: Path = FOLDER) -> Iterator[str]:
    """Make the pictures in a folder again, and yield what was done, a line for each.

    ``report.png`` shows the page, ``paper.png`` the paper, ``NAME.png`` the figure ``NAME`` in any
    case. All others are left as they are.
    """
    figures = {path.stem.lower(): path for path in sorted(results.glob("figures/*.svg"))}
    for picture in sorted(folder.glob("*.png")):
        maker: Callable[[Path], bytes | None]
        if picture.stem == "report":
            source, maker = results / PAGE, screenshot
        elif picture.stem == "paper":
            source, maker = results / PAPER, sheet
        else:
            no_figure = results / f"figures/{picture.stem}.svg"
            source, maker = figures.get(picture.stem, no_figure), figure
        if not source.is_file():
            yield f"{picture}: left as it is, {source} is not there"
        elif (content := maker(source)) is None:
            yield f"{picture}: left as it is, no Chromium showed {source}"
        else:
            write_atomically(picture, content)
            yield f"{picture}: {source}"
