"""What is measured beside the metrics, where a recipe asks for it: the habits of the sources.

Each probe looks and changes nothing: a run with probes ends at the same weights as one without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from restudy.lanes.norms import BatchNorm
from restudy.lanes.stack import Stack
from restudy.lanes.streams import generator

SAMPLE = 1000
"""Training samples that ``train_sample`` draws."""


@torch.inference_mode()
def probe(stack: Stack, names: Iterable[str], *, last: bool) -> dict[str, Tensor]:
    """Return what the named probes find, metric -> one value per lane, (L,).

    Args:
        stack: after an epoch.
        names: of a recipe's ``probes``; ``test`` is no matter of the training samples.
        last: whether it was the last epoch.
    """
    found = {}
    for name in names:
        if name == "training_mode" and not last:
            continue
        if name in _PROBES:
            metric, measure = _PROBES[name]
            found[metric] = measure(stack)
    return found


def batch_loss(stack: Stack) -> Tensor:
    """Return the loss on the epoch's last batch, in training mode, before its step (S3)."""
    return stack.batch_loss.clone()


def sample_accuracy(stack: Stack) -> Tensor:
    """Return the accuracy on ``SAMPLE`` training samples, drawn with replacement (S1's solver)."""
    n, recipes = len(stack.data.train.x), stack.recipes
    drawn = [
        generator(recipe.seed, "train sample", stack.epoch).integers(0, n, SAMPLE)
        for recipe in recipes
    ]
    rows = torch.from_numpy(np.stack(drawn)).to(stack.targets.device)
    outputs = stack.network(_rows_of(stack, rows))
    return _share_right(outputs, stack.data.train.y[rows])


def training_mode_accuracy(stack: Stack) -> Tensor:
    """Return the accuracy on all training samples in shuffled batches, in training mode (S3).

    Batch norm takes each batch's own statistics, so that an answer depends on the batch that it is
    asked in. Its running statistics are left as they were; nothing is dropped.
    """
    batches, network = stack.batches, stack.network
    order = batches.order(stack.epoch + 1)
    norms = [norm for norm in network.norms if isinstance(norm, BatchNorm)]
    kept = [(norm.mean.clone(), norm.var.clone()) for norm in norms]
    right = torch.zeros(len(stack.recipes), dtype=torch.float64, device=order.device)
    for rows in torch.split(order, batches.batch, dim=1):
        outputs, _ = network.step(_rows_of(stack, rows))
        right += (outputs.argmax(1) == stack.data.train.y[rows]).sum(1)
    for norm, (mean, var) in zip(norms, kept, strict=True):
        norm.mean.copy_(mean)
        norm.var.copy_(var)
    return right / order.shape[1]


_PROBES: dict[str, tuple[str, Callable[[Stack], Tensor]]] = {
    "batch_loss": ("batch_loss", batch_loss),
    "train_sample": ("sample_accuracy", sample_accuracy),
    "training_mode": ("training_mode_accuracy", training_mode_accuracy),
}


def _rows_of(stack: Stack, rows: Tensor) -> Tensor:
    """Return each lane's rows of the training inputs, (L, k, features), given (L, k)."""
    return stack.data.train.x.index_select(0, rows.reshape(-1)).view(*rows.shape, -1)


def _share_right(outputs: Tensor, labels: Tensor) -> Tensor:
    right = (outputs.argmax(1) == labels).sum(1, dtype=torch.float64)
    return right / labels.shape[1]
