"""The squared error: how outliers pull it, and whether it has one minimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import HuberRegressor, LinearRegression, QuantileRegressor

from restudy.datasets.load import Part, PreparedData
from restudy.experiments.full_batch import descend
from restudy.experiments.samples import SEEDS, draw, scaled
from restudy.lanes.streams import generator
from restudy.numpy_net.network import FullyConnectedNet, Parameters

CORRUPTED = ("0", "0.01", "0.05", "0.1")
FACTOR = 10
"""What a corrupted target is multiplied by: a decimal point in the wrong place."""
MODELS: Mapping[str, list[int]] = {"linear": [], "mlp": [8]}
"""Of the second experiment: name -> widths of the hidden layers."""
_SAMPLES = 1000
_FEW = 300
"""Samples of the second experiment, all of which make one batch."""
_STEPS = 800
_LEARNING_RATE, _MOMENTUM = 0.1, 0.9
_PLACES = 21
"""On the line between two solutions, ends included."""


def outliers(data: Mapping[str, PreparedData]) -> pd.DataFrame:
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
    rows = []
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
                rows.append(
                    {
                        "loss_function": name,
                        "corrupted": share,
                        "seed": seed,
                        "rmse": rmse,
                        "mae": mae,
                        "rmse_rise": rmse - clean[0],
                        "mae_rise": mae - clean[1],
                    }
                )
    return pd.DataFrame(rows)


def one_minimum(data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Train a model twice from different weights, on the same houses; compare where it ends.

    All samples are one batch, prices are standardised: predicting their mean has the loss 1. The
    barrier is 0 or less where the loss is convex along the line.
    """
    rows = []
    for model, hidden in MODELS.items():
        for seed in range(SEEDS):
            random = generator(seed, "one minimum: samples")
            drawn = draw(data["california_housing"], random, _FEW)
            train = scaled(drawn, "standard", "standard").train
            ends = [_descend(hidden, train, seed, part) for part in range(2)]
            losses = [network.loss(train.x, train.y) for network in ends]
            sizes = [_size(network.loss_and_gradients(train.x, train.y)[1]) for network in ends]
            rows.append(
                {
                    "model": model,
                    "seed": seed,
                    "final_loss": float(np.mean(losses)),
                    "spread": abs(losses[0] - losses[1]),
                    "barrier": _barrier(ends[0], ends[1], train),
                    "gradient": max(sizes),
                }
            )
    return pd.DataFrame(rows)


def _descend(hidden: list[int], train: Part, seed: int, part: int) -> FullyConnectedNet:
    """Return a network after full-batch steps with momentum; ``part`` draws its first weights."""
    network = FullyConnectedNet(
        train.x.shape[1],
        hidden,
        1,
        weight_scale=0.5,
        random=generator(seed, "one minimum: weights", part),
        loss="mse",
        activation="tanh",  # smooth, so that a small gradient means a minimum
    )
    x, y = train.x.astype(np.float64), train.y.astype(np.float64)
    descend(network, x, y, steps=_STEPS, learning_rate=_LEARNING_RATE, momentum=_MOMENTUM)
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


def _size(gradients: Parameters) -> float:
    """Return the Euclidean norm of all gradients together."""
    return float(np.sqrt(sum(np.sum(g * g) for g in gradients.values())))
