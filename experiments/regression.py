"""The squared error: how outliers pull it, and whether it has one minimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import HuberRegressor, LinearRegression, QuantileRegressor

from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp import solver
from restudy.mlp.network import FullyConnectedNet, Parameters
from restudy.training.rng import generator

CORRUPTED = ("0", "0.01", "0.05", "0.1")
FACTOR = 10
"""What a corrupted target is multiplied by: a decimal point in the wrong place."""
MODELS: Mapping[str, list[int]] = {"linear": [], "mlp": [8]}
"""Of the second experiment: name -> widths of the hidden layers."""
_SAMPLES = 1000
_FEW = 300
"""Samples of the second experiment, all of which make one batch."""
_STEPS = 800
_LEARNING_RATE = 0.1
_PLACES = 21
"""On the line between two solutions, ends included."""


@Experiment(
    name="outliers",
    title="Linear regression on prices of which some are ten times too high",
    factors={"loss_function": ("mse", "huber", "mae"), "corrupted": CORRUPTED},
    numbers={
        "rmse": "on clean test targets, 100,000 US dollars",
        "mae": "the same, mean absolute error",
        "rmse_rise": "rmse minus that of the same loss without corruption",
        "mae_rise": "mae minus that of the same loss without corruption",
    },
    datasets=("california_housing",),
)
def outliers(data: Data) -> Rows:
    """Fit linear models to prices of which a share is ten times too high.

    The three are least squares; Huber's loss with scikit-learn's default width (1.35 estimated
    standard deviations); least absolute errors (regression to the median). None has a penalty. The
    seed draws the houses and which of them are corrupted; a larger share includes a smaller one.
    """
    models: Mapping[str, Any] = {
        "mse": LinearRegression(),
        "huber": HuberRegressor(alpha=0, max_iter=1000),
        "mae": QuantileRegressor(quantile=0.5, alpha=0),
    }
    for seed in range(SEEDS):
        random = generator(seed, "outliers")
        parts = scaled(draw(data["california_housing"], random, _SAMPLES), "standard")
        order = random.permutation(len(parts.train))
        for name, model in models.items():
            clean = None
            for share in CORRUPTED:
                y = parts.train.y.astype(np.float64)
                y[order[: round(float(share) * len(y))]] *= FACTOR
                model.fit(parts.train.x.astype(np.float64), y)
                errors = model.predict(parts.test.x.astype(np.float64)) - parts.test.y
                rmse, mae = float(np.sqrt(np.mean(errors**2))), float(np.mean(np.abs(errors)))
                clean = clean or (rmse, mae)
                yield name, share, seed, rmse, mae, rmse - clean[0], mae - clean[1]


@Experiment(
    name="one-minimum",
    title="Two trainings from different starts: do they reach the same minimum?",
    factors={"model": MODELS},
    numbers={
        "final_loss": "training MSE, mean of the two, of standardised prices",
        "spread": "|difference of the two final losses|",
        "barrier": "highest loss on the straight line between the two ends, above the line "
        "between their losses",
        "gradient": "|gradient| at the end, the larger of the two",
    },
    datasets=("california_housing",),
)
def one_minimum(data: Data) -> Rows:
    """Train a model twice from different weights, on the same houses; compare where it ends.

    All samples are one batch, prices are standardised: predicting their mean has the loss 1. The
    barrier is 0 or less where the loss is convex along the line.
    """
    for model, hidden in MODELS.items():
        for seed in range(SEEDS):
            random = generator(seed, "one minimum: samples")
            drawn = draw(data["california_housing"], random, _FEW)
            train = scaled(drawn, "standard", "standard").train
            ends = [_descend(hidden, train, seed, part) for part in range(2)]
            losses = [network.loss(train.x, train.y) for network in ends]
            gradients = [network.loss_and_gradients(train.x, train.y)[1] for network in ends]
            spread, barrier = abs(losses[0] - losses[1]), _barrier(ends[0], ends[1], train)
            yield model, seed, np.mean(losses), spread, barrier, max(map(_length, gradients))


def _descend(hidden: list[int], train: Part, seed: int, part: int) -> FullyConnectedNet:
    """Return a network after full-batch steps with momentum; ``part`` draws its first weights."""
    network = FullyConnectedNet(
        train.x.shape[1],
        hidden,
        1,
        init_scale=0.5,
        random=generator(seed, "one minimum: weights", part),
        loss="mse",
        activation="tanh",  # smooth, so that a small gradient means a minimum
    )
    x, y = train.x.astype(np.float64), train.y.astype(np.float64)
    solver.train(network, x, y, _STEPS * [slice(None)], _LEARNING_RATE)
    return network


def _barrier(one: FullyConnectedNet, other: FullyConnectedNet, train: Part) -> float:
    """Return max_t L((1 - t) one + t other) - ((1 - t) L(one) + t L(other)), t in (0, 1)."""
    ends, between = (one.state(), other.state()), one.state()
    places = np.linspace(0, 1, _PLACES)
    losses = []
    for t in places:
        for name in between:
            one.params[name][...] = (1 - t) * ends[0][name] + t * ends[1][name]
        losses.append(one.loss(train.x, train.y))
    one.load_state(ends[0])
    straight = (1 - places) * losses[0] + places * losses[-1]
    return float(np.max((np.array(losses) - straight)[1:-1]))


def _length(gradients: Parameters) -> float:
    """Return the Euclidean norm of all gradients together."""
    return float(np.sqrt(sum(np.sum(g * g) for g in gradients.values())))
