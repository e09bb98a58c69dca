"""The affine layer, and the affine layer with a ReLU on top ("sandwich").

A forward function returns its output and a cache; the backward function takes the gradient of the
loss with respect to that output, and the cache, and returns the gradients with respect to the
inputs.
"""

from __future__ import annotations

from typing import NamedTuple

from restudy.mlp.activations import relu_backward, relu_forward
from restudy.mlp.arithmetic import NUMPY, Arithmetic, Array
from restudy.mlp.checks import require, same_shape


class AffineCache(NamedTuple):
    """What :func:`affine_backward` needs."""

    x: Array
    w: Array
    arithmetic: Arithmetic


class AffineReluCache(NamedTuple):
    """What :func:`affine_relu_backward` needs."""

    affine: AffineCache
    relu: Array


def affine_forward(
    x: Array, w: Array, b: Array, arithmetic: Arithmetic = NUMPY
) -> tuple[Array, AffineCache]:
    """Return out = x w + b.

    Args:
        x: shape (n, d1, ..., dk); every sample is flattened to D = d1 ... dk numbers.
        w: shape (D, M).
        b: shape (M,).
        arithmetic: how products of matrices are computed.

    Returns:
        out, shape (n, M), and the cache.

    Raises:
        ValueError: the shapes do not fit.
    """
    require(w.ndim == 2, f"w needs the shape (D, M), not {w.shape}")
    require(b.shape == w.shape[1:], f"b needs the shape {w.shape[1:]}, not {b.shape}")
    rows = _rows(x)
    require(
        rows.shape[1] == len(w),
        f"samples of x have {rows.shape[1]} numbers {x.shape[1:]}, but w takes {len(w)}",
    )
    return arithmetic.product(rows, w) + b, AffineCache(x, w, arithmetic)


def affine_backward(dout: Array, cache: AffineCache) -> tuple[Array, Array, Array]:
    """Return dx = dout w^T, dw = x^T dout, db = sum over the samples of dout.

    Args:
        dout: shape (n, M).
        cache: from :func:`affine_forward`.

    Returns:
        dx, shape of x; dw, shape (D, M); db, shape (M,).

    Raises:
        ValueError: ``dout`` has not the shape of the output.
    """
    x, w, arithmetic = cache
    same_shape(dout.shape, (len(x), w.shape[1]))
    dx = arithmetic.product(dout, w.T).reshape(x.shape)
    dw = arithmetic.product(_rows(x).T, dout)
    return dx, dw, dout.sum(axis=0)


def affine_relu_forward(
    x: Array, w: Array, b: Array, arithmetic: Arithmetic = NUMPY
) -> tuple[Array, AffineReluCache]:
    """Return out = max(0, x w + b), and the cache.

    Shapes and errors are those of :func:`affine_forward`.
    """
    between, affine = affine_forward(x, w, b, arithmetic)
    out, relu = relu_forward(between)
    return out, AffineReluCache(affine, relu)


def affine_relu_backward(dout: Array, cache: AffineReluCache) -> tuple[Array, Array, Array]:
    """Return dx, dw and db: back through the ReLU first, then through the affine layer.

    Shapes and errors are those of :func:`affine_backward`.
    """
    return affine_backward(relu_backward(dout, cache.relu), cache.affine)


def _rows(x: Array) -> Array:
    require(x.ndim >= 2, f"x needs samples and at least one number each, not the shape {x.shape}")
    return x.reshape(len(x), -1)
