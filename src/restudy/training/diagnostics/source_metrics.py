"""The habits of the sources: what they print as accuracy or loss, measured as they do."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from restudy.training.diagnostics.common import measures, restored, statistics
from restudy.training.rng import generator
from restudy.training.stack import Stack

SAMPLE = 1000
"""Training samples that ``train_sample`` draws."""


@measures("batch_loss")
def batch_loss(stack: Stack) -> dict[str, Tensor]:
    """Return the loss on the epoch's last batch, in training mode, before its step."""
    return {"batch_loss": stack.losses[-1]}


@measures("train_sample")
def sample_accuracy(stack: Stack) -> dict[str, Tensor]:
    """Return the accuracy on ``SAMPLE`` training samples, drawn with replacement."""
    n, recipes = len(stack.data.train.x), stack.recipes
    drawn = [
        generator(recipe.seed, "train sample", stack.epoch).integers(0, n, SAMPLE)
        for recipe in recipes
    ]
    rows = torch.from_numpy(np.stack(drawn)).to(stack.targets.device)
    outputs = stack.network(_rows_of(stack, rows))
    return {"sample_accuracy": _share_right(outputs, stack.data.train.y[rows])}


@measures("training_mode")
def training_mode_accuracy(stack: Stack) -> dict[str, Tensor]:
    """Return the accuracy on all training samples in shuffled batches, in training mode.

    Batch norm takes each batch's own statistics, so that an answer depends on the batch that it is
    asked in. Its running statistics are left as they were; nothing is dropped.
    """
    batches, network = stack.batches, stack.network
    order = batches.order(stack.epoch + 1)
    right = torch.zeros(len(stack.recipes), dtype=torch.float64, device=order.device)
    with restored(statistics(network)):
        for rows in torch.split(order, batches.batch, dim=1):
            outputs, _ = network.step(_rows_of(stack, rows))
            right += (outputs.argmax(1) == stack.data.train.y[rows]).sum(1)
    return {"training_mode_accuracy": right / order.shape[1]}


def _rows_of(stack: Stack, rows: Tensor) -> Tensor:
    """Return each run's rows of the training inputs, (L, k, features), given (L, k)."""
    return stack.data.train.x.index_select(0, rows.reshape(-1)).view(*rows.shape, -1)


def _share_right(outputs: Tensor, labels: Tensor) -> Tensor:
    right = (outputs.argmax(1) == labels).sum(1, dtype=torch.float64)
    return right / labels.shape[1]
