"""An arithmetic with the same bits on every machine: that of MKL's products with AVX-512.

Errors of gradient checks are rounding errors, so their digits depend on the order in which a
library adds up the terms of a product of matrices. All of them come out if products are computed as
Intel's MKL does on processors with AVX-512: term after term, each product and sum rounded once
(fused multiply-add); only a product of fewer than four rows with a matrix that lies transposed in
memory is added up in eight parts. Here this is written out with operations that IEEE 754 fixes; exp
and log are those of the C library, which round to the nearest number but for rare cases. It is
slow: meant for the small arrays of unit tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from restudy.mlp.arithmetic import Arithmetic, Array

_SPLITTER = 2.0**27 + 1
"""Splits the 53 bits of a float64 into two halves of at most 26 (Dekker 1971)."""
_BELOW_ONE, _ABOVE_ONE = 1 - 2.0**-52, 1 + 2.0**-52


def in_order(a: Array, b: Array) -> Array:
    """Return a @ b, terms added in order, each by a fused multiply-add.

    Args:
        a: float64, shape (n, k), finite numbers.
        b: float64, shape (k, m), finite numbers.

    Returns:
        shape (n, m).

    Raises:
        ValueError: an array is not float64.
    """
    return _in_order(*_exact_products(a, b))


def in_eight_parts(a: Array, b: Array) -> Array:
    """Return a @ b, added up in eight parts as in a 512-bit register.

    Terms 0, 8, 16, ... make the first part, terms 1, 9, ... the second, and so on; parts 0 and 4,
    1 and 5, 2 and 6, 3 and 7 are added, and the sums of the first two and of the last two.
    Arguments and errors are those of :func:`in_order`.
    """
    product, rest = _exact_products(a, b)
    lost = -len(product) % 8
    if lost:
        nothing = np.zeros((lost, *product.shape[1:]))
        product, rest = np.concatenate([product, nothing]), np.concatenate([rest, nothing])
    p0, p1, p2, p3, p4, p5, p6, p7 = (_in_order(product[i::8], rest[i::8]) for i in range(8))
    total: Array = ((p0 + p4) + (p1 + p5)) + ((p2 + p6) + (p3 + p7))
    return total


def product(a: Array, b: Array) -> Array:
    """Return a @ b in the order of MKL (see above); arguments and errors of :func:`in_order`."""
    transposed = not b.flags.c_contiguous
    return in_eight_parts(a, b) if transposed and len(a) < 4 else in_order(a, b)


def _in_order(product: Array, rest: Array) -> Array:
    """Add up exact products, shape (k, n, m) each part, rounding once a term.

    To a sum c the product p + e is added thus: c + p = s + t exactly, so s + (t + e) is wanted. The
    bracket is rounded, by half a unit in its last place at most. That can only matter where s and
    the bracket nearly cancel, or end halfway between two numbers; then all is added up slowly.
    """
    total: Array = product[0]
    sums, brackets = [], []
    for p, e in zip(product[1:], rest[1:], strict=True):
        s, t = _exact_sum(total, p)
        bracket = t + e
        total = s + bracket
        sums.append(s)
        brackets.append(bracket)
    s, bracket = np.array(sums), np.array(brackets)
    if np.any(s + bracket * _BELOW_ONE != s + bracket * _ABOVE_ONE):
        return _in_order_slowly(product, rest)
    return total


def _in_order_slowly(product: Array, rest: Array) -> Array:
    """Do the same with ``math.fsum``, which rounds the sum of any numbers once."""
    total: Array = product[0].copy()
    for p, e in zip(product[1:], rest[1:], strict=True):
        for place in np.ndindex(*total.shape):
            total[place] = math.fsum((total[place], p[place], e[place]))
    return total


def _exact_products(a: Array, b: Array) -> tuple[Array, Array]:
    """Return p and e, shape (k, n, m), with p + e = a[i, k] b[k, j] exactly and p its rounding.

    Dekker, "A floating-point technique for extending the available precision", 1971.
    """
    if not a.dtype == b.dtype == np.float64:
        raise ValueError(f"float64 is needed, not {a.dtype} and {b.dtype}")
    x, y = a.T[:, :, None], b[:, None, :]
    p = x * y
    (x1, x2), (y1, y2) = _halves(x), _halves(y)
    return p, ((x1 * y1 - p) + x1 * y2 + x2 * y1) + x2 * y2


def _halves(x: Array) -> tuple[Array, Array]:
    scaled = _SPLITTER * x
    high = scaled - (scaled - x)
    return high, x - high


def _exact_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return s and t with s + t = a + b exactly and s its rounding (Knuth)."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def _each(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """Let a function of Python's math module work elementwise; NumPy's differ by processor."""

    def elementwise(x: Array) -> Array:
        values: Sequence[float] = x.ravel().tolist()
        return np.array([function(value) for value in values]).reshape(x.shape)

    return elementwise


FUSED = Arithmetic(product, _each(math.exp), _each(math.log))
"""The arithmetic with fused products."""
