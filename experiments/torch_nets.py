"""Fully connected networks of ``torch.nn``, and a plain training loop for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from restudy.data.load import Part

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def linear(
    fan_in: int,
    fan_out: int,
    random: np.random.Generator,
    sd: float | None = None,
    dtype: type[np.float64 | np.float32] = np.float64,
) -> nn.Linear:
    """Return an affine layer: weights normal(0, sd), biases zero.

    Args:
        fan_in: its inputs.
        fan_out: its units.
        random: draws the weights.
        sd: standard deviation; None for sqrt(2 / fan_in) (He et al. 2015).
        dtype: of the numbers that are drawn.
    """
    # Without initial values, which would be drawn from PyTorch's own stream.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out)  # type: ignore[no-untyped-call]
    drawn = random.standard_normal((fan_out, fan_in), dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(drawn * ((2 / fan_in) ** 0.5 if sd is None else sd)))
        layer.bias.zero_()
    return layer


def network(
    widths: Sequence[int],
    random: np.random.Generator,
    hidden: Callable[[int], Sequence[nn.Module]] = lambda units: [nn.ReLU()],
    **options: Any,
) -> nn.Sequential:
    """Return {linear - hidden} x (L - 1) - linear, float32.

    Args:
        widths: inputs, hidden units of each layer, outputs.
        random: draws the weights.
        hidden: what follows the linear part of a hidden layer, from the number of its units.
        options: of :func:`linear`.
    """
    layers: list[nn.Module] = []
    for fan_in, units in itertools.pairwise(widths):
        layers += [linear(fan_in, units, random, **options), *hidden(units)]
    return nn.Sequential(*layers[: len(layers) - len(hidden(widths[-1]))])


def with_norm(batch_norm: bool, activation: str = "relu") -> Callable[[int], Sequence[nn.Module]]:
    """Return a hidden layer for :func:`network`: batch norm or none, then the activation."""
    return lambda units: [*batch_norm * [nn.BatchNorm1d(units)], ACTIVATIONS[activation]()]


def descend(net: nn.Module, descent: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Tensor:
    """Take a step on the mean cross-entropy of a batch; return the logits before it.

    Args:
        net: a classifier.
        descent: the rule, of the network's parameters.
        x: inputs, shape (n, features).
        y: classes, shape (n,).
    """
    logits: Tensor = net(x)
    descent.zero_grad()
    torch.autograd.backward(cross_entropy(logits, y))
    descent.step()
    return logits


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
) -> float:
    """Train a model with cross-entropy in shuffled batches, in training mode.

    Args:
        model: samples to logits.
        part: samples and labels to train on.
        optimiser: of the model's parameters.
        epochs: passes over the samples.
        batch_size: samples a step; the last batch may be smaller.
        random: draws their order.

    Returns:
        the share of samples of the last epoch that were right when their batch came.
    """
    x, y = tensors(part)
    model.train()
    for _ in range(epochs):
        right = 0
        order = torch.from_numpy(random.permutation(len(y)))
        for start in range(0, len(y), batch_size):
            rows = order[start : start + batch_size]
            right += int((descend(model, optimiser, x[rows], y[rows]).argmax(1) == y[rows]).sum())
    model.eval()
    return right / len(y)


def accuracy(model: nn.Module, part: Part) -> float:
    """Return the share of right samples in evaluation mode."""
    x, y = tensors(part)
    model.eval()
    with torch.no_grad():
        return float((model(x).argmax(1) == y).double().mean())
