"""The diagnostics that a recipe names, taken of a stack.

Each looks and changes nothing: a run with diagnostics ends at the same weights as one without.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

import torch
from torch import Tensor

from restudy.config.diagnostics import PROBES
from restudy.training import diagnostics
from restudy.training.diagnostics.common import MEASUREMENTS
from restudy.training.stack import Stack

for _module in pkgutil.iter_modules(diagnostics.__path__, f"{diagnostics.__name__}."):
    if _module.name != __name__:
        importlib.import_module(_module.name)


@torch.inference_mode()
def diagnostic(stack: Stack, names: Iterable[str], *, last: bool) -> dict[str, Tensor]:
    """Return what the named diagnostics measure, metric -> one value per run, (L,).

    Args:
        stack: after an epoch.
        names: of a recipe's ``diagnostics``; ``test`` is measured with the metrics.
        last: whether it was the last epoch.
    """
    found: dict[str, Tensor] = {}
    for name in names:
        if name in MEASUREMENTS and (last or not PROBES[name].at_end):
            found |= MEASUREMENTS[name](stack)
    return found
