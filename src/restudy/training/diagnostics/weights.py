"""The weights: how large, how sparse; batch norm's scales and shifts."""

from __future__ import annotations

import torch
from torch import Tensor

from restudy.training.diagnostics.common import deviation, measures
from restudy.training.norms import BatchNorm
from restudy.training.stack import Stack

SMALL = 1e-3
"""Below this, a weight is called small."""


@measures("weights")
def weights(stack: Stack) -> dict[str, Tensor]:
    """Return numbers of each run's weights: those of all matrices, no bias.

    ``weight_norm``: square root of the sum of squares; ``weight_norm_first``: of the first matrix.
    ``small_weights``, ``zero_weights``: share with |w| < ``SMALL``, with w = 0. ``weight_sum``,
    ``weight_abs_sum``: sum of w, of |w|. With batch norm also ``gamma_mean``, ``gamma_sd``,
    ``beta_mean``, ``beta_sd`` of all its scales and shifts.
    """
    network = stack.network
    runs = [_of_run(*parts) for parts in zip(*network.weights, strict=True)]
    found = {metric: torch.stack([run[metric] for run in runs]) for metric in runs[0]}
    norms = [norm for norm in network.norms if isinstance(norm, BatchNorm)]
    if norms:
        for name, parts in (
            ("gamma", [norm.scale for norm in norms]),
            ("beta", [norm.shift for norm in norms]),
        ):
            values = torch.cat(parts, 1)[..., 0].double()
            found[f"{name}_mean"] = values.mean(1)
            found[f"{name}_sd"] = deviation(values)
    return found


def _of_run(*matrices: Tensor) -> dict[str, Tensor]:
    w = torch.cat([matrix.flatten() for matrix in matrices]).double()
    size = w.abs()
    return {
        "weight_norm": w.square().sum().sqrt(),
        "weight_norm_first": matrices[0].double().square().sum().sqrt(),
        "small_weights": (size < SMALL).double().mean(),
        "zero_weights": (size == 0).double().mean(),
        "weight_sum": w.sum(),
        "weight_abs_sum": size.sum(),
    }
