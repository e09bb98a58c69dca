"""What the runs train on: the data on the device, and each run's own order of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.data.load import ScaledSplit
from restudy.training.rng import generator

# Optimiser steps in one of the Trainer's "batches": its bookkeeping is then paid once in so many.
STEPS_A_BLOCK = 64


@dataclass(frozen=True)
class Part:
    """One part of a split on the device: x (n, features), y (n,)."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class TensorData:
    """The parts of a split as tensors on the device.

    Attributes:
        train, validation, test: the parts.
        target_sd: units of the original target in one unit of the scaled one.
    """

    train: Part
    validation: Part
    test: Part
    target_sd: float

    @classmethod
    def from_split(cls, split: ScaledSplit, device: torch.device) -> TensorData:
        """Copy a scaled split to the device."""
        train, validation, test = (
            Part(torch.from_numpy(part.x).to(device), torch.from_numpy(part.y).to(device))
            for part in (split.train, split.validation, split.test)
        )
        return cls(train, validation, test, split.target_sd)


def run_targets(y: Tensor, recipes: Sequence[Recipe], classes: int) -> Tensor:
    """Return the training targets of each run, label noise put in.

    A share ``label_noise`` of the labels is replaced by another class, all others being equally
    likely. Runs of one seed hit the same samples: more noise adds to less.

    Args:
        y: targets, (n,).
        recipes: one per run.
        classes: number of classes; unused without label noise.

    Returns:
        shape (L, n).
    """
    targets = y.expand(len(recipes), -1)
    if not any(recipe.label_noise for recipe in recipes):
        return targets
    targets = targets.clone()
    for run, recipe in enumerate(recipes):
        random = generator(recipe.seed, "label noise")
        hit = torch.from_numpy(random.random(len(y)) < recipe.label_noise).to(y.device)
        shift = torch.from_numpy(random.integers(1, classes, len(y))).to(y.device)
        targets[run] = torch.where(hit, (y + shift) % classes, y)
    return targets


class EpochBatches:
    """Iterable over the batches of one epoch after another, each run in an order of its own.

    Yields blocks of sample numbers, int64 of shape (steps, L, batch): up to ``STEPS_A_BLOCK``
    full batches, then the partial last batch of the epoch, if any, as a block of one step.
    """

    def __init__(self, recipes: Sequence[Recipe], device: torch.device | None = None) -> None:
        """Prepare the batches of a stack of runs, equal in all that concerns batches.

        Args:
            recipes: one per run.
            device: that the sample numbers are put on, an epoch at a time.
        """
        self.device = device
        self.seeds = [recipe.seed for recipe in recipes]
        self.samples, self.batch = recipes[0].n_train, recipes[0].n_batch
        self.total_steps = recipes[0].total_steps
        self.steps_per_epoch = recipes[0].steps_per_epoch
        self.whole = recipes[0].batch_size == "full"
        self.epoch = 0

    def __iter__(self) -> Iterator[Tensor]:
        """Yield the blocks of epoch ``self.epoch``, which the caller counts up."""
        steps = min(self.steps_per_epoch, self.total_steps - self.epoch * self.steps_per_epoch)
        order = self.order(self.epoch)
        full = min(steps, self.samples // self.batch)
        whole = order[:, : full * self.batch].view(len(self.seeds), full, self.batch)
        for start in range(0, full, STEPS_A_BLOCK):
            yield whole[:, start : start + STEPS_A_BLOCK].transpose(0, 1)
        if steps > full:
            yield order[:, full * self.batch :].unsqueeze(0)

    def order(self, epoch: int) -> Tensor:
        """Return the sample numbers in each run's order of an epoch, int64 (L, n).

        A batch of all samples has no order: they come as they are.
        """
        if self.whole:
            return torch.arange(self.samples, device=self.device).expand(len(self.seeds), -1)
        orders = {
            seed: generator(seed, "batches", epoch).permutation(self.samples)
            for seed in set(self.seeds)
        }
        return torch.from_numpy(np.stack([orders[seed] for seed in self.seeds])).to(self.device)
