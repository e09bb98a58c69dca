"""The callback that evaluates a stack at epoch ends and keeps what it finds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytorch_lightning as pl
import torch

from restudy.training.diagnostics.registry import diagnostic


@dataclass
class EpochRecord:
    """What is known of all runs after an epoch.

    Attributes:
        epoch: counted from 1.
        step: optimiser steps so far.
        metrics: (split, metric) -> one value per run.
        train_seconds, evaluation_seconds: of the whole stack, since the last record.
    """

    epoch: int
    step: int
    metrics: dict[tuple[str, str], list[float]]
    train_seconds: float
    evaluation_seconds: float


@dataclass
class Recorder(pl.Callback):
    """Evaluates all runs at epoch ends and keeps the records.

    Attributes:
        runs: ids of the runs, in the order of the stack.
        records: one for each evaluated epoch.
        trained: seconds of training since the last record.
    """

    runs: list[str]
    records: list[EpochRecord] = field(default_factory=list)
    trained: float = 0.0
    _started: float = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Stop the clock; evaluate on training and validation data, at the end on test data.

        The diagnostics of the recipe measure too.
        """
        stack = pl_module.stack
        _wait(stack.data.train.x.device)
        stopped = time.perf_counter()
        self.trained += stopped - self._started
        epoch, last = stack.epoch + 1, stack.epochs
        if epoch % stack.recipes[0].evaluate_every and epoch != last:
            return
        diagnostics = stack.recipes[0].diagnostics
        parts = {"train": stack.data.train}
        if len(stack.data.validation.x):
            parts["validation"] = stack.data.validation
        if epoch == last or "test" in diagnostics:
            parts["test"] = stack.data.test
        metrics = {
            (split, metric): values.tolist()
            for split, part in parts.items()
            for metric, values in stack.evaluate(part).items()
        }
        metrics["train", "penalty"] = stack.penalties().tolist()
        for metric, values in diagnostic(stack, diagnostics, last=epoch == last).items():
            metrics["train", metric] = values.tolist()
        seconds = time.perf_counter() - stopped
        record = EpochRecord(epoch, stack.steps_done, metrics, self.trained, seconds)
        self.records.append(record)
        self.trained = 0.0

    def history(self) -> pd.DataFrame:
        """Return the records as rows of ``run, epoch, step, split, metric, value``."""
        return pd.DataFrame(
            [
                (run, record.epoch, record.step, split, metric, value)
                for record in self.records
                for (split, metric), values in record.metrics.items()
                for run, value in zip(self.runs, values, strict=True)
            ],
            columns=["run", "epoch", "step", "split", "metric", "value"],
        )

    def timing(self) -> pd.DataFrame:
        """Return the times as rows of run, epoch, runs in the stack, and the stack's seconds."""
        return pd.DataFrame(
            [
                (run, r.epoch, len(self.runs), r.train_seconds, r.evaluation_seconds)
                for r in self.records
                for run in self.runs
            ],
            columns=["run", "epoch", "runs_in_stack", "train_seconds", "evaluation_seconds"],
        )


def _wait(device: torch.device) -> None:
    """Wait for the device, so that the clock measures work done and not work asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
