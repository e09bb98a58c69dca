"""A terminal as far as the pipeline uses one: what a person sees after all that was written."""

import re

_PART = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b([78D])|(\r)|(\n)|([^\x1b\r\n]+)|(\x1b)")


class Screen:
    """Interprets text and the few control sequences; complains of others.

    ``lines`` are those that have scrolled away, then those on the screen.
    """

    def __init__(self, rows=24):
        self.rows = rows
        self.lines = [""]
        self.row = self.column = 0
        self.saved = None

    def write(self, text):
        for number, letter, single, back, feed, words, unknown in _PART.findall(text):
            assert not unknown
            if words:
                line = self.lines[self.row].ljust(self.column)
                end = self.column + len(words)
                self.lines[self.row] = line[: self.column] + words + line[end:]
                self.column = end
            elif back:
                self.column = 0
            elif feed:
                self._down()
                self.column = 0
            elif single == "D":
                self._down()
            elif single == "7":
                # A place on the screen, whatever scrolls.
                self.saved = self.row - self._top, self.column
            elif single == "8":
                self.row, self.column = self.saved[0] + self._top, self.saved[1]
            else:
                self._control(letter, number)
        return len(text)

    def _control(self, letter, number):
        if letter == "A":
            self.row = max(self.row - int(number or 1), self._top)
        elif letter == "B":
            self.row = min(self.row + int(number or 1), len(self.lines) - 1)
        elif letter == "J":
            assert not number
            self.lines[self.row] = self.lines[self.row][: self.column]
            self.lines[self.row + 1 :] = [""] * len(self.lines[self.row + 1 :])
        else:
            raise AssertionError(f"unknown sequence {letter}")

    @property
    def _top(self):
        return max(len(self.lines) - self.rows, 0)

    def _down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def flush(self):
        pass

    def isatty(self):
        return True

    def fileno(self):
        raise OSError("no file")

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self.lines).rstrip()
