"""The arithmetic of a training step that no way can do without: its matrix products."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple


class Product(NamedTuple):
    """A product of a (rows, inner) and an (inner, columns) matrix."""

    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        """One multiplication and one addition for each of rows x inner x columns."""
        return 2 * self.rows * self.inner * self.columns


def products(widths: Sequence[int], batch: int) -> list[Product]:
    """Return the matrix products of one step of one network.

    Each layer has three: outputs = W x, the gradient of W, and the gradient of x, which the first
    layer does not need.

    Args:
        widths: of all layers, from the inputs to the outputs.
        batch: samples of the step.
    """
    found = []
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        found.append(Product(outputs, inputs, batch))
        found.append(Product(outputs, batch, inputs))
        if layer:
            found.append(Product(inputs, outputs, batch))
    return found


def useful_flops(widths: Sequence[int], samples: int) -> int:
    """Return the floating point operations of the products of an epoch, whatever its batches.

    That is 2 x samples x (3 x all weights - the first layer's), biases, norms and the optimiser
    left out.
    """
    return sum(product.flops for product in products(widths, samples))
