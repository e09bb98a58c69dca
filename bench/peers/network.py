"""The recipe's network and optimiser, as each of the peers would write them."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from restudy.config.recipe import Recipe

INPUTS, CLASSES = 784, 10


def network(recipe: Recipe) -> nn.Sequential:
    """Return the recipe's network in plain ``torch.nn``."""
    layers: list[nn.Module] = []
    for inputs, units in itertools.pairwise([INPUTS, *recipe.hidden]):
        layers.append(nn.Linear(inputs, units))
        if recipe.norm == "batch":
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
        if recipe.dropout:
            layers.append(nn.Dropout(recipe.dropout))
    return nn.Sequential(*layers, nn.Linear([INPUTS, *recipe.hidden][-1], CLASSES))


def fused_sgd(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Return SGD with momentum by PyTorch's fused kernel, the fastest that it has."""
    return torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.lambda2,
        fused=True,
    )
