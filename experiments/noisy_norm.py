"""Batch norm whose outputs are shifted and scaled at random: covariate shift put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from experiments.loss_functions import steps_to
from experiments.stacks import Layers, accuracy, cross_entropy, outputs, samples, train_grid
from experiments.very_deep import normed
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, held_out
from restudy.training.rng import generator

NORMS: Mapping[str, float | None] = {
    "none": None,
    "batch": 0.0,
    "batch, noise 0.5": 0.5,
    "batch, noise 1": 1.0,
}
"""Level -> standard deviation of the noise after batch norm."""
RATES = (0.01, 0.03, 0.1, 0.3)
SEEDS = 6
STEPS = 300
EVERY = 10
TARGET = 0.85
_TRAIN, _VALIDATION = 2000, 500
_BATCH = 50
_HIDDEN = [32, 32, 32]
_CLASSES = 10


@Experiment(
    name="noisy-norm",
    title="Steps to a target with batch norm whose outputs are shifted and scaled at random",
    factors={"norm": NORMS},
    numbers={
        "steps": "until 85% of validation are right; 310 if never",
        "shift": "of batch means from step to step, in standard deviations",
        "validation_accuracy": "share of 500 validation samples after 300 steps",
        "learning_rate": "that was chosen, by the steps",
    },
    datasets=("mnist",),
    seeds=SEEDS,
)
def noisy_norm(data: Data) -> Rows:
    """Train 784-32-32-32-10 networks with momentum; count steps until 85% of validation is right.

    A hidden unit's normalised values z become (1 + a) z + b, with a and b normal(0, sd) drawn anew
    for each unit and step; after that comes the ReLU. (Santurkar et al. 2018, section 2.1, add
    noise whose mean and deviation change from step to step for the same end.) Batch norm has no
    scale and shift of its own. Networks are evaluated every 10 steps, without noise, normalised by
    the statistics of the validation images. Each norm has the rate with the fewest steps, by their
    mean over the seeds; a run that never reaches it counts as one evaluation more than it had.
    """
    parts = [
        held_out(
            draw(data["mnist"], generator(seed, "noisy norm: samples"), _TRAIN + _VALIDATION, 1),
            _VALIDATION,
        )
        for seed in range(SEEDS)
    ]
    train = samples([part.train for part in parts])
    validation = samples([part.validation for part in parts], len(RATES))
    for norm, sd in NORMS.items():
        curves, shift = _trained(train, validation, sd)
        steps = EVERY * np.apply_along_axis(steps_to, 0, curves, TARGET)
        best = int(steps.mean(axis=0).argmin())
        for seed in range(SEEDS):
            numbers = (found[seed, best] for found in (steps, shift, curves[-1]))
            yield norm, seed, *numbers, RATES[best]


class HiddenLayers:
    """Outputs of hidden layers, and how far their batch means move from step to step.

    Attributes:
        shift: sum over steps of the shift of each network, shape (r,): mean over the units of
            |mean - mean at the step before| / sd before, of the values that the ReLU takes.
    """

    def __init__(self, sd: float | None, randoms: Sequence[np.random.Generator], each: int) -> None:
        """Put noise of a deviation ``sd`` after batch norm; None for no batch norm.

        Args:
            sd: the noise's.
            randoms: one per seed.
            each: networks of each seed, which stand side by side.
        """
        self.sd, self.randoms, self.each = sd, randoms, each
        self.shift = torch.zeros(len(randoms) * each)
        self.before: dict[int, tuple[Tensor, Tensor]] = {}

    def quiet(self, i: int, h: Tensor) -> Tensor:
        """Return the outputs of layer i without noise; the shift is not counted."""
        return (h if self.sd is None else normed(h)).relu()

    def noisy(self, i: int, h: Tensor) -> Tensor:
        """Return the outputs of layer i in training.

        The networks of one seed get the same noise, so that they differ in the rate alone; seeds
        have noise of their own, so that they are independent.
        """
        if self.sd is not None:
            shape = (2, 1, h.shape[-1])
            drawn = np.stack([one.standard_normal(shape, np.float32) for one in self.randoms], 1)
            noise = torch.from_numpy(self.sd * drawn).repeat_interleave(self.each, 1)
            h = (1 + noise[0]) * normed(h) + noise[1]
        with torch.no_grad():
            var, mean = torch.var_mean(h, 1, correction=0)
            if i in self.before:
                last, sd = self.before[i]
                self.shift += ((mean - last).abs() / (sd + 1e-6)).mean(-1) / len(_HIDDEN)
            self.before[i] = mean, var.sqrt()
        return h.relu()


def _trained(
    train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], sd: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return validation accuracies (looks, seeds, rates) and mean shift per step (seeds, rates)."""
    seeds, each = range(len(train[0])), len(RATES)
    hidden = HiddenLayers(sd, [generator(seed, "noisy norm: noise") for seed in seeds], each)

    def loss(layers: Layers, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(outputs(layers, x, hidden.noisy), y)

    looks, widths = [], [*_HIDDEN, _CLASSES]
    for step, layers in train_grid(
        train, widths, RATES, loss, stream="noisy norm", size=_BATCH, steps=STEPS
    ):
        if step and step % EVERY == 0:
            with torch.no_grad():
                given = outputs(layers, validation[0], hidden.quiet)
            looks.append(accuracy(given, validation[1]))
    curves = torch.stack(looks).view(-1, len(seeds), each).numpy()
    return curves, (hidden.shift / (STEPS - 1)).view(-1, each).numpy()
