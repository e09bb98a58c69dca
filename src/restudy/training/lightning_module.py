"""A stack of runs as a LightningModule."""

from __future__ import annotations

import pytorch_lightning as pl
from torch import Tensor

from restudy.training.batches import EpochBatches
from restudy.training.stack import Stack


class StackModule(pl.LightningModule):
    """L runs trained at once.

    The Trainer's "batch" is a block of optimiser steps (see :class:`EpochBatches`), so its
    bookkeeping, which is meant for large networks, is paid once a block. Optimisation is manual
    for the same reason, and because the stack's optimisers take gradients as they are made.
    """

    def __init__(self, stack: Stack, first_epoch: int = 0) -> None:
        """Wrap a stack.

        Args:
            stack: the runs.
            first_epoch: the Trainer's first, counted from 0: the number that a checkpoint has done.
        """
        super().__init__()
        self.automatic_optimization = False
        self.stack, self.first_epoch = stack, first_epoch
        stack.batches.epoch = first_epoch
        self.network = stack.network

    def configure_optimizers(self) -> None:
        """Return none: the stack has its own."""

    def train_dataloader(self) -> EpochBatches:
        """Return the batches; the data themselves are on the device already."""
        return self.stack.batches

    def on_train_epoch_start(self) -> None:
        """Set batch order, dropout and learning rates to the new epoch."""
        self.stack.start_epoch(self.first_epoch + self.current_epoch)

    def on_train_epoch_end(self) -> None:
        """Move the batch order on; the Trainer asks for the next epoch's batches after this."""
        self.stack.batches.epoch = self.stack.epoch + 1

    def training_step(self, block: Tensor, _: int) -> None:
        """Take one optimiser step for each batch of a block, int64 (steps, L, batch)."""
        self.stack.train(block)
