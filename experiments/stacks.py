"""Small networks of one shape that are trained at once, each by its own weights, batches and rate.

The networks of a stack lie along the first dimension of every tensor. Each adds its own loss to a
sum, so the gradients of that sum are the gradients of each network alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from restudy.data.load import Part
from restudy.training.rng import generator

Layers: TypeAlias = list[tuple[Tensor, Tensor]]
"""Weights (r, inputs, units) and biases (r, 1, units) of each layer, for r networks."""


def he_layers(
    widths: Sequence[int], randoms: Sequence[np.random.Generator], scales: Sequence[float] = ()
) -> Layers:
    """Draw weights from normal(0, sqrt(2 / inputs)) (He et al. 2015); biases are zero.

    Args:
        widths: of the inputs, the hidden layers and the outputs.
        randoms: draws the weights of each network; two that are in the same state draw the same.
        scales: what the weights of each network are multiplied by; 1 if there are none.
    """
    layers = []
    factors = torch.tensor(scales or [1.0] * len(randoms)).view(-1, 1, 1)
    for inputs, units in itertools.pairwise(widths):
        drawn = np.stack(
            [random.standard_normal((inputs, units), np.float32) for random in randoms]
        )
        weights = torch.from_numpy(drawn) * (math.sqrt(2 / inputs) * factors)
        biases = torch.zeros(len(randoms), 1, units)
        layers.append((weights.requires_grad_(), biases.requires_grad_()))
    return layers


def affine(h: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    """Return h w + b of each network, shape (r, n, units), for h of shape (r, n, inputs)."""
    return torch.baddbmm(layer[1], h, layer[0])


def outputs(
    layers: Layers, x: Tensor, hidden: Callable[[int, Tensor], Tensor] = lambda i, h: h.relu()
) -> Tensor:
    """Return what the networks give, shape (r, n, outputs).

    Args:
        layers: of the networks.
        x: inputs, shape (r, n, features).
        hidden: makes of the affine outputs of hidden layer i (from 0) what it hands on.
    """
    for i, layer in enumerate(layers[:-1]):
        x = hidden(i, affine(x, layer))
    return affine(x, layers[-1])


def cross_entropy(scores: Tensor, y: Tensor) -> Tensor:
    """Return the mean cross-entropy of each network, shape (r,), for labels of shape (r, n)."""
    right = scores.log_softmax(-1).gather(-1, y[..., None])
    return -right.mean((1, 2))


def accuracy(scores: Tensor, y: Tensor) -> Tensor:
    """Return the share of right classes of each network, shape (r,), for labels (r, n) or (n,)."""
    return (scores.argmax(-1) == y).double().mean(-1)


def samples(parts: Sequence[Part], each: int = 1) -> tuple[Tensor, Tensor]:
    """Return inputs (r, n, features) and labels or targets (r, n), part after part.

    Args:
        parts: as many rows in each.
        each: how many networks in a row have the same part.
    """
    x, y = (np.stack([getattr(part, name) for part in parts]) for name in ("x", "y"))
    return tuple(torch.from_numpy(a).repeat_interleave(each, 0) for a in (x, y))  # type: ignore[return-value]


def batches(
    randoms: Sequence[np.random.Generator], rows: int, size: int, steps: int, each: int = 1
) -> Iterator[Tensor]:
    """Yield the rows of each step's batch, shape (r, size): epoch after epoch in a new order.

    What is left over at the end of an epoch is left out.

    Args:
        randoms: shuffles, a generator for each row of the result before it is repeated.
        rows: of the training samples; a batch is not larger than that.
        size: of a batch.
        steps: how many batches.
        each: how many networks in a row see the same batches.
    """
    size = min(size, rows)
    for step in range(steps):
        place = step % (rows // size)
        if place == 0:
            orders = np.stack([random.permutation(rows) for random in randoms])
            shuffled = torch.from_numpy(orders).repeat_interleave(each, 0)
        yield shuffled[:, place * size : (place + 1) * size]


def pick(x: Tensor, rows: Tensor) -> Tensor:
    """Return of each network's samples, shape (r, n, ...), the rows (r, size) of it."""
    return x[torch.arange(len(x))[:, None], rows]


