"""What people would use instead: one network at a time, in each tool's ordinary best settings."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from restudy.config.recipe import Recipe


def network(recipe: Recipe) -> nn.Sequential:
    """Return the recipe's network in plain ``torch.nn``."""
    layers: list[nn.Module] = []
    for inputs, units in itertools.pairwise([784, *recipe.hidden]):
        layers.append(nn.Linear(inputs, units))
        if recipe.norm == "batch":
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(([784, *recipe.hidden])[-1], 10))


def optimiser(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Return SGD with momentum as a reader would write it, fused where that is faster."""
    return torch.optim.SGD(model.parameters(), recipe.learning_rate, recipe.momentum, fused=True)


def plain_loop(recipe: Recipe, x: Tensor, y: Tensor) -> float:
    """Train one epoch in a plain PyTorch loop over slices of a shuffled index; return seconds."""
    model = network(recipe)
    steps = optimiser(recipe, model)
    started = time.perf_counter()
    order = torch.randperm(len(x))
    for start in range(0, len(x), recipe.n_batch):
        batch = order[start : start + recipe.n_batch]
        steps.zero_grad()
        nn.functional.cross_entropy(model(x.index_select(0, batch)), y[batch]).backward()
        steps.step()
    return time.perf_counter() - started


class Plain(pl.LightningModule):
    """The usual LightningModule of a classifier."""

    def __init__(self, recipe: Recipe) -> None:
        """Set up the network of a recipe."""
        super().__init__()
        self.recipe = recipe
        self.model = network(recipe)

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """Return the loss of a batch."""
        x, y = batch
        return nn.functional.cross_entropy(self.model(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        return optimiser(self.recipe, self.model)


class Seconds(pl.Callback):
    """Measures the epoch, and not the Trainer's start."""

    seconds = 0.0

    def on_train_epoch_start(self, *_: Any) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        """Stop the clock."""
        self.seconds = time.perf_counter() - self._started


def lightning(recipe: Recipe, x: Tensor, y: Tensor) -> float:
    """Train one epoch with Lightning and a DataLoader over a TensorDataset; return seconds."""
    clock = Seconds()
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=1,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loader = DataLoader(TensorDataset(x, y), batch_size=recipe.n_batch, shuffle=True)
    trainer.fit(Plain(recipe), loader)
    return clock.seconds
