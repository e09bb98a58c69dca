"""Losses: each returns the mean loss of a batch and its gradient with respect to the outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.mlp.arithmetic import NUMPY, Arithmetic, Array
from restudy.mlp.checks import require

Labels = NDArray[np.integer[Any]]


def softmax(scores: Array, arithmetic: Arithmetic = NUMPY) -> Array:
    """Return p_ij = exp(s_ij) / sum_k exp(s_ik).

    The greatest score of a row is taken from all of it first: p stays the same, and exp cannot
    overflow.

    Args:
        scores: shape (n, classes).
        arithmetic: how exp is computed.

    Returns:
        shape (n, classes); each row adds up to 1.
    """
    powers = arithmetic.exp(_below_zero(scores))
    p: Array = powers / powers.sum(axis=1, keepdims=True)
    return p


def cross_entropy(scores: Array, y: Labels, arithmetic: Arithmetic = NUMPY) -> tuple[float, Array]:
    """Return the softmax cross-entropy -(1/n) sum_i log p_i,y_i, p the :func:`softmax`.

    The logarithm is taken before the division, log p_ij = s_ij - log sum_k exp(s_ik) (log-sum-exp),
    so it is finite however small p is. The gradient is (p - onehot(y)) / n. Source: Goodfellow et
    al., "Deep Learning", 2016, 6.2.2.3.

    Args:
        scores: shape (n, classes).
        y: the right classes, integers, shape (n,).
        arithmetic: how exp and log are computed.

    Returns:
        the loss, and its gradient, shape (n, classes).

    Raises:
        ValueError: there is no sample, shapes do not fit, or ``y`` holds what is no class.
    """
    _check_classes(scores, y)
    below = _below_zero(scores)
    log_sums = arithmetic.log(arithmetic.exp(below).sum(axis=1, keepdims=True))
    log_p = below - log_sums
    loss = -np.sum(log_p[np.arange(len(y)), y]) / len(y)
    return float(loss), _minus_right(arithmetic.exp(log_p), y)


def cross_entropy_of_probabilities(
    scores: Array, y: Labels, arithmetic: Arithmetic = NUMPY
) -> tuple[float, Array]:
    """Return the same loss by way of the probabilities: softmax first, logarithm afterwards.

    Its last digit may differ from that of :func:`cross_entropy`. Where a right class has a
    probability too small for the type, the loss is infinite. Arguments, results and errors are
    those of :func:`cross_entropy`.
    """
    _check_classes(scores, y)
    p = softmax(scores, arithmetic)
    right = p[np.arange(len(y)), y]
    with np.errstate(divide="ignore"):
        loss = -np.sum(arithmetic.log(right)) / len(y)
    return float(loss), _minus_right(p, y)


def mse(predictions: Array, targets: Array, arithmetic: Arithmetic = NUMPY) -> tuple[float, Array]:
    """Return the mean squared error (1/n) sum_i (x_i - y_i)^2.

    n is the number of all predicted values, with more than one a sample too. The gradient is
    (2/n) (x_i - y_i) for each prediction.

    Args:
        predictions: any shape.
        targets: the same shape.
        arithmetic: not needed; there so that all losses are called alike.

    Returns:
        the loss, and its gradient, shape of the predictions.

    Raises:
        ValueError: there is no value, or the shapes differ.
    """
    require(
        predictions.shape == targets.shape,
        f"predictions and targets need one shape, not {predictions.shape} and {targets.shape}",
    )
    require(predictions.size > 0, "a loss needs at least one sample")
    error = predictions - targets
    return float(np.mean(error**2)), 2 * error / error.size


LOSSES: dict[str, Callable[[Array, Any, Arithmetic], tuple[float, Array]]] = {
    "cross_entropy": cross_entropy,
    "cross_entropy_of_probabilities": cross_entropy_of_probabilities,
    "mse": mse,
}


def _below_zero(scores: Array) -> Array:
    below: Array = scores - scores.max(axis=1, keepdims=True)
    return below


def _minus_right(p: Array, y: Labels) -> Array:
    """Return (p - onehot(y)) / n, written over p."""
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    return p


def _check_classes(scores: Array, y: Labels) -> None:
    require(scores.ndim == 2, f"scores need the shape (n, classes), not {scores.shape}")
    n, classes = scores.shape
    require(n > 0, "a loss needs at least one sample")
    require(y.shape == (n,), f"{n} rows of scores need as many labels, not the shape {y.shape}")
    if y.dtype.kind not in "iu":
        raise ValueError(f"labels are integers, not {y.dtype}")
    require(
        bool(y.min() >= 0 and y.max() < classes),
        f"labels lie between 0 and {classes - 1}, not between {y.min()} and {y.max()}",
    )
