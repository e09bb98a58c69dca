"""A plain training loop for networks that the pipeline's own code cannot build."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from restudy.datasets.load import Part


def linear(
    fan_in: int, fan_out: int, random: np.random.Generator, sd: float | None = None
) -> nn.Linear:
    """Return an affine layer: weights normal(0, sd), biases zero.

    Args:
        fan_in: its inputs.
        fan_out: its units.
        random: draws the weights.
        sd: standard deviation; None for sqrt(2 / fan_in) (He et al. 2015).
    """
    layer = nn.Linear(fan_in, fan_out)
    scale = (2 / fan_in) ** 0.5 if sd is None else sd
    drawn = random.standard_normal((fan_out, fan_in)) * scale
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(drawn))
        layer.bias.zero_()
    return layer


def tensors(part: Part) -> tuple[Tensor, Tensor]:
    """Return inputs, shape (n, features), and labels, shape (n,)."""
    return torch.from_numpy(part.x), torch.from_numpy(np.asarray(part.y, np.int64))


def train(
    model: nn.Module,
    part: Part,
    optimiser: torch.optim.Optimizer,
    *,
    epochs: int,
    batch_size: int,
    random: np.random.Generator,
) -> Iterator[float]:
    """Train a model with cross-entropy in shuffled batches, in training mode.

    Args:
        model: samples to logits.
        part: samples and labels to train on.
        optimiser: of the model's parameters.
        epochs: passes over the samples.
        batch_size: samples a step; the last batch may be smaller.
        random: draws their order.

    Yields:
        after each epoch the share of samples that were right when their batch came, before its
        step; the model is in evaluation mode then.
    """
    x, y = tensors(part)
    for _ in range(epochs):
        model.train()
        right = 0
        order = torch.from_numpy(random.permutation(len(y)))
        for start in range(0, len(y), batch_size):
            rows = order[start : start + batch_size]
            logits = model(x[rows])
            right += int((logits.argmax(1) == y[rows]).sum())
            optimiser.zero_grad()
            torch.autograd.backward(cross_entropy(logits, y[rows]))
            optimiser.step()
        model.eval()
        yield right / len(y)


def accuracy(model: nn.Module, part: Part) -> float:
    """Return the share of right samples in evaluation mode."""
    x, y = tensors(part)
    model.eval()
    with torch.no_grad():
        return float((model(x).argmax(1) == y).double().mean())
