"""Weight penalties: their value for the records; their gradient is added by the optimiser.

Penalised are the weights of all layers, the last included, and no bias, scale or shift.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from restudy.config.recipe import Recipe


def l2_gradient_factor(recipe: Recipe) -> float:
    """Return c such that the L2 penalty's gradient is c * w.

    ``half``: (lambda2/2) sum w^2, so c = lambda2; ``whole``: lambda2 sum w^2, so c = 2 lambda2.
    """
    return recipe.lambda2 * (1.0 if recipe.l2_convention == "lambda_over_2" else 2.0)


def penalties(weights: Sequence[Tensor], recipes: Sequence[Recipe]) -> Tensor:
    """Return the penalty of each run.

    Args:
        weights: for each layer (L, outputs, inputs).
        recipes: one per run.

    Returns:
        shape (L,), float64: lambda1 sum|w| (or lambda1 sum w in the signed form) plus half of
        :func:`l2_gradient_factor` times sum w^2.
    """
    signed = recipes[0].l1_form == "without_abs"
    lambda1 = weights[0].new_tensor([recipe.lambda1 for recipe in recipes], dtype=torch.float64)
    factor2 = weights[0].new_tensor(
        [l2_gradient_factor(recipe) for recipe in recipes], dtype=torch.float64
    )
    total = torch.zeros_like(lambda1)
    for layer in weights:
        w = layer.detach().flatten(1).double()
        total += lambda1 * (w if signed else w.abs()).sum(1) + factor2 / 2 * w.square().sum(1)
    return total
