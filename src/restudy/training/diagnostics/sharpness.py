"""How sharp the minimum is that training ended in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from restudy.training.diagnostics.common import block, measures, restored, sums_by_run
from restudy.training.losses import loss_gradients, sample_losses
from restudy.training.network import StackedNetwork
from restudy.training.norms import BatchNorm, FrozenBatchNorm
from restudy.training.stack import Stack

STEP = 0.005
"""How far each weight matrix is moved, in its own norm."""


@measures("sharpness")
def sharpness(stack: Stack) -> dict[str, Tensor]:
    """Return how much the loss rises when the weights take one step up its gradient.

    With f the data loss on the block in evaluation mode and G its gradient with respect to a
    weight matrix W: ``sharpness`` = (f(W') - f(W)) / (1 + f(W)), W' = W + ``STEP`` |W| G / |G| for
    all matrices at once. That is the sharpness of Keskar et al. 2017, whose 1 in the denominator
    keeps it finite at f = 0 (theirs is times 100), with one step of ascent in place of the largest
    f in a box, and with a step for each matrix by its own norm, after the filter-wise directions of
    Li et al. 2018, so that it does not change with the matrices' scales.
    """
    network, (x, y) = stack.network, block(stack)
    with restored(network.weights):
        with _evaluation_mode(network):
            outputs, tape = network.step(x)
            before = _mean_loss(outputs, y, stack.loss)
            g = loss_gradients(outputs, y, stack.loss).div_(y.shape[1])
            network.backward(g, tape, _Ascent(network))
        after = _mean_loss(network(x), y, stack.loss)
    return {"sharpness": (after - before) / (1 + before)}


class _Ascent:
    """A learner that moves each weight matrix up its gradient, by a share of its norm."""

    def __init__(self, network: StackedNetwork) -> None:
        self.network = network

    def product(self, layer: int, g: Tensor, h: Tensor) -> None:
        """Move the weights of a layer, whose gradient is g @ h^T."""
        w, gradient = self.network.weights[layer], torch.bmm(g, h.mT)
        length, size = (sums_by_run(matrix.square()).sqrt() for matrix in (gradient, w))
        # Without a gradient there is no way up.
        step = torch.where(length == 0, 0, STEP * size / length)
        w.addcmul_(gradient, step.to(w).view(-1, 1, 1))

    def small(self, gradient: Tensor) -> None:
        """Leave the other parameters as they are."""


def _mean_loss(outputs: Tensor, y: Tensor, loss: str) -> Tensor:
    return sample_losses(outputs, y, loss).mean(1, dtype=torch.float64)


@contextmanager
def _evaluation_mode(network: StackedNetwork) -> Iterator[None]:
    """Let steps and backward passes go by batch norm's running statistics."""
    norms = network.norms
    network.norms = [
        FrozenBatchNorm(norm) if isinstance(norm, BatchNorm) else norm for norm in norms
    ]
    try:
        yield
    finally:
        network.norms = norms
