"""What is trained: networks, batch sizes, made-up images, and the products that a step needs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.data.load import PreparedData

EPOCH = 54_000
"""Samples of an epoch of MNIST, a tenth being held out: all times are scaled to it."""

INPUTS, CLASSES = 784, 10
BATCHES = (8, 16, 64, 256)
HELD_OUT = 100
"""Samples for validation and for the test, which are not timed."""

# Optimiser steps of a measurement for each batch size. All ways together then take ten seconds a
# round or so; with more steps the benchmark would take hours.
_STEPS = {
    "784-64-10": (400, 400, 150, 60),
    "784-128-10": (400, 300, 120, 50),
    "784-128-64-10-bn": (300, 200, 100, 40),
    "784-64x10-10": (150, 150, 80, 40),
    "784-512-256-10-bn": (100, 70, 32, 12),
    "784-1024-1024-10": (20, 20, 12, 6),
}
QUICK_STEPS = 12
NETWORKS = tuple(_STEPS)


@dataclass(frozen=True)
class Case:
    """One network at one batch size.

    Attributes:
        network: its name, widths from inputs to outputs, ``64x10`` standing for ten layers of 64
            units; with ``-bn`` if it has batch norm.
        batch: samples a step.
        steps: optimiser steps of a measurement.
    """

    network: str
    batch: int
    steps: int

    @property
    def samples(self) -> int:
        """Samples of a measurement: whole batches."""
        return self.batch * self.steps

    @property
    def widths(self) -> list[int]:
        """Widths of all layers, from the inputs to the outputs."""
        parts = (part.partition("x") for part in self.network.removesuffix("-bn").split("-"))
        return [int(width) for width, _, times in parts for _ in range(int(times or 1))]

    @property
    def recipe(self) -> Recipe:
        """S3's recipe for this network: SGD, learning rate 0.01, momentum 0.9."""
        return Recipe(
            dataset="mnist",
            train_samples=self.samples,
            validation_samples=HELD_OUT,
            scaling="minus_one_one",
            hidden=self.widths[1:-1],
            norm="batch" if self.network.endswith("-bn") else "none",
            optimiser="momentum",
            learning_rate=0.01,
            momentum=0.9,
            batch_size=self.batch,
            epochs=1,
        )


def cases(networks: Sequence[str], batches: Sequence[int], quick: bool = False) -> list[Case]:
    """Return the cases of some networks and batch sizes, in the order of the tables."""
    return [
        Case(network, batch, QUICK_STEPS if quick else steps)
        for network, numbers in _STEPS.items()
        for batch, steps in zip(BATCHES, numbers, strict=True)
        if network in networks and batch in batches
    ]


@dataclass(frozen=True)
class Samples:
    """The same training samples in the form that each way starts with.

    Attributes:
        prepared: what a training job reads, with ``HELD_OUT`` samples more for validation.
    """

    prepared: PreparedData

    @property
    def images(self) -> Tensor:
        """The images as bytes, (n, 28, 28)."""
        return torch.from_numpy(self.prepared.x_train[:-HELD_OUT]).view(-1, 28, 28)

    @cached_property
    def x(self) -> Tensor:
        """The images from -1 to 1 as ``scaling: minus_one_one`` has them, float32 (n, 784)."""
        # In place: a copy would count as memory of the way.
        return self.images.flatten(1).float().div_(255).sub_(0.5).div_(0.5)

    @property
    def y(self) -> Tensor:
        """The labels, int64 (n,)."""
        return torch.from_numpy(self.prepared.y_train[:-HELD_OUT])


def made_up(n: int) -> Samples:
    """Return n random training images of ten classes, four fifths of their pixels black.

    The time that training takes does not depend on what the images show.
    """
    random = np.random.default_rng(0)
    shape = (n + HELD_OUT, INPUTS)
    pixels = random.integers(0, 256, shape, np.uint8)
    pixels *= random.integers(0, 5, shape, np.uint8) == 0
    labels = random.integers(0, CLASSES, n + HELD_OUT)
    # The split takes the last rows of this order for validation.
    order = np.arange(n + HELD_OUT)
    held_out = pixels[:HELD_OUT], labels[:HELD_OUT]
    return Samples(PreparedData("mnist", 0, "made up", pixels, labels, *held_out, order))


class Product(NamedTuple):
    """A product of a (rows, inner) and an (inner, columns) matrix."""

    rows: int
    inner: int
    columns: int

    @property
    def flops(self) -> int:
        """One multiplication and one addition for each of rows x inner x columns."""
        return 2 * self.rows * self.inner * self.columns


def products(widths: Sequence[int], batch: int) -> list[Product]:
    """Return the matrix products of one step of one network.

    Each layer has three: outputs = W x, the gradient of W, and the gradient of x, which the first
    layer does not need.

    Args:
        widths: of all layers, from the inputs to the outputs.
        batch: samples of the step.
    """
    found = []
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        found += [Product(outputs, inputs, batch), Product(outputs, batch, inputs)]
        if layer:
            found.append(Product(inputs, outputs, batch))
    return found


def useful_flops(widths: Sequence[int], samples: int) -> int:
    """Return the floating point operations of the products of an epoch, whatever its batches.

    That is 2 x samples x (3 x all weights - the first layer's); biases, norms and the optimiser
    are not counted.
    """
    return sum(product.flops for product in products(widths, samples))
