"""A plain PyTorch loop: the data as one tensor, batches gathered by a shuffled index."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn

from bench.peers.network import fused_sgd, network
from bench.samples import Samples
from restudy.config.recipe import Recipe


def train_epoch(model: nn.Module, recipe: Recipe, x: Tensor, y: Tensor, order: Tensor) -> None:
    """Train one epoch over the samples in the given order."""
    optimiser = fused_sgd(recipe, model)
    model.train()
    for start in range(0, len(order), recipe.n_batch):
        batch = order[start : start + recipe.n_batch]
        outputs = model(x.index_select(0, batch))
        loss = nn.functional.cross_entropy(outputs, y.index_select(0, batch))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def measure(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return the seconds of the epoch."""
    model, x, y = network(recipe), samples.x, samples.y
    started = time.perf_counter()
    train_epoch(model, recipe, x, y, torch.randperm(len(x)))
    return time.perf_counter() - started
