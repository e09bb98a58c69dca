"""Gradients of the data loss: how long they are, and how much alike from batch to batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

import torch
from torch import Tensor

from restudy.training.diagnostics.common import block, measures, restored, statistics, sums_by_run
from restudy.training.losses import loss_gradients
from restudy.training.network import StackedNetwork
from restudy.training.stack import Stack

BATCH = 64
"""Rows of each of the batches whose gradients are compared."""


@measures("gradients")
def gradients(stack: Stack) -> dict[str, Tensor]:
    """Return how long the gradient on the block is, and how much it varies from batch to batch.

    In training mode, without dropout, of the data loss alone. With g the gradient on the whole
    block, of all parameters, and W_1 ... W_n the weight matrices:

    ``gradient_norm``: |g|. ``gradient_norm_first``, ``gradient_norm_last``: that of W_1's part and
    of W_n's. ``gradient_ratio``: first / last.

    With g_1 ... g_K the gradients on the whole batches of ``BATCH`` rows that the block has (batch
    norm goes by each batch's own statistics), and m their mean:

    ``gradient_noise``: mean |g_k - m|^2 / |m|^2, which estimates the trace of the gradients'
    covariance over the square of their mean, as the simple noise scale of McCandlish et al. 2018
    does. ``gradient_cosine``: mean cosine of the angle between g_k and g_k+1. Both are NaN with
    fewer than two batches.
    """
    network, (x, y) = stack.network, block(stack)
    whole, parted = _Comparison(network), _Comparison(network)
    with restored(statistics(network)):
        _hand_over(stack, x, y, whole)
        for start in range(0, x.shape[1] - BATCH + 1, BATCH):
            rows = slice(start, start + BATCH)
            _hand_over(stack, x[:, rows], y[:, rows], parted)
    first, last = (whole.parts[i].squares[0].sqrt() for i in (0, len(network.weights) - 1))
    unknown = torch.full_like(first, torch.nan)
    enough = x.shape[1] >= 2 * BATCH
    return {
        "gradient_norm": whole.squares()[:, 0].sqrt(),
        "gradient_norm_first": first,
        "gradient_norm_last": last,
        "gradient_ratio": first / last,
        "gradient_noise": parted.noise() if enough else unknown,
        "gradient_cosine": parted.cosine() if enough else unknown,
    }


def _hand_over(stack: Stack, x: Tensor, y: Tensor, learner: _Comparison) -> None:
    """Hand a learner the gradient on some rows."""
    outputs, tape = stack.network.step(x)
    g = loss_gradients(outputs, y, stack.loss).div_(y.shape[1])
    stack.network.backward(g, tape, learner)


@dataclass
class _Part:
    """The gradients of one parameter, as they come; kept are the last one and the sum.

    Attributes:
        squares: |g_k|^2 of each, (L,).
        products: g_k . g_k+1 of each and the next, (L,).
        last, total: g_K and the sum.
    """

    squares: list[Tensor] = field(default_factory=list)
    products: list[Tensor] = field(default_factory=list)
    last: Tensor | None = None
    total: Tensor | None = None

    def take(self, gradient: Tensor) -> None:
        """Take the next one, which must be nobody else's."""
        self.squares.append(sums_by_run(gradient.square()))
        if self.last is None or self.total is None:
            self.total = gradient.clone()
        else:
            self.products.append(sums_by_run(gradient * self.last))
            self.total += gradient
        self.last = gradient


class _Comparison:
    """A learner that learns nothing: it compares each gradient with the one before.

    Attributes:
        parts: those of the weights under their layer, the others under -1 and below.
    """

    def __init__(self, network: StackedNetwork) -> None:
        self.network = network
        self.parts: defaultdict[int, _Part] = defaultdict(_Part)

    def product(self, layer: int, g: Tensor, h: Tensor) -> None:
        """Take the gradient of a layer's weights, g @ h^T."""
        self.parts[layer].take(torch.bmm(g, h.mT))

    def small(self, gradient: Tensor) -> None:
        """Take the gradient of the vector of the other parameters."""
        for place, own in enumerate(self.network.split(gradient.clone()).all(), start=1):
            self.parts[-place].take(own)

    def squares(self) -> Tensor:
        """Return |g_k|^2 of each gradient, (L, K)."""
        return _sum(torch.stack(part.squares, 1) for part in self.parts.values())

    def noise(self) -> Tensor:
        """Return mean |g_k - m|^2 / |m|^2 = mean |g_k|^2 / |m|^2 - 1, (L,)."""
        squares = self.squares()
        totals = [part.total for part in self.parts.values() if part.total is not None]
        mean_square = _sum(sums_by_run(total.square()) for total in totals) / squares.shape[1] ** 2
        return (squares.mean(1) / mean_square - 1).clamp_(min=0)

    def cosine(self) -> Tensor:
        """Return the mean cosine of the angle between a gradient and the next, (L,)."""
        lengths = self.squares().sqrt()
        products = _sum(torch.stack(part.products, 1) for part in self.parts.values())
        return (products / (lengths[:, 1:] * lengths[:, :-1])).mean(1)


def _sum(tensors: Iterable[Tensor]) -> Tensor:
    # One after the other: a sum over a dimension goes in an order that its size decides.
    return reduce(torch.add, tensors)
