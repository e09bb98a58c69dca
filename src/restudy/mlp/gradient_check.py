"""Gradients by centred differences, and how far written-out gradients are from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from restudy.mlp.arithmetic import Array
from restudy.mlp.checks import require
from restudy.mlp.network import FullyConnectedNet

FLOOR = 1e-8
STEP = 1e-5
Cache = TypeVar("Cache")


class Disagreement(NamedTuple):
    """How far a gradient is from the numerical one, by three measures.

    Attributes:
        max_relative: :func:`max_relative_error`.
        norm_relative: :func:`norm_relative_error`.
        cosine: :func:`cosine`.
    """

    max_relative: float
    norm_relative: float
    cosine: float


def numerical_gradient(
    f: Callable[[], Any], x: Array, dout: ArrayLike = 1.0, h: float = STEP
) -> Array:
    """Return d sum(f * dout) / dx by centred differences, (f(x + h) - f(x - h)) / 2h.

    The error is of the order h^2 (truncation) plus eps |f| / h (rounding). Source: the
    public course harness; Press et al., "Numerical Recipes", 3rd ed., 5.7.

    Args:
        f: computes a number or an array from ``x`` as it stands.
        x: float64, any shape; changed one number at a time while ``f`` is called, and put back.
        dout: the gradient of the loss with respect to f, shape of f; 1 where f is the loss.
        h: the step.

    Returns:
        shape of x.

    Raises:
        ValueError: ``x`` is not float64 (in float32 rounding would drown the difference), or ``h``
            is not above 0.
    """
    require(x.dtype == np.float64, f"centred differences need float64, not {x.dtype}")
    require(h > 0, f"the step must be above 0, not {h}")
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        before = x[place]
        x[place] = before + h
        above = np.array(f())
        x[place] = before - h
        below = np.array(f())
        x[place] = before
        gradient[place] = np.sum((above - below) * dout) / (2 * h)
    return gradient


def max_relative_error(a: Array, b: Array) -> float:
    """Return max |a - b| / max(1e-8, |a| + |b|) over the elements.

    It is exactly 1 as soon as one pair of elements differs in sign, or one of them is 0: it says
    that something is wrong, not how wrong.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shapes(a, b)
    return float(np.max(np.abs(a - b) / np.maximum(FLOOR, np.abs(a) + np.abs(b))))


def norm_relative_error(gradient: Array, reference: Array) -> float:
    """Return |gradient - reference| / max(1e-8, |reference|) in the Euclidean norm.

    It has no upper bound: a gradient that is k times the right one has the error |k - 1|.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shapes(gradient, reference)
    return _length(gradient - reference) / max(FLOOR, _length(reference))


def cosine(a: Array, b: Array) -> float:
    """Return the cosine of the angle between two gradients, whatever their lengths.

    1 where they point the same way, -1 where the sign is wrong; 1 for two zeros, 0 for one.

    Raises:
        ValueError: the shapes differ.
    """
    _same_shapes(a, b)
    length_a, length_b = _length(a), _length(b)
    if length_a == 0 or length_b == 0:
        return float(length_a == length_b)
    return float(np.sum((a / length_a) * (b / length_b)))


def disagreement(gradient: Array, reference: Array) -> Disagreement:
    """Return all three measures.

    Raises:
        ValueError: the shapes differ.
    """
    return Disagreement(
        max_relative_error(gradient, reference),
        norm_relative_error(gradient, reference),
        cosine(gradient, reference),
    )


def check_layer(
    forward: Callable[[], tuple[Array, Cache]],
    backward: Callable[[Array, Cache], Array | Sequence[Array]],
    inputs: Mapping[str, Array],
    dout: Array,
) -> dict[str, Disagreement]:
    """Check the backward function of a layer.

    Args:
        forward: () -> (out, cache), from the ``inputs`` as they stand.
        backward: (dout, cache) -> the gradient of each input, in their order.
        inputs: float64 arrays by name.
        dout: gradient of a loss with respect to the output, shape of the output.

    Returns:
        for each input how far its gradient is from the numerical one.

    Raises:
        ValueError: an input is not float64, or there are not as many gradients as inputs.
    """
    _, cache = forward()
    found = backward(dout, cache)
    gradients = [found] if isinstance(found, np.ndarray) else list(found)
    require(len(gradients) == len(inputs), f"{len(gradients)} gradients for {len(inputs)} inputs")
    return {
        name: disagreement(gradient, numerical_gradient(lambda: forward()[0], x, dout))
        for (name, x), gradient in zip(inputs.items(), gradients, strict=True)
    }


def check_network(
    network: FullyConnectedNet, x: Array, y: ArrayLike, seed: int = 0
) -> dict[str, Disagreement]:
    """Check the gradients of all parameters of a network, penalties included.

    Batch norm is checked as in training, with the batch's statistics; dropout with one and the same
    mask for all evaluations. Where a difference steps over the kink of a ReLU or of an L1 penalty
    it is no derivative, and the error is large without a mistake.

    Args:
        network: float64.
        x: samples of a batch, as for :meth:`FullyConnectedNet.loss_and_gradients`.
        y: their classes or target values.
        seed: of the masks.

    Returns:
        for each parameter how far its gradient is from the numerical one. The network is left as
        it was, running averages of batch norm included.

    Raises:
        ValueError: the network is not float64, or the batch does not fit.
    """
    before = network.state()
    numerical = numerical_gradients(network, x, y, seed)
    _, gradients = network.loss_and_gradients(x, y, np.random.default_rng(seed))
    network.load_state(before)
    return {name: disagreement(gradients[name], numerical[name]) for name in network.params}


def numerical_gradients(
    network: FullyConnectedNet, x: Array, y: ArrayLike, seed: int = 0
) -> dict[str, Array]:
    """Return the numerical gradient of the loss for every parameter, by name.

    Arguments and errors are those of :func:`check_network`; running averages of batch norm move.
    """
    return {
        name: numerical_gradient(lambda: network.loss(x, y, np.random.default_rng(seed)), parameter)
        for name, parameter in network.params.items()
    }


def _same_shapes(a: Array, b: Array) -> None:
    require(a.shape == b.shape, f"gradients of one shape are needed, not {a.shape} and {b.shape}")


def _length(a: Array) -> float:
    """Return the Euclidean norm, by a sum that has the same bits on every machine."""
    return float(np.sqrt(np.sum(a * a)))
