"""How much of the training is done, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from restudy.plan import Cell

# What each cell that is to be trained costs, in the plan's units of work.
_expected: dict[str, float] = {}


def expect(cells: Mapping[str, Cell], folder: Path) -> None:
    """Note which cells are to be trained: those without results in ``folder``, or else all."""
    missing = {name: cell for name, cell in cells.items() if not (folder / name).is_dir()}
    _expected.clear()
    _expected.update({name: cell.work for name, cell in (missing or cells).items()})


class Clock:
    """Measures how fast the work is done."""

    def __init__(self, started: float) -> None:
        """Start at a time, in seconds of any clock."""
        self.started = started
        self.done = 0.0

    def finished(self, cell: str) -> None:
        """Note that a cell is trained."""
        self.done += _expected.pop(cell, 0.0)

    def describe(self, now: float) -> str:
        """Return the share of the training that is done and the time left, at time ``now``."""
        left = sum(_expected.values())
        if not self.done or not left:
            return ""
        seconds = (now - self.started) * left / self.done
        share = self.done / (self.done + left)
        return f", training {share:.0%} done, about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Return a duration as a person reads it at a glance: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
