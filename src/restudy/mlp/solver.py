"""Training: steps of an optimiser on batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from restudy.mlp.checks import choice, probability, require
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.optimisers import OPTIMISERS


def shuffled(samples: int, size: int, epochs: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each batch, every epoch in a new order; its last batch may be smaller."""
    random = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    for _ in range(epochs):
        order = random.permutation(samples)
        yield from (order[start : start + size] for start in range(0, samples, size))


def train(
    network: FullyConnectedNet,
    x: ArrayLike,
    y: ArrayLike,
    batches: Iterable[Any],
    learning_rate: float,
    *,
    optimiser: str = "momentum",
    momentum: float = 0.9,
    masks: np.random.Generator | None = None,
) -> None:
    """Train a network in place.

    The same network, data and batches give the same bits each time on one machine. A run may
    diverge; NumPy gives no warnings on the way there.

    Args:
        network: with its initial parameters.
        x: inputs, shape (n, ...).
        y: classes or target values, shape (n,).
        batches: rows of each step.
        learning_rate: of each step.
        optimiser: name in ``OPTIMISERS``.
        momentum: of the rules that have one, in [0, 1).
        masks: draws those of dropout, if the network has any.

    Raises:
        ValueError: the numbers of inputs and targets differ, or an argument is out of its range.
    """
    x, y = np.asarray(x, network.dtype), np.asarray(y)
    require(len(x) == len(y), f"{len(x)} inputs, but {len(y)} targets")
    require(learning_rate > 0, f"the learning rate must be above 0, not {learning_rate}")
    probability("momentum", momentum)
    update = choice("optimiser", optimiser, OPTIMISERS)
    velocity = {name: np.zeros_like(w) for name, w in network.params.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        for batch in batches:
            _, gradients = network.loss_and_gradients(x[batch], y[batch], masks)
            for name, g in gradients.items():
                network.params[name], velocity[name] = update(
                    network.params[name], g, velocity[name], learning_rate, momentum
                )
