"""Dropout with a random stream for each run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.training.rng import integer_seed


class StackDropout:
    """Masks of inverted dropout: mask ~ Bernoulli(1 - p) / (1 - p), p and mask per run.

    Srivastava et al. 2014, in the form that needs no change at evaluation: h becomes h * mask.
    """

    def __init__(self, recipes: Sequence[Recipe], device: torch.device) -> None:
        """Prepare for the runs of a stack; :meth:`start_epoch` must be called before use."""
        self.recipes = list(recipes)
        self.generators = [torch.Generator(device) for _ in recipes]

    def start_epoch(self, epoch: int) -> None:
        """Seed every run's stream for one epoch."""
        for random, recipe in zip(self.generators, self.recipes, strict=True):
            random.manual_seed(integer_seed(recipe.seed, "dropout", epoch))

    def __call__(self, h: Tensor, layer: int) -> Tensor:
        """Return the mask for the activations ``h`` of a hidden layer, (L, units, batch)."""
        mask = torch.empty_like(h)
        for run, own in enumerate(mask):
            self.fill(own, run)
        return mask

    def fill(self, mask: Tensor, run: int) -> None:
        """Draw one run's mask, (units, batch), into a contiguous tensor."""
        keep = 1 - self.recipes[run].dropout
        if keep == 1:
            mask.fill_(1)
        else:
            mask.bernoulli_(keep, generator=self.generators[run]).div_(keep)
