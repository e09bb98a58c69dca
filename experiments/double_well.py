"""A double well: does noise on the gradient, or momentum, bring a particle to the deeper one?"""

from __future__ import annotations

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.optimisers import OPTIMISERS
from restudy.training.rng import generator

STARTS = {"shallow well": (0.9, 1.1), "anywhere": (-2.0, 2.0)}
RULES = {
    "plain": ("sgd", 0.0),
    "momentum 0.9": ("momentum", 0.9),
    "nesterov 0.9": ("nesterov", 0.9),
}
NOISES = ("0", "1", "2", "4")
TILT = 0.3
PARTICLES = 100
_STEPS, _QUIET_STEPS = 2000, 200
_LEARNING_RATE = 0.02


def height(x: Array) -> Array:
    """Return (x^2 - 1)^2 + 0.3 x: a shallow well near x = 1, a deeper one near x = -1."""
    return (x**2 - 1) ** 2 + TILT * x


def gradient(x: Array) -> Array:
    """Return the derivative of :func:`height`."""
    return 4 * x * (x**2 - 1) + TILT


@Experiment(
    name="double-well",
    title="Which of two wells a particle ends in, with noise on the gradient or without",
    factors={"start": STARTS, "optimiser": RULES, "noise": NOISES},
    numbers={
        "deeper": "share of particles that end in the deeper well",
        "final_loss": "mean height at the end, after steps without noise",
    },
)
def double_well(data: Data) -> Rows:
    """Let 100 particles a seed roll down, 2,000 steps with noise and 200 without.

    The noise is normal(0, sd), drawn anew for each step and particle, and the same for all rules
    and, but for its size, for all levels. The last steps, without it, let each particle settle in
    the well that it has come to. All rules have one learning rate, 0.02.
    """
    for seed in range(SEEDS):
        for start, (low, high) in STARTS.items():
            random = generator(seed, f"double well: {start}")
            first = random.uniform(low, high, PARTICLES)
            normal = random.standard_normal((_STEPS, PARTICLES))
            for optimiser in RULES:
                ends = _roll(first, normal, optimiser)
                for noise, x in zip(NOISES, ends, strict=True):
                    yield start, optimiser, noise, seed, np.mean(x < 0), np.mean(height(x))


def _roll(first: Array, normal: Array, optimiser: str) -> Array:
    """Return where particles end, shape (noises, particles)."""
    name, momentum = RULES[optimiser]
    update = OPTIMISERS[name]
    sds = np.array([float(noise) for noise in NOISES])[:, None]
    x = np.broadcast_to(first, (len(NOISES), len(first))).copy()
    v = np.zeros_like(x)
    quiet = np.zeros((_QUIET_STEPS, len(first)))
    for drawn in np.concatenate([normal, quiet]):
        x, v = update(x, gradient(x) + sds * drawn, v, _LEARNING_RATE, momentum)
    return x
