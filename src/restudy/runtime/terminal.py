"""One line at the bottom of a terminal that is written anew while others scroll by above it.

Several processes write to the terminal: Snakemake and every job. So the cursor stays where the
next ordinary line begins, and the line at the bottom is drawn below it. Whoever writes a line
writes it in the right place, without knowing of this.
"""

from __future__ import annotations

import os
from typing import TextIO

ERASE = "\x1b[J"
"""Erases what stands behind and below the cursor."""

_ROOM = "\x1bD\x1b[A"
"""Makes sure that there is a line below: moves down, where the screen scrolls if need be, and up.
Unlike a line feed this leaves the column as it is, behind a bar that another process draws."""
_SAVE, _RESTORE = "\x1b7", "\x1b8"
_BELOW = "\x1b[B\r"

_WIDTH = 80


class BottomLine:
    """A line at the bottom."""

    def __init__(self, stream: TextIO) -> None:
        """Take a stream that :func:`is_terminal`; nothing is drawn yet."""
        self._stream = stream
        self._text = ""

    def show(self, text: str) -> None:
        """Draw the line anew; nothing takes it away."""
        if text or self._text:
            self._text = text
            self._write(ERASE + self._drawn())

    def print(self, line: str) -> None:
        """Print an ordinary line above."""
        erased = f"\r{ERASE}" if self._text else ""
        self._write(f"{erased}{line}\n{self._drawn()}")

    def _drawn(self) -> str:
        if not self._text:
            return ""
        # A line of full width would make some terminals go to the next.
        text = self._text[: _width(self._stream) - 1]
        return f"{_ROOM}{_SAVE}{_BELOW}{text}{_RESTORE}"

    def _write(self, text: str) -> None:
        # At once, so that nothing comes between.
        self._stream.write(text)
        self._stream.flush()


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a stream goes to a terminal on which the cursor can be moved."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except OSError:
        return _WIDTH
