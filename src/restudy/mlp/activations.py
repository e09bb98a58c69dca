"""ReLU, sigmoid and tanh, forward and backward, elementwise on any shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from restudy.mlp.arithmetic import NUMPY, Arithmetic, Array
from restudy.mlp.checks import same_shape


def relu_forward(x: Array) -> tuple[Array, Array]:
    """Return max(0, x) and the cache, which is x."""
    return np.maximum(0, x), x


def relu_backward(dout: Array, x: Array) -> Array:
    """Return dx = dout where x > 0, else 0.

    The derivative at x = 0 is 0 here, as in PyTorch.

    Raises:
        ValueError: ``dout`` has not the shape of x.
    """
    same_shape(dout.shape, x.shape)
    return dout * (x > 0)


def sigmoid_forward(x: Array, arithmetic: Arithmetic = NUMPY) -> tuple[Array, Array]:
    """Return 1 / (1 + exp(-x)) and the cache, which is the output.

    Where exp(-x) would overflow, x is cut off (at -88 in float32, -709 in float64): the output is
    below 1e-38 there.
    """
    lowest = -np.floor(np.log(np.finfo(x.dtype).max))
    out: Array = 1 / (1 + arithmetic.exp(-np.maximum(x, lowest)))
    return out, out


def sigmoid_backward(dout: Array, out: Array) -> Array:
    """Return dx = dout * out * (1 - out), with out the output.

    Raises:
        ValueError: ``dout`` has not the shape of the output.
    """
    same_shape(dout.shape, out.shape)
    return dout * out * (1 - out)


def tanh_forward(x: Array) -> tuple[Array, Array]:
    """Return tanh(x) = 2 sigmoid(2x) - 1 and the cache, which is the output."""
    out: Array = np.tanh(x)
    return out, out


def tanh_backward(dout: Array, out: Array) -> Array:
    """Return dx = dout * (1 - out^2), with out the output.

    Raises:
        ValueError: ``dout`` has not the shape of the output.
    """
    same_shape(dout.shape, out.shape)
    return dout * (1 - out * out)


@dataclass(frozen=True)
class Activation:
    """An activation.

    Attributes:
        forward: (x) -> (out, cache).
        backward: (dout, cache) -> dx.
    """

    forward: Callable[[Array], tuple[Array, Array]]
    backward: Callable[[Array, Array], Array]


ACTIVATIONS = {
    "relu": Activation(relu_forward, relu_backward),
    "sigmoid": Activation(sigmoid_forward, sigmoid_backward),
    "tanh": Activation(tanh_forward, tanh_backward),
}
