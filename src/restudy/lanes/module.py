"""A stack of lanes as a LightningModule, and the callback that evaluates it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytorch_lightning as pl
import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.lanes.batches import EpochBatches, TensorData, lane_targets
from restudy.lanes.dropout import LaneDropout
from restudy.lanes.evaluation import evaluate
from restudy.lanes.losses import sample_losses
from restudy.lanes.network import StackedNetwork
from restudy.lanes.optimisers import LaneOptimiser
from restudy.lanes.penalties import penalties


class LanesModule(pl.LightningModule):
    """L runs trained at once.

    The Trainer's "batch" is a block of optimiser steps (see :class:`EpochBatches`), so its
    bookkeeping, which is meant for large networks, is paid once a block. Optimisation is manual
    for the same reason.
    """

    def __init__(self, recipes: Sequence[Recipe], data: TensorData, classes: int) -> None:
        """Set up a stack.

        Args:
            recipes: one per lane, equal in everything that shapes network and schedule.
            data: the data, on the device that the stack trains on.
            classes: number of classes; 0 for regression.
        """
        super().__init__()
        self.automatic_optimization = False
        self.recipes = list(recipes)
        self.data = data
        self.loss = recipes[0].loss
        self.network = StackedNetwork(recipes, data.train.x.shape[1], classes or 1)
        self.targets = lane_targets(data.train.y, recipes, classes)
        self.batches = EpochBatches(recipes)
        drops = any(recipe.dropout for recipe in recipes) and recipes[0].hidden
        self.dropout = LaneDropout(recipes, data.train.x.device) if drops else None
        self.steps_done = 0

    def configure_optimizers(self) -> LaneOptimiser:
        """Return the one optimiser of the stack."""
        return LaneOptimiser(self.network, self.recipes)

    def train_dataloader(self) -> EpochBatches:
        """Return the batches; the data themselves are on the device already."""
        return self.batches

    def on_train_epoch_start(self) -> None:
        """Set batch order, dropout and learning rate to the new epoch."""
        self._optimiser.epoch = self.current_epoch
        if self.dropout:
            self.dropout.start_epoch(self.current_epoch)

    def on_train_epoch_end(self) -> None:
        """Move the batch order on; the Trainer asks for the next epoch's batches after this."""
        self.batches.epoch = self.current_epoch + 1

    def training_step(self, block: Tensor, _: int) -> None:
        """Take one optimiser step for each batch of a block, int64 (steps, L, batch)."""
        optimiser = self._optimiser
        for batch in block:
            x = self.data.train.x.index_select(0, batch.reshape(-1)).view(*batch.shape, -1)
            y = self.targets.gather(1, batch)
            outputs = self.network(x, self.dropout)
            # The sum over lanes: each lane's gradient is that of its own mean loss.
            loss = sample_losses(outputs, y, self.loss).mean(1).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        self.steps_done += len(block)

    @property
    def _optimiser(self) -> LaneOptimiser:
        # Not Lightning's wrapper around it, which costs as much as a small network's step.
        optimiser = self.trainer.optimizers[0]
        assert isinstance(optimiser, LaneOptimiser)  # noqa: S101 (told to mypy)
        return optimiser


@dataclass
class EpochRecord:
    """What is known of all lanes after an epoch.

    Attributes:
        epoch: counted from 1.
        step: optimiser steps so far.
        metrics: (split, metric) -> one value per lane.
        train_seconds, evaluation_seconds: of the whole stack, since the last record.
    """

    epoch: int
    step: int
    metrics: dict[tuple[str, str], list[float]]
    train_seconds: float
    evaluation_seconds: float


@dataclass
class Recorder(pl.Callback):
    """Evaluates all lanes at epoch ends and keeps the records.

    Attributes:
        lanes: ids of the lanes, in the order of the stack.
        records: one for each evaluated epoch.
    """

    lanes: list[str]
    records: list[EpochRecord] = field(default_factory=list)
    _started: float = 0.0
    _trained: float = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Stop the clock; evaluate on training and validation data, at the end on test data."""
        _wait(pl_module.device)
        stopped = time.perf_counter()
        self._trained += stopped - self._started
        epoch, last = trainer.current_epoch + 1, trainer.max_epochs
        if epoch % pl_module.recipes[0].evaluate_every and epoch != last:
            return
        parts = {"train": pl_module.data.train, "validation": pl_module.data.validation}
        if epoch == last:
            parts["test"] = pl_module.data.test
        metrics = {
            (split, metric): values.tolist()
            for split, part in parts.items()
            for metric, values in evaluate(
                pl_module.network, part, pl_module.loss, pl_module.data.target_sd
            ).items()
        }
        penalty = penalties(pl_module.network.weights, pl_module.recipes)
        metrics["train", "penalty"] = penalty.tolist()
        seconds = time.perf_counter() - stopped
        record = EpochRecord(epoch, pl_module.steps_done, metrics, self._trained, seconds)
        self.records.append(record)
        self._trained = 0.0

    def history(self) -> pd.DataFrame:
        """Return the records as rows of ``lane, epoch, step, split, metric, value``."""
        return pd.DataFrame(
            [
                (lane, record.epoch, record.step, split, metric, value)
                for record in self.records
                for (split, metric), values in record.metrics.items()
                for lane, value in zip(self.lanes, values, strict=True)
            ],
            columns=["lane", "epoch", "step", "split", "metric", "value"],
        )

    def timing(self) -> pd.DataFrame:
        """Return the times as rows of lane, epoch, lanes in the stack, and the stack's seconds."""
        return pd.DataFrame(
            [
                (lane, r.epoch, len(self.lanes), r.train_seconds, r.evaluation_seconds)
                for r in self.records
                for lane in self.lanes
            ],
            columns=["lane", "epoch", "lanes_in_stack", "train_seconds", "evaluation_seconds"],
        )


def _wait(device: torch.device) -> None:
    """Wait for the device, so that the clock measures work done and not work asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
