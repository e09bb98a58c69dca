"""What training costs, roughly: for the time that is left, and for how cells share jobs.

Nothing that is trained depends on these numbers, and a machine twice as fast changes no decision
much: they are right within a factor of two on one core of a server of the 2020s.
"""

from __future__ import annotations

import itertools

from restudy.config.recipe import Recipe
from restudy.datasets.registry import DATASETS

# Measured on networks of 8 to 784-512-256-10 at batches of 8 to 256, on one core.
_FLOP = 1e-11
"""Seconds of a floating-point operation in the products of training."""
_EVALUATION_FLOP = 2e-11
"""Seconds of one in evaluation."""
_WEIGHT = 4e-9
"""Seconds that a step takes to pass over a weight, its gradient and its velocity."""
_STEP = 2e-4
"""Seconds that a lane adds to a step, however small its network is."""
_CELL = 0.3
"""Seconds to read and scale the data and to write the files of a cell."""

START = 5.0
"""Seconds before a job's first step, nearly all of them imports."""


def seconds(recipe: Recipe, lanes: int) -> float:
    """Estimate how long one core trains a cell, without the start of its job.

    Args:
        recipe: of any of its lanes; they cost the same.
        lanes: how many there are.
    """
    data = DATASETS[recipe.dataset]
    widths = [data.inputs, *recipe.hidden, data.classes or 1]
    weights = sum(a * b for a, b in itertools.pairwise(widths))
    # Forward 2 operations a weight and sample, backward 4.
    step = 6 * weights * recipe.n_batch * _FLOP + weights * _WEIGHT + _STEP
    epochs = -(-recipe.total_steps // recipe.steps_per_epoch)
    measured = -(-epochs // recipe.evaluate_every) * (recipe.n_train + recipe.n_validation)
    evaluation = 2 * weights * measured * _EVALUATION_FLOP
    return _CELL + lanes * (recipe.total_steps * step + evaluation)
