"""The probes that a recipe names, taken of a stack.

Each looks and changes nothing: a run with probes ends at the same weights as one without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from restudy.config.diagnostics import AT_THE_END
from restudy.training.diagnostics.activations import activations
from restudy.training.diagnostics.gradients import gradients
from restudy.training.diagnostics.loss_smoothness import smoothness
from restudy.training.diagnostics.robustness import robustness
from restudy.training.diagnostics.sharpness import sharpness
from restudy.training.diagnostics.source_metrics import (
    batch_loss,
    sample_accuracy,
    training_mode_accuracy,
)
from restudy.training.diagnostics.weights import weights
from restudy.training.stack import Stack

_PROBES: dict[str, Callable[[Stack], dict[str, Tensor]]] = {
    "batch_loss": batch_loss,
    "train_sample": sample_accuracy,
    "training_mode": training_mode_accuracy,
    "gradients": gradients,
    "activations": activations,
    "weights": weights,
    "smoothness": smoothness,
    "robustness": robustness,
    "sharpness": sharpness,
}


@torch.inference_mode()
def probe(stack: Stack, names: Iterable[str], *, last: bool) -> dict[str, Tensor]:
    """Return what the named probes find, metric -> one value per lane, (L,).

    Args:
        stack: after an epoch.
        names: of a recipe's ``probes``; ``test`` is the recorder's own matter.
        last: whether it was the last epoch.
    """
    found: dict[str, Tensor] = {}
    for name in names:
        if name in _PROBES and (last or name not in AT_THE_END):
            found |= _PROBES[name](stack)
    return found
