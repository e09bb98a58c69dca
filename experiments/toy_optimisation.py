"""Gradient descent, momentum and Nesterov on functions whose shape is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import norm

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.optimisers import OPTIMISERS
from restudy.training.rng import generator


@dataclass(frozen=True)
class Landscape:
    """A function of a point; points lie along the last axis of an array of any shape.

    Attributes:
        start: draws a point to start from, shape (d,).
        height: how far f is above its lowest value, shape (...).
        gradient: of f, shape (..., d).
        target: the height at which one has arrived.
    """

    start: Callable[[np.random.Generator], Array]
    height: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    target: float


CURVATURES = np.logspace(-2, 0, 10)
"""Of the quadratic: its condition number is 100."""


def _quadratic_start(random: np.random.Generator) -> Array:
    # As high in each direction, on average: else the long way along would hardly count.
    x: Array = random.standard_normal(len(CURVATURES)) / np.sqrt(CURVATURES)
    return x / np.sqrt(_quadratic(x))


def _quadratic(x: Array) -> Array:
    height: Array = 0.5 * np.sum(CURVATURES * x**2, axis=-1)
    return height


def _plateau(x: Array) -> Array:
    height: Array = 1 - np.exp(-np.sum(x**2, axis=-1) / 2)
    return height


def _plateau_gradient(x: Array) -> Array:
    return x * (1 - _plateau(x))[..., None]


def _saddle(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    height: Array = a**3 - 3 * a * b**2 + 0.75 * (a**2 + b**2) ** 2 + 0.25
    return height


def _saddle_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    wall = 3 * (a**2 + b**2)
    return np.stack([3 * a**2 - 3 * b**2 + wall * a, -6 * a * b + wall * b], axis=-1)


def _at_distance(random: np.random.Generator, low: float, high: float) -> Array:
    radius, angle = random.uniform(low, high), random.uniform(0, 2 * np.pi)
    return radius * np.array([np.cos(angle), np.sin(angle)])


LANDSCAPES: Mapping[str, Landscape] = {
    # A bowl 100 times as steep across as along; it starts at height 1.
    "quadratic": Landscape(_quadratic_start, _quadratic, lambda x: CURVATURES * x, 1e-6),
    # Flat but for a dent of width 1 in the middle; the start is 3 to 4 away from it.
    "plateau": Landscape(
        lambda random: _at_distance(random, 3, 4), _plateau, _plateau_gradient, 1e-3
    ),
    # A monkey saddle, flat in the middle to second order, with walls r^4: three minima at r = 1.
    "saddle": Landscape(
        lambda random: _at_distance(random, 0.01, 0.03), _saddle, _saddle_gradient, 1e-3
    ),
}


RULES = {
    "plain": ("sgd", 0.0),
    "momentum 0.5": ("momentum", 0.5),
    "momentum 0.9": ("momentum", 0.9),
    "momentum 0.99": ("momentum", 0.99),
    "nesterov 0.9": ("nesterov", 0.9),
}
RATES = 2.0 ** (np.arange(-24, 9) / 3)
"""What the rates are tuned over: 2^-8 to 2^2.67, three to a doubling."""
STEPS = 2000
_TUNING = range(1000, 1010)
"""Seeds of the starts that the rates are tuned on: others than those that count."""


class Paths(NamedTuple):
    """What descending from each start with each rate was like, shape (rates, starts) each.

    Attributes:
        steps: until the target is first reached; one more than there were if it never is.
        sign_changes: share of the updates of a coordinate, up to then, that had another sign than
            the one before.
        roughness: sum |u_t - u_(t-1)| / sum |u_t| over the updates up to then: 0 if they are all
            the same, 2 if each takes back the one before.
    """

    steps: Array
    sign_changes: Array
    roughness: Array


@Experiment(
    name="descent",
    title="Steps of plain gradient descent, momentum and Nesterov on three landscapes",
    factors={
        "landscape": ("quadratic", "plateau", "saddle"),
        "optimiser": RULES,
        "rate": ("tuned", "same"),
    },
    numbers={
        "steps": "until the target is reached; 2,001 if 2,000 were not enough",
        "learning_rate": "that was used",
        "sign_changes": "share of updates of a coordinate with another sign than the last",
        "roughness": "sum |change of the update| / sum |update|",
    },
)
def descent(data: Data) -> Rows:
    """Descend from a start that the seed draws, each rule at its tuned rate and all at the same.

    ``tuned`` is the rate with the fewest steps, by their mean over starts of other seeds; the
    smallest of equals. ``same`` is half the tuned rate of the plain rule, at which none of the
    rules diverges on the quadratic.
    """
    for name, landscape in LANDSCAPES.items():
        starts = _starts(name, landscape, range(SEEDS))
        tuning = _starts(name, landscape, _TUNING)
        tuned = {
            rule: float(RATES[descend(landscape, rule, RATES, tuning).steps.mean(axis=1).argmin()])
            for rule in RULES
        }
        for rule in RULES:
            rates = np.array([tuned[rule], tuned["plain"] / 2])
            paths = descend(landscape, rule, rates, starts)
            for i, rate in enumerate(("tuned", "same")):
                for seed in range(SEEDS):
                    steps, *shape = (path[i, seed] for path in paths)
                    yield name, rule, rate, seed, steps, rates[i], *shape


def descend(landscape: Landscape, rule: str, rates: Array, starts: Array) -> Paths:
    """Descend from every start with every rate, 2,000 steps at most.

    Args:
        landscape: what to minimise.
        rule: name in :data:`RULES`.
        rates: learning rates, shape (r,).
        starts: points, shape (s, d).
    """
    name, momentum = RULES[rule]
    update = OPTIMISERS[name]
    # The rules work elementwise, so a rate for each path will do for the one that they ask for.
    each: Any = rates[:, None, None]
    x = np.broadcast_to(starts, (len(rates), *starts.shape)).copy()
    v, last = np.zeros_like(x), np.zeros_like(x)
    under_way = np.ones(x.shape[:2], bool)
    taken, turned, changed, moved = (np.zeros(x.shape[:2]) for _ in range(4))
    with np.errstate(over="ignore", invalid="ignore"):  # too large a rate diverges
        for step in range(STEPS):
            after, v = update(x, landscape.gradient(x), v, each, momentum)
            u, x = after - x, after
            taken += under_way
            moved += np.where(under_way, norm(u, axis=-1), 0)
            if step:
                turned += np.where(under_way, np.mean(u * last < 0, axis=-1), 0)
                changed += np.where(under_way, norm(u - last, axis=-1), 0)
            last = u
            under_way &= ~(landscape.height(x) <= landscape.target)
            if not under_way.any():
                break
        comparisons = np.maximum(taken - 1, 1)
        return Paths(taken + under_way, turned / comparisons, changed / moved)


def _starts(name: str, landscape: Landscape, seeds: range) -> Array:
    return np.array([landscape.start(generator(seed, f"descent: {name}")) for seed in seeds])


STARTS = {"shallow well": (0.9, 1.1), "anywhere": (-2.0, 2.0)}
WELL_RULES = ("plain", "momentum 0.9", "nesterov 0.9")
NOISES = ("0", "1", "2", "4")
TILT = 0.3
PARTICLES = 100
WELL_STEPS, _QUIET_STEPS = 2000, 200
_LEARNING_RATE = 0.02


def well_height(x: Array) -> Array:
    """Return (x^2 - 1)^2 + 0.3 x: a shallow well near x = 1, a deeper one near x = -1."""
    return (x**2 - 1) ** 2 + TILT * x


def well_gradient(x: Array) -> Array:
    """Return the derivative of :func:`well_height`."""
    return 4 * x * (x**2 - 1) + TILT


@Experiment(
    name="double-well",
    title="Which of two wells a particle ends in, with noise on the gradient or without",
    factors={"start": STARTS, "optimiser": WELL_RULES, "noise": NOISES},
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
            normal = random.standard_normal((WELL_STEPS, PARTICLES))
            for optimiser in WELL_RULES:
                ends = _roll(first, normal, optimiser)
                for noise, x in zip(NOISES, ends, strict=True):
                    yield start, optimiser, noise, seed, np.mean(x < 0), np.mean(well_height(x))


def _roll(first: Array, normal: Array, optimiser: str) -> Array:
    """Return where particles end, shape (noises, particles)."""
    name, momentum = RULES[optimiser]
    update = OPTIMISERS[name]
    sds = np.array([float(noise) for noise in NOISES])[:, None]
    x = np.broadcast_to(first, (len(NOISES), len(first))).copy()
    v = np.zeros_like(x)
    quiet = np.zeros((_QUIET_STEPS, len(first)))
    for drawn in np.concatenate([normal, quiet]):
        x, v = update(x, well_gradient(x) + sds * drawn, v, _LEARNING_RATE, momentum)
    return x
