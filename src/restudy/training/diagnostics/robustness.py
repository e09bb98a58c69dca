"""What is left of the score when the inputs are noisy."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from restudy.config.diagnostics import NOISY_ROWS
from restudy.training.batches import Part
from restudy.training.diagnostics.common import measures
from restudy.training.evaluation import evaluate
from restudy.training.rng import generator
from restudy.training.stack import Stack

NOISE = 0.3
"""Standard deviation of the noise, in that of the inputs."""


@measures("robustness")
def robustness(stack: Stack) -> dict[str, Tensor]:
    """Return the score on the first ``NOISY_ROWS`` validation samples with noise in their inputs.

    Noise is normal with mean 0, its standard deviation ``NOISE`` times that of all numbers in
    those inputs, drawn once from a stream of the run's own. ``noisy_accuracy``, or for a
    regression ``noisy_r2``, as :func:`evaluate` has them.
    """
    part = Part(stack.data.validation.x[:NOISY_ROWS], stack.data.validation.y[:NOISY_ROWS])
    sd = NOISE * part.x.double().std(correction=0)
    seeds = [recipe.seed for recipe in stack.recipes]
    streams = {seed: generator(seed, "input noise") for seed in seeds}

    def disturbed(x: Tensor) -> Tensor:
        # The streams go on from block to block; runs of one seed share theirs.
        drawn = {
            seed: own.standard_normal(x.shape[1:], np.float32) for seed, own in streams.items()
        }
        noise = torch.from_numpy(np.stack([drawn[seed] for seed in seeds])).to(x)
        return noise.mul_(sd).add_(x)

    found = evaluate(stack.network, part, stack.loss, disturb=disturbed)
    score = "r2" if stack.loss == "mse" else "accuracy"
    return {f"noisy_{score}": found[score]}
