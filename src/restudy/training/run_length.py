"""Neighbouring runs with equal numbers, which one call can serve.

PyTorch's operations take one number for a whole tensor: where runs have numbers of their own, an
operation is called once for each stretch of neighbours that share theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")


def equal_stretches(values: Sequence[T]) -> list[tuple[slice, T]]:
    """Return each stretch of neighbouring runs with equal values: the runs, and the value.

    Args:
        values: one per run.
    """
    stretches, start = [], 0
    for value, some in groupby(values):
        stop = start + len(list(some))
        stretches.append((slice(start, stop), value))
        start = stop
    return stretches
