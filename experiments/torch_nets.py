"""Fully connected networks of ``torch.nn``, for what is measured of PyTorch itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def network(
    widths: Sequence[int],
    random: np.random.Generator,
    *,
    activation: str = "relu",
    batch_norm: bool = False,
) -> nn.Sequential:
    """Return {linear - [batch norm] - activation} x (L - 1) - linear, float32.

    With batch norm or without it has the same weights, of He et al. 2015: normal(0, sqrt(2 /
    inputs)). Biases are zero.

    Args:
        widths: inputs, hidden units of each layer, outputs.
        random: draws the weights.
        activation: name in ``ACTIVATIONS``.
        batch_norm: whether each hidden layer has batch norm, before its activation.
    """
    layers: list[nn.Module] = []
    for place, (inputs, outputs) in enumerate(itertools.pairwise(widths), start=2):
        # Without initial values, which would be drawn from PyTorch's own stream.
        linear: nn.Linear = nn.utils.skip_init(  # type: ignore[no-untyped-call]
            nn.Linear, inputs, outputs
        )
        weights = random.normal(0, math.sqrt(2 / inputs), (outputs, inputs))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
            linear.bias.zero_()
        layers.append(linear)
        if place < len(widths):
            if batch_norm:
                layers.append(nn.BatchNorm1d(outputs))
            layers.append(ACTIVATIONS[activation]())
    return nn.Sequential(*layers)


def descend(
    net: nn.Module, descent: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor
) -> None:
    """Take a step on the mean cross-entropy of a batch.

    Args:
        net: a classifier.
        descent: the rule, of the network's parameters.
        x: inputs, shape (n, features).
        y: classes, shape (n,).
    """
    descent.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()  # type: ignore[no-untyped-call]
    descent.step()
