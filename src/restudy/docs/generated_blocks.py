"""Generated blocks of a page: the lines between two comments that no reader sees."""

from __future__ import annotations

import re
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically


def replace_block(path: Path, name: str, content: str) -> None:
    """Replace the content of a block of a page.

    Raises:
        RestudyError: the page has no such block, or more than one.
    """
    before, _, after = _parts(path, name)
    write_atomically(path, f"{before}\n{content.strip()}\n{after}".encode())


def read_block(path: Path, name: str) -> str:
    """Return the content of a block of a page."""
    return _parts(path, name)[1].strip()


def _parts(path: Path, name: str) -> tuple[str, str, str]:
    text = path.read_text(encoding="utf-8")
    opening, closing = rf"<!-- made: {name}\b[^>]*-->", rf"<!-- end: {name} -->"
    found = re.findall(rf"(.*{opening})(.*)({closing}.*)", text, re.DOTALL)
    if len(found) != 1 or len(re.findall(opening, text)) != 1:
        raise RestudyError(f"{path}: needs one block '<!-- made: {name} --> ... <!-- end: ... -->'")
    before, content, after = found[0]
    return before, content, after
