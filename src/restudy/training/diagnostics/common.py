"""What the diagnostics share: the rows they look at, sums by run, and leaving no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from restudy.config.diagnostics import BLOCK_ROWS
from restudy.training.network import StackedNetwork
from restudy.training.norms import BatchNorm
from restudy.training.stack import Stack

Measurement = Callable[[Stack], dict[str, Tensor]]
MEASUREMENTS: dict[str, Measurement] = {}
"""Name of a diagnostic -> function from a stack to metric -> one value per run, (L,)."""


def measures(diagnostic: str) -> Callable[[Measurement], Measurement]:
    """Mark the function that measures a diagnostic of :data:`restudy.config.diagnostics.PROBES`."""

    def register(function: Measurement) -> Measurement:
        MEASUREMENTS[diagnostic] = function
        return function

    return register


def block(stack: Stack) -> tuple[Tensor, Tensor]:
    """Return the first ``BLOCK_ROWS`` training samples, or all if there are fewer.

    Returns:
        inputs (L, rows, features), the same for all runs, and what each run is trained on,
        label noise included, (L, rows).
    """
    x = stack.data.train.x[:BLOCK_ROWS].expand(len(stack.recipes), -1, -1)
    return x, stack.targets[:, :BLOCK_ROWS]


def sums_by_run(values: Tensor) -> Tensor:
    """Return the sum over everything but the first dimension, (L,), float64.

    A sum for each run: one over all of them is cut among threads by how many runs there are.
    """
    return torch.stack([run.sum() for run in values]).double()


def deviation(values: Tensor) -> Tensor:
    """Return the standard deviation over the last dimension, of n numbers about their mean.

    ``Tensor.std`` adds up one row in another order than several, to other last bits.
    """
    return (values - values.mean(-1, keepdim=True)).square().mean(-1).sqrt()


def statistics(network: StackedNetwork) -> list[Tensor]:
    """Return the running statistics of all batch norms, which a pass in training mode moves."""
    norms = [norm for norm in network.norms if isinstance(norm, BatchNorm)]
    return [tensor for norm in norms for tensor in (norm.mean, norm.var)]


@contextmanager
def restored(tensors: Iterable[Tensor]) -> Iterator[None]:
    """Give tensors back the values they have now when the ``with`` block is left."""
    kept = [(tensor, tensor.clone()) for tensor in tensors]
    try:
        yield
    finally:
        for tensor, value in kept:
            tensor.copy_(value)
