"""The pictures of the documentation, made from the results of a run of the pipeline.

Figures and the paper are drawn by Typst, which the paper needs anyway; the page of the report by
Chromium, where it is installed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import typst

from restudy.common.files import write_atomically
from restudy.docs.browser import browser, chromium

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


Maker = Callable[[Path], bytes | None]
PICTURES: Mapping[str, tuple[str, Maker]] = {
    "report.png": ("report/index.html", screenshot),
    "paper.png": ("report/paper.pdf", sheet),
    "s3-comparison.png": ("figures/s3-comparison.svg", figure),
    "contradiction.png": ("figures/CON-BN-01.svg", figure),
    "my-study.png": ("figures/my-study.svg", figure),
    "fig-s5-01.png": ("figures/FIG-S5-01.svg", figure),
}
"""Picture -> the file of the results that it shows, and what makes it.

``my-study`` and ``FIG-S5-01`` are of the studies that two pages tell the reader to write.
``performance.png`` is made by ``python -m bench.training``.
"""


def make(results: Path, folder: Path = FOLDER) -> Iterator[str]:
    """Make the pictures of all files that a run has, and yield what was done, a line for each."""
    for name, (source, maker) in PICTURES.items():
        if not (results / source).is_file():
            yield f"{folder / name}: left as it is, {results / source} is not there"
            continue
        content = maker(results / source)
        if content is None:
            yield f"{folder / name}: left as it is, no Chromium showed {source}"
            continue
        write_atomically(folder / name, content)
        yield f"{folder / name}: {results / source}"