Loss: TypeAlias = Callable[[Layers, Tensor, Tensor], Tensor]
"""From networks, inputs (r, n, features) and labels or targets (r, n) to each one's loss, (r,)."""


def train_grid(
    part: tuple[Tensor, Tensor],
    widths: Sequence[int],
    rates: Sequence[float],
    loss: Loss,
    *,
    stream: str,
    size: int,
    steps: int,
    rule: str = "momentum",
    order: str = "batches",
) -> Iterator[tuple[int, Layers]]:
    """Train a network for each seed and rate; numbered seed by seed, rate by rate within a seed.

    The networks of a seed start from the same weights and see the same batches.

    Args:
        part: inputs (seeds, n, features), labels or targets (seeds, n).
        widths: of the hidden layers and the outputs.
        rates: learning rates.
        loss: what is minimised.
        stream: first part of the names of the streams of random numbers.
        size: of a batch.
        steps: how many.
        rule: of :class:`Optimiser`.
        order: name of the stream of batches, after ``stream``.

    Yields:
        0 and the networks, then the number of each step and the networks after it: they are
        changed in place.
    """
    (x, y), each, seeds = part, len(rates), range(len(part[0]))
    randoms = [generator(seed, f"{stream}: weights") for seed in seeds for _ in rates]
    layers = he_layers([x.shape[-1], *widths], randoms)
    optimiser = Optimiser(rule, layers, [*rates] * len(x))
    orders = [generator(seed, f"{stream}: {order}") for seed in seeds]
    yield 0, layers
    for step, batch in enumerate(batches(orders, x.shape[1], size, steps), start=1):
        some, right = (pick(a, batch).repeat_interleave(each, 0) for a in (x, y))
        optimiser.step(loss(layers, some, right))
        yield step, layers


class Optimiser:
    """Changes parameters by their gradients, each network at its own rate.

    With g the gradient, ``momentum``: v = 0.9 v + g, w -= rate v. ``adam``: m = 0.9 m + 0.1 g,
    s = 0.999 s + 0.001 g^2, w -= rate (m / (1 - 0.9^t)) / (sqrt(s / (1 - 0.999^t)) + 1e-8) (Kingma
    and Ba 2015, algorithm 1). Both are as in ``torch.optim``.
    """

    def __init__(self, rule: str, layers: Layers, rates: Sequence[float]) -> None:
        """Take over the parameters of ``layers``; ``rates`` has one for each network."""
        self.rule, self.steps = rule, 0
        self.parameters = [tensor for layer in layers for tensor in layer]
        self.rates = torch.tensor(rates).view(-1, 1, 1)
        self.means = [torch.zeros_like(w) for w in self.parameters]
        self.squares = [torch.zeros_like(w) for w in self.parameters] if rule == "adam" else []

    def step(self, losses: Tensor) -> None:
        """Change the parameters by the gradients of the networks' losses, shape (r,)."""
        gradients = torch.autograd.grad(losses.sum(), self.parameters)
        self.steps += 1
        with torch.no_grad():
            if self.rule == "momentum":
                for w, g, v in zip(self.parameters, gradients, self.means, strict=True):
                    w.sub_(self.rates * v.mul_(0.9).add_(g))
                return
            rates, root = self.rates / (1 - 0.9**self.steps), math.sqrt(1 - 0.999**self.steps)
            every = zip(self.parameters, gradients, self.means, self.squares, strict=True)
            for w, g, m, s in every:
                m.lerp_(g, 0.1)
                s.mul_(0.999).addcmul_(g, g, value=0.001)
                w.sub_(rates * m.div(s.sqrt().div_(root).add_(1e-8)))
