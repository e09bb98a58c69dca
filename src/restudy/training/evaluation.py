"""Metrics of all runs over a whole part of the data, in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from restudy.training.batches import Part
from restudy.training.losses import sample_losses
from restudy.training.network import StackedNetwork

# Rows at a time: large enough for good matrix products, small enough for the cache.
ROWS = 1000


@torch.inference_mode()
def evaluate(
    network: StackedNetwork,
    part: Part,
    loss: str,
    target_sd: float = 1.0,
    disturb: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the metrics of each run, each a float64 tensor of shape (L,).

    ``data_loss``: mean loss, without penalty, in the units trained in. Classification:
    ``accuracy``, the share of samples whose largest output is the label's. Regression: ``rmse``
    in the target's own units and ``r2`` = 1 - (sum of squared errors) / (sum of squares about
    the part's mean). Metrics of a run whose loss is not finite are NaN.

    Args:
        network: L runs.
        part: n samples.
        loss: the recipe's loss.
        target_sd: units of the original target in one unit of the scaled one.
        disturb: what is done to the inputs of each block of rows, (L, rows, features), first.
    """
    runs = network.runs
    total = torch.zeros(runs, dtype=torch.float64, device=part.x.device)
    right = torch.zeros_like(total)
    for start in range(0, len(part.x), ROWS):
        x = part.x[start : start + ROWS].expand(runs, -1, -1)
        y = part.y[start : start + ROWS].expand(runs, -1)
        outputs = network(x if disturb is None else disturb(x))
        total += sample_losses(outputs, y, loss).sum(1, dtype=torch.float64)
        if loss != "mse":
            right += (outputs.argmax(1) == y).sum(1)
    n = len(part.x)
    mean = total / n
    bad = torch.where(mean.isfinite(), 0.0, torch.nan)
    if loss != "mse":
        return {"data_loss": mean + bad, "accuracy": right / n + bad}
    variance = part.y.double().var(correction=0)
    return {
        "data_loss": mean + bad,
        "rmse": mean.sqrt() * target_sd + bad,
        "r2": 1 - mean / variance + bad,
    }
