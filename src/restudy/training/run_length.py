"""Neighbouring lanes with equal numbers, which one call can serve.

PyTorch's operations take one number for a whole tensor: where lanes have numbers of their own, an
operation is called once for each run of neighbours that share theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")


def runs_of_equal(values: Sequence[T]) -> list[tuple[slice, T]]:
    """Return each run of neighbouring lanes with equal values: the lanes, and the value.

    Args:
        values: one per lane.
    """
    runs, start = [], 0
    for value, some in groupby(values):
        stop = start + len(list(some))
        runs.append((slice(start, stop), value))
        start = stop
    return runs
