"""Where each number of a network lies in the flat arrays of the compiled engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from restudy.training.compiled.products import VECTOR_BYTES

_Numbers = TypeVar("_Numbers", int, NDArray[np.int64])

# Columns of the table of layers: sizes, then places in the parameters (weights to shift), in the
# running statistics, in the working memory (activated to moments) and among the dropout masks.
INPUTS, OUTPUTS, PADDED, ROW, VECTORS, ROWS, WEIGHTS, BIAS, SCALE, SHIFT, STATISTICS = range(11)
ACTIVATED, NORMED, OUTPUT, MOMENTS, MASK = range(11, 16)
COLUMNS = 16


# Places in the working memory that are no layer's: see the layout's attributes.
X, GRADIENT, TRANSPOSED, BELOW, SMALL, CHUNK, X_ROW = range(7)

# Most weights of a panel that are updated at a time: they are to stay in the fastest cache.
CHUNK_NUMBERS = 4096


@dataclass(frozen=True)
class Layout:
    """Places in the flat arrays of one network.

    A layer's weights, (inputs, outputs), are cut into panels of one or two vectors of columns; the
    last panel is padded with zeros. Some rows of a panel, in equal parts, are worked on at a time.
    An activation has a row for each sample, as wide as the panels. Rows lie an odd number of cache
    lines apart, so that the numbers of a column do not meet in one set of the cache.

    Attributes:
        layers: (layers, COLUMNS) int64.
        places: in the working memory, of what is no layer's: a batch of inputs, the gradient, its
            transpose, that of the inputs' gradient, the gradients of what are no weights, those of
            a piece of weights; then how far rows of inputs lie apart.
        lanes: numbers in a vector.
        weights: how many numbers are weights, pads included; they come first in the parameters.
        parameters: how many trainable numbers there are, pads included.
        statistics: how many running statistics, a mean and a variance for each unit.
        work: how many numbers of working memory.
    """

    layers: NDArray[np.int64]
    places: NDArray[np.int64]
    lanes: int
    weights: int
    parameters: int
    statistics: int
    work: int

    def panels(self, weights: NDArray[np.floating], layer: int) -> NDArray[np.floating]:
        """Return a view of a layer's weights in flat parameters, (panels, inputs, columns)."""
        inputs, padded, start = self.layers[layer, [INPUTS, PADDED, WEIGHTS]]
        columns = self.layers[layer, VECTORS] * self.lanes
        flat = weights[start : start + inputs * padded]
        return flat.reshape(padded // columns, inputs, columns)


def make_layout(widths: Sequence[int], batch: int, itemsize: int) -> Layout:
    """Lay out a network.

    Args:
        widths: from the inputs to the outputs.
        batch: most samples of a batch.
        itemsize: bytes of a number, 4 or 8.
    """
    lanes = VECTOR_BYTES // itemsize
    table = np.zeros((len(widths) - 1, COLUMNS), np.int64)
    table[:, INPUTS], table[:, OUTPUTS] = widths[:-1], widths[1:]
    table[:, VECTORS] = np.where(table[:, OUTPUTS] > lanes, 2, 1)
    panel = table[:, VECTORS] * lanes
    padded = table[:, PADDED] = -(-table[:, OUTPUTS] // panel) * panel
    parts = -(-table[:, INPUTS] * panel // CHUNK_NUMBERS)
    table[:, ROWS] = -(-table[:, INPUTS] // parts)
    row = table[:, ROW] = row_length(padded, itemsize)
    weights = _place(table, [(WEIGHTS, table[:, INPUTS] * padded)])
    parameters = _place(table, [(BIAS, padded), (SCALE, padded), (SHIFT, padded)], start=weights)
    statistics = _place(table, [(STATISTICS, 2 * padded)])
    table[:, MASK] = np.cumsum(table[:, OUTPUTS]) - table[:, OUTPUTS]
    rows = [(column, batch * row) for column in (ACTIVATED, NORMED, OUTPUT)]
    layers = _place(table, [*rows, (MOMENTS, 3 * np.maximum(batch, padded))])
    turned = (batch + 2 * lanes) * max(widths[0], int(padded.max()))
    inputs_row = row_length(widths[0], itemsize)
    sizes = [
        batch * inputs_row,
        batch * int(row.max()),
        turned,
        turned,
        parameters - weights,
        CHUNK_NUMBERS,
    ]
    ends = layers + np.cumsum(_whole_lines(np.array(sizes)))
    places = np.concatenate([[layers], ends[:-1], [inputs_row]])
    return Layout(table, places, lanes, weights, parameters, statistics, int(ends[-1]))


def _place(
    table: NDArray[np.int64], columns: Sequence[tuple[int, NDArray[np.int64]]], start: int = 0
) -> int:
    """Fill columns with places one after the other; return where the last one ends."""
    for column, sizes in columns:
        ends = start + np.cumsum(_whole_lines(sizes))
        table[:, column] = np.concatenate([[start], ends[:-1]])
        start = int(ends[-1])
    return start


def row_length(numbers: _Numbers, itemsize: int) -> _Numbers:
    """Return how far rows of so many numbers lie apart: an odd number of cache lines."""
    line = 64 // itemsize
    return (-(-numbers // line) | 1) * line


def _whole_lines(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round sizes up, so that what follows begins at a cache line of 64 bytes."""
    return -(-sizes // 16) * 16


def aligned(rows: int, columns: int, kind: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Return zeros (rows, columns), columns a multiple of 16, that begin at a cache line."""
    room = np.zeros(rows * columns * kind.itemsize + 64, np.uint8)
    start = -room.ctypes.data % 64
    whole = room[start : start + rows * columns * kind.itemsize].view(kind)
    return whole.reshape(rows, columns)
