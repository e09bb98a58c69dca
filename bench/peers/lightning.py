"""Lightning with a DataLoader over a TensorDataset, its extras turned off."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from bench.peers.network import fused_sgd, network
from bench.samples import Samples
from restudy.config.recipe import Recipe


class Classifier(pl.LightningModule):
    """The usual LightningModule of a classifier, with automatic optimisation."""

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
        return fused_sgd(self.recipe, self.model)


class Clock(pl.Callback):
    """Measures the epoch, and not the Trainer's start."""

    seconds = 0.0

    def on_train_epoch_start(self, *_: Any) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        """Stop the clock."""
        self.seconds = time.perf_counter() - self._started


def train_epoch(module: Classifier, loader: Iterable[list[Tensor]]) -> float:
    """Train one epoch; return the seconds of the epoch."""
    clock = Clock()
    quiet()
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=1,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader)
    return clock.seconds


def measure(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return the seconds of the epoch."""
    data = TensorDataset(samples.x, samples.y)
    return train_epoch(
        Classifier(recipe), DataLoader(data, batch_size=recipe.n_batch, shuffle=True)
    )


def quiet() -> None:
    """Keep Lightning's hints off the terminal."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
