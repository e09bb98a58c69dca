"""How smoothly the loss goes down, from step to step of an epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from restudy.training.diagnostics.common import deviation, measures
from restudy.training.stack import Stack


@measures("smoothness")
def smoothness(stack: Stack) -> dict[str, Tensor]:
    """Return how much the mini-batches' losses l_1 ... l_T of the epoch jump about.

    Each is the data loss on a batch in training mode, before its step; the partial last batch of
    an epoch counts as any other.

    ``loss_roughness``: mean |l_t+1 - 2 l_t + l_t-1|, which a straight way down makes 0; NaN with
    fewer than three steps. ``loss_spread``: their standard deviation, of T numbers about their
    mean.
    """
    losses = torch.stack(stack.losses, 1).double()
    return {
        "loss_roughness": losses.diff(n=2, dim=1).abs().mean(1),
        "loss_spread": deviation(losses),
    }
