"""Full-batch steps with momentum, for the network written by hand."""

from __future__ import annotations

import numpy as np

from restudy.numpy_net.arithmetic import Array
from restudy.numpy_net.network import FullyConnectedNet
from restudy.numpy_net.optimisers import classical_momentum


def descend(
    network: FullyConnectedNet,
    x: Array,
    y: Array,
    *,
    steps: int,
    learning_rate: float,
    momentum: float,
    masks: np.random.Generator | None = None,
) -> None:
    """Train a network in place, on all samples at each step.

    Args:
        network: with its first weights.
        x: inputs, shape (n, features).
        y: targets, shape (n,).
        steps: how many.
        learning_rate: of each step.
        momentum: of the classical rule.
        masks: draws those of dropout, if the network has any.
    """
    velocity = {name: np.zeros_like(w) for name, w in network.params.items()}
    for _ in range(steps):
        _, gradients = network.loss_and_gradients(x, y, masks)
        for name, g in gradients.items():
            network.params[name], velocity[name] = classical_momentum(
                network.params[name], g, velocity[name], learning_rate, momentum
            )
