"""Penalties on a linear model some of whose inputs are noisy copies of one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, held_out
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

COPIES = 3
NOISES = ("0.1", "0.3")
STRENGTHS = np.logspace(0.5, -4, 28)
"""Strongest first, about six to a power of ten."""
TOLERANCE = 1.02
_TRAIN, _VALIDATION = 1000, 1000

PENALTIES: Mapping[str, Callable[[float, int], Any]] = {
    "L1": lambda strength, n: Lasso(strength, max_iter=20000),
    "L2": lambda strength, n: Ridge(n * strength),
    "elastic net": lambda strength, n: ElasticNet(strength, l1_ratio=0.5, max_iter=20000),
}
"""Name -> model of a strength a and n samples. All minimise |y - X w|^2 / (2 n) + a P(w), with P(w)
sum |w|, sum w^2 / 2, and half of each (Zou and Hastie 2005)."""


@Experiment(
    name="correlated-inputs",
    title="L1, L2 and elastic net on inputs that are there three times with noise, at one error",
    factors={"penalty": PENALTIES, "noise": NOISES},
    numbers={
        "unevenness": "sum of squares of coefficients about the mean of the three copies / sum "
        "of squares",
        "split_groups": "share of features with copies in the model and copies left out of it",
        "test_rmse": "100,000 US dollars",
        "strength": "of the penalty",
    },
    datasets=("california_housing",),
)
def correlated_inputs(data: Data) -> Rows:
    """Fit prices by the eight features of 1,000 houses, each there three times.

    Every copy has noise of its own, normal(0, noise) in standard deviations of the feature. To
    compare penalties at one error, each has the largest strength whose root mean squared error on
    1,000 validation houses is at most 1.02 times the smallest that any of the three has there.
    """
    for seed in range(SEEDS):
        random = generator(seed, "correlated inputs: samples")
        drawn = draw(data["california_housing"], random, _TRAIN + _VALIDATION)
        parts = held_out(drawn, _VALIDATION, "standard", "standard")
        for noise in NOISES:
            random = generator(seed, f"correlated inputs: {noise}")
            train, validation, test = (
                Part(copies(part.x, float(noise), random), part.y.astype(np.float64))
                for part in (parts.train, parts.validation, parts.test)
            )
            paths = {name: path(make, train) for name, make in PENALTIES.items()}
            errors = {
                name: np.array([rmse(model, validation) for model in models])
                for name, models in paths.items()
            }
            bound = TOLERANCE * min(some.min() for some in errors.values())
            for name, models in paths.items():
                place = first_within(errors[name], bound)
                groups = models[place].coef_.reshape(COPIES, -1)
                shape = unevenness(groups), split_groups(groups)
                error = rmse(models[place], test) * parts.target_sd
                yield name, noise, seed, *shape, error, STRENGTHS[place]


def copies(x: Array, noise: float, random: np.random.Generator) -> Array:
    """Return every column three times with noise, shape (n, 3 x features): copy after copy."""
    many = np.tile(x.astype(np.float64), COPIES)
    return many + noise * random.standard_normal(many.shape)


def path(make: Callable[[float, int], Any], train: Part) -> list[Any]:
    """Return a penalty's models, strongest first."""
    return [make(strength, len(train)).fit(train.x, train.y) for strength in STRENGTHS]


def first_within(errors: Array, bound: float) -> int:
    """Return the first place whose error is within a bound; that of the smallest, if none is."""
    return int(np.argmax(errors <= bound)) if errors.min() <= bound else int(errors.argmin())


def rmse(model: Any, part: Part) -> float:
    """Return the root mean squared error, in the targets' unit."""
    return float(np.sqrt(np.mean((model.predict(part.x) - part.y) ** 2)))


def unevenness(groups: Array) -> float:
    """Return sum (w - mean of its group)^2 / sum w^2: 0 if the coefficients of a group are equal.

    It is 1 - 1/k if each of k copies' groups has one coefficient that is not 0, and 1 if they
    cancel; 0 if all are 0.

    Args:
        groups: coefficients, shape (copies, groups).
    """
    squares = float(np.sum(groups**2))
    return float(np.sum((groups - groups.mean(axis=0)) ** 2)) / squares if squares else 0.0


def split_groups(groups: Array) -> float:
    """Return the share of groups that have coefficients which are 0 and some which are not."""
    gone = groups == 0
    return float(np.mean(gone.any(axis=0) & ~gone.all(axis=0)))
