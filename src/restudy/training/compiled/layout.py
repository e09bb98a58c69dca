"""Where each number of a network lies in the flat arrays of the compiled engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restudy.training.compiled.products import VECTOR_BYTES

# Columns of the table of layers: sizes, then places in the parameters (weights to shift), in the
# running statistics, in the working memory (activated to moments) and among the dropout masks.
INPUTS, OUTPUTS, PADDED, VECTORS, WEIGHTS, BIAS, SCALE, SHIFT, STATISTICS = range(9)
ACTIVATED, NORMED, OUTPUT, MOMENTS, MASK = range(9, 14)
COLUMNS = 14

# Places in the working memory that are no layer's.
X, GRADIENT, TRANSPOSED, BELOW, SMALL, CHUNK = range(6)

# Numbers of a panel that are updated at a time, so that they are in the fastest cache.
CHUNK_NUMBERS = 4096


@dataclass(frozen=True)
class Layout:
    """Places in the flat arrays of one network.

    A layer's weights, (inputs, outputs), are cut into panels of one or two vectors of columns; the
    last panel is padded with zeros. Each row of an activation is padded to the same width.

    Attributes:
        layers: (layers, COLUMNS) int64.
        places: of what is no layer's in the working memory.
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
    weights = _place(table, [(WEIGHTS, table[:, INPUTS] * padded)])
    parameters = _place(table, [(BIAS, padded), (SCALE, padded), (SHIFT, padded)], start=weights)
    statistics = _place(table, [(STATISTICS, 2 * padded)])
    table[:, MASK] = np.cumsum(table[:, OUTPUTS]) - table[:, OUTPUTS]
    rows = [(column, batch * padded) for column in (ACTIVATED, NORMED, OUTPUT)]
    layers = _place(table, [*rows, (MOMENTS, 3 * np.maximum(batch, padded))])
    turned = (batch + 2 * lanes) * max(widths)
    sizes = [
        batch * widths[0],
        batch * int(padded.max()),
        turned,
        turned,
        parameters - weights,
        CHUNK_NUMBERS,
    ]
    ends = layers + np.cumsum(_whole_lines(np.array(sizes)))
    places = np.concatenate([[layers], ends[:-1]])
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


def _whole_lines(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Round sizes up, so that what follows begins at a cache line of 64 bytes."""
    return -(-sizes // 16) * 16


def aligned(rows: int, columns: int, kind: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Return zeros (rows, columns), columns a multiple of 16, that begin at a cache line."""
    room = np.zeros(rows * columns * kind.itemsize + 64, np.uint8)
    start = -room.ctypes.data % 64
    whole = room[start : start + rows * columns * kind.itemsize].view(kind)
    return whole.reshape(rows, columns)
