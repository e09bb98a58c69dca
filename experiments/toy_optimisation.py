"""Plain gradient descent, momentum and Nesterov, on functions whose shape is known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.landscapes import LANDSCAPES, Landscape
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.optimisers import OPTIMISERS
from restudy.training.rng import generator

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
            rates = {"tuned": tuned[rule], "same": tuned["plain"] / 2}
            paths = descend(landscape, rule, np.array(list(rates.values())), starts)
            for i, rate in enumerate(rates):
                for seed in range(SEEDS):
                    yield (
                        name,
                        rule,
                        rate,
                        seed,
                        paths.steps[i, seed],
                        rates[rate],
                        paths.sign_changes[i, seed],
                        paths.roughness[i, seed],
                    )


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
            moved += np.where(under_way, _length(u), 0)
            if step:
                turned += np.where(under_way, np.mean(u * last < 0, axis=-1), 0)
                changed += np.where(under_way, _length(u - last), 0)
            last = u
            under_way &= ~(landscape.height(x) <= landscape.target)
            if not under_way.any():
                break
        comparisons = np.maximum(taken - 1, 1)
        return Paths(taken + under_way, turned / comparisons, changed / moved)


def _length(u: Array) -> Array:
    length: Array = np.sqrt(np.sum(u**2, axis=-1))
    return length


def _starts(name: str, landscape: Landscape, seeds: range) -> Array:
    return np.array([landscape.start(generator(seed, f"descent: {name}")) for seed in seeds])
