"""Softmax and cross-entropy: in one step or in several, and beside the squared error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.losses import Labels, cross_entropy, mse, softmax
from restudy.training.rng import generator

CLASSES = 10
SCALES = ("1", "10", "100", "1000")
P_TRUE = ("0.5", "0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06")
_SAMPLES = 200

Losses = tuple[NDArray[Any], Array]
"""The loss of each sample, shape (n,), and its gradient, shape (n, classes)."""


def fused(scores: Array, y: Labels) -> Losses:
    """Return each sample's loss by log-sum-exp, and the gradient p - onehot(y)."""
    found = [cross_entropy(scores[[i]], y[[i]]) for i in range(len(y))]
    # The loss comes as a Python float: what does not fit the type of the scores must not hide.
    losses = np.array([loss for loss, _ in found]).astype(scores.dtype)
    return losses, np.concatenate([gradient for _, gradient in found])


def separate(scores: Array, y: Labels) -> Losses:
    """Return the same by softmax first, logarithm next, and back through one after the other."""
    return _by_steps(softmax(scores), y)


def not_shifted(scores: Array, y: Labels) -> Losses:
    """Return the same, with a softmax as it is printed: the greatest score is not subtracted."""
    powers = np.exp(scores)
    return _by_steps(powers / powers.sum(axis=1, keepdims=True), y)


def _by_steps(p: Array, y: Labels) -> Losses:
    """Return -log p_y and its gradient: -1/p_y, and then p_i (g_i - sum_k g_k p_k)."""
    rows = np.arange(len(y))
    g = np.zeros_like(p)
    g[rows, y] = -1 / p[rows, y]
    return -np.log(p[rows, y]), through_softmax(p, g)


def through_softmax(p: Array, g: Array) -> Array:
    """Return the gradient of scores, given that of their probabilities, shapes (n, classes)."""
    found: Array = p * (g - np.sum(g * p, axis=1, keepdims=True))
    return found


COMPUTATIONS: Mapping[str, Callable[[Array, Labels], Losses]] = {
    "fused": fused,
    "separate": separate,
    "separate, not shifted": not_shifted,
}


@Experiment(
    name="softmax-overflow",
    title="Softmax and cross-entropy in float32, fused or in separate steps",
    factors={"computation": COMPUTATIONS, "scale": SCALES},
    numbers={
        "bad_losses": "share of samples whose loss is not finite",
        "bad_gradients": "share of samples whose gradient is not finite",
        "gradient_error": "largest |float32 - float64| of a sample's gradient, which lies in "
        "[-1, 1], 1 where it is not finite; mean over the samples",
    },
)
def softmax_overflow(data: Data) -> Rows:
    """Compute losses of random scores in float32, and hold their gradients beside float64.

    Scores are normal(0, scale), labels random: the larger the scale, the more confident and the
    more often wrong. A gradient has no unit: each of its elements lies between -1 and 1.
    """
    for seed in range(SEEDS):
        random = generator(seed, "softmax overflow")
        normal = random.standard_normal((_SAMPLES, CLASSES))
        y = random.integers(CLASSES, size=_SAMPLES)
        for scale in SCALES:
            scores = (float(scale) * normal).astype(np.float32)
            _, right = fused(scores.astype(np.float64), y)
            for name, compute in COMPUTATIONS.items():
                with np.errstate(all="ignore"):  # what is not finite is what is counted
                    losses, gradients = compute(scores, y)
                    errors = np.abs(gradients - right).max(axis=1)
                good = np.isfinite(gradients).all(axis=1)
                bad = np.mean(~np.isfinite(losses)), np.mean(~good)
                yield name, scale, seed, *bad, np.mean(np.where(good, errors, 1.0))


def _squared_error(p: Array, y: Labels) -> tuple[float, Array]:
    """Return sum_i (p_i - onehot_i)^2 of one sample, and its gradient with respect to scores."""
    loss, g = mse(p, np.eye(CLASSES)[y])
    return CLASSES * loss, through_softmax(p, CLASSES * g)


_OF_PROBABILITIES: Mapping[str, Callable[[Array, Labels], tuple[float, Array]]] = {
    "cross_entropy": lambda p, y: cross_entropy(np.log(p), y),
    "mse": _squared_error,
}


@Experiment(
    name="confident-mistakes",
    title="Loss and gradient as the right class becomes less probable",
    factors={"loss_function": _OF_PROBABILITIES, "p_true": P_TRUE},
    numbers={
        "loss": "nats, or the sum of squared errors of the probabilities",
        "times_half": "the loss, in units of that at p_true = 0.5",
        "right_score_gradient": "|gradient| with respect to the right class's score",
        "scores_gradient": "|gradient| with respect to all scores",
    },
)
def confident_mistakes(data: Data) -> Rows:
    """Compute both losses for one sample whose right class has a given probability.

    The seed shares out the rest among the other classes, uniformly over all ways to do so. The
    squared error is the sum over the classes, so the largest that it can be is 2.
    """
    y = np.array([0])
    for seed in range(SEEDS):
        others = generator(seed, "confident mistakes").dirichlet(np.ones(CLASSES - 1))
        for name, compute in _OF_PROBABILITIES.items():
            found = {}
            for p_true in P_TRUE:
                right = float(p_true)
                p = np.concatenate([[right], (1 - right) * others])[None]
                found[p_true] = compute(p, y)
            half = found["0.5"][0]
            for p_true, (loss, gradient) in found.items():
                sizes = abs(gradient[0, 0]), np.sqrt(np.sum(gradient**2))
                yield name, p_true, seed, loss, loss / half, *sizes
