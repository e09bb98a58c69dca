"""Parts of a page that are made: what stands between two comments that no reader sees."""

from __future__ import annotations

import re
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically


def put(path: Path, name: str, content: str) -> None:
    """Put content into the block of a page, in the place of what is there.

    Raises:
        RestudyError: the page has no such block, or more than one.
    """
    text = path.read_text(encoding="utf-8")
    before, _, after = _parts(path, text, name)
    write_atomically(path, f"{before}\n{content.strip()}\n{after}".encode())


def read(path: Path, name: str) -> str:
    """Return what stands in the block of a page."""
    return _parts(path, path.read_text(encoding="utf-8"), name)[1].strip()


def _parts(path: Path, text: str, name: str) -> tuple[str, str, str]:
    opening, closing = rf"<!-- made: {name}\b[^>]*-->", rf"<!-- end: {name} -->"
    found = re.findall(rf"(.*{opening})(.*)({closing}.*)", text, re.DOTALL)
    if len(found) != 1 or len(re.findall(opening, text)) != 1:
        raise RestudyError(f"{path}: needs one block '<!-- made: {name} --> ... <!-- end: ... -->'")
    before, content, after = found[0]
    return before, content, after
