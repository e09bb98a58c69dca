"""What is measured: networks, batch sizes, and how many samples stand for an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.samples import HELD_OUT
from restudy.config.recipe import Norm, Recipe

EPOCH = 54_000
"""Samples of an epoch of MNIST, a tenth being held out: what all times are scaled to."""

BATCHES = (8, 16, 64, 256)

# Optimiser steps of a measurement for each batch size. Ten lanes of the largest network then take
# five seconds; with more steps the bench would not be one of minutes.
_STEPS = {
    "784-128-10": (400, 400, 150, 60),
    "784-512-256-10-bn": (160, 120, 60, 40),
    "784-1024-1024-10": (60, 60, 40, 20),
}
NETWORKS = tuple(_STEPS)
_QUICK_STEPS = 12


@dataclass(frozen=True)
class Case:
    """One network at one batch size.

    Attributes:
        network: its name, widths from inputs to outputs, with ``-bn`` if it has batch norm.
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
        return [int(width) for width in self.network.removesuffix("-bn").split("-")]

    @property
    def recipe(self) -> Recipe:
        """S3's recipe for this network: SGD, learning rate 0.01, momentum 0.9."""
        norm: Norm = "batch" if self.network.endswith("-bn") else "none"
        return Recipe(
            dataset="mnist",
            train_samples=self.samples,
            validation_samples=HELD_OUT,
            scaling="centred",
            hidden=self.widths[1:-1],
            norm=norm,
            optimiser="momentum",
            learning_rate=0.01,
            momentum=0.9,
            batch_size=self.batch,
            epochs=1,
        )


def cases(networks: Sequence[str], batches: Sequence[int], quick: bool = False) -> list[Case]:
    """Return the cases of some networks and batch sizes, in the order of the tables."""
    return [
        Case(network, batch, _QUICK_STEPS if quick else _STEPS[network][BATCHES.index(batch)])
        for network in NETWORKS
        if network in networks
        for batch in BATCHES
        if batch in batches
    ]
