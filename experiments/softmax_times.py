"""Seconds of softmax and cross-entropy, fused or one after the other, in NumPy and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch.nn.functional import cross_entropy, nll_loss

from experiments.softmax import CLASSES, through_softmax
from experiments.step_times import Levels, Step, by_levels
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.losses import Labels
from restudy.training.rng import generator

_BATCH = 64

Loss = tuple[float, Array]
"""The mean loss of a batch, and its gradient with respect to the scores, shape (n, classes)."""


def fused(scores: Array, y: Labels) -> Loss:
    """Return the loss by log-sum-exp, and (p - onehot(y)) / n."""
    rows = np.arange(len(y))
    below = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(below)
    sums = p.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - below[rows, y]))
    p /= sums
    p[rows, y] -= 1
    p /= len(y)
    return loss, p


def separate(scores: Array, y: Labels) -> Loss:
    """Return the same by softmax, then -log p_y, and back through one after the other.

    The greatest score is subtracted as in the other, so that the steps are all that differs.
    """
    rows = np.arange(len(y))
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    right = p[rows, y]
    loss = -float(np.mean(np.log(right)))
    g = np.zeros_like(p)
    g[rows, y] = -1 / (len(y) * right)
    return loss, through_softmax(p, g)


BY_HAND: Mapping[str, Callable[[Array, Labels], Loss]] = {"fused": fused, "separate": separate}

TORCH: Mapping[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "fused": cross_entropy,
    "separate": lambda scores, y: nll_loss(torch.log(torch.softmax(scores, dim=1)), y),
}


@Experiment(
    name="softmax-speed",
    title="What softmax and cross-entropy cost, fused or in separate steps",
    factors={"library": ("numpy", "torch"), "computation": BY_HAND},
    numbers={"seconds": "of the processor: loss and gradient of 64 x 10 scores"},
    timed=True,
)
def softmax_speed(data: Data) -> Rows:
    """Time loss and gradient of 64 x 10 scores, normal(0, 1) and float32, each way."""
    random = generator(0, "softmax speed")
    scores = random.standard_normal((_BATCH, CLASSES)).astype(np.float32)
    y = random.integers(CLASSES, size=_BATCH)
    leaf, classes = torch.from_numpy(scores).requires_grad_(), torch.from_numpy(y)
    by_hand: dict[Levels, Step] = {
        ("numpy", name): partial(way, scores, y) for name, way in BY_HAND.items()
    }
    by_torch: dict[Levels, Step] = {
        ("torch", name): partial(differentiated, way, leaf, classes) for name, way in TORCH.items()
    }
    return by_levels({**by_hand, **by_torch})


def differentiated(
    way: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    scores: torch.Tensor,
    y: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean loss of a batch, and its gradient with respect to the scores."""
    loss = way(scores, y)
    (gradient,) = torch.autograd.grad(loss, scores)
    return loss, gradient
