"""The few operations whose last bits differ from machine to machine.

Sums, products and quotients of numbers are the same everywhere (IEEE 754). A product of matrices is
not: libraries add its terms in different orders, with different roundings. Nor are exp and log.
Layers take these three from an :class:`Arithmetic`, so that :mod:`restudy.mlp.fused` can put
others in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""What all layers take and return: float32 or float64, the same out as in."""


@dataclass(frozen=True)
class Arithmetic:
    """How to compute what is not the same everywhere.

    Attributes:
        product: (a, b) -> a @ b, shapes (n, k), (k, m), (n, m).
        exp, log: elementwise.
    """

    product: Callable[[Array, Array], Array]
    exp: Callable[[Array], Array]
    log: Callable[[Array], Array]


NUMPY = Arithmetic(np.matmul, np.exp, np.log)
"""NumPy's own: fast, and right to the last bits but one or two."""
