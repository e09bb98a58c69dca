"""Batch norm at inference: running averages, or the statistics of all training samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.data.load import Part, PreparedData
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.experiments.training import TrainedNetwork, train_all
from restudy.mlp.losses import cross_entropy
from restudy.results.predictions import predict
from restudy.training.rng import generator

MOMENTA = ("0.01", "0.1", "0.5", "0.9")
STATISTICS = ("moving average", "all samples")
_SAMPLES = 4000
_TEST_SAMPLES = 5000
_EPOCHS = 10

Weights = Mapping[str, NDArray[Any]]


@Experiment(
    name="inference-statistics",
    title="Test accuracy by running averages, or by the statistics of all training samples",
    factors={"statistics": STATISTICS, "norm_momentum": MOMENTA},
    numbers={
        "test_accuracy": "share of test samples, after ten epochs",
        "test_loss": "cross-entropy, nats",
    },
    datasets=("mnist",),
)
def inference_statistics(data: Data) -> Rows:
    """Train networks for ten epochs on 4,000 images; test each by both kinds of statistics.

    All seeds have the same images; the seed draws weights and batches. The weight of the newest
    batch in the running averages changes nothing in training, so the statistics of all samples are
    the same for all of its levels.
    """
    drawn = draw(data["mnist"], generator(0, "inference statistics"), _SAMPLES, _TEST_SAMPLES)
    runs = _trained(drawn)
    parts = scaled(drawn)
    for seed in range(SEEDS):
        first = runs[seed, MOMENTA[0]]
        recipe = first.recipe.model_dump()
        state = with_all_samples(first.weights, recipe, parts.train.x)
        exact = _tested(state, recipe, parts.test)
        for momentum in MOMENTA:
            moving = _tested(runs[seed, momentum].weights, recipe, parts.test)
            for statistics, found in zip(STATISTICS, (moving, exact), strict=True):
                yield statistics, momentum, seed, *found


def with_all_samples(
    weights: Weights, recipe: Mapping[Any, Any], x: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Return weights whose running averages are the mean and variance of all samples.

    Layer by layer, since the values of a layer depend on the statistics of those before it (Ioffe
    and Szegedy 2015, algorithm 2, which averages batches for the same end).

    Args:
        weights: of a run, as :func:`restudy.results.predictions.predict` takes them.
        recipe: of the run, batch norm before a ReLU.
        x: scaled inputs, shape (n, features).
    """
    found = dict(weights)
    h = np.asarray(x, np.float64)
    for i in range(len(recipe["hidden"])):
        linear, norm = f"linear.{i}", f"norm.{i}"
        h = h @ found[f"{linear}.weight"].T.astype(np.float64) + found[f"{linear}.bias"]
        found[f"{norm}.running_mean"], found[f"{norm}.running_var"] = h.mean(axis=0), h.var(axis=0)
        h = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + recipe["norm_eps"])
        h = np.maximum(h * found[f"{norm}.weight"] + found[f"{norm}.bias"], 0)
    return found


def _tested(weights: Weights, recipe: Mapping[Any, Any], test: Part) -> tuple[float, float]:
    scores = predict(weights, recipe, test.x)
    return float(np.mean(scores.argmax(axis=1) == test.y)), cross_entropy(scores, test.y)[0]


def _trained(drawn: PreparedData) -> dict[tuple[int, str], TrainedNetwork]:
    fields = {
        "hidden": [64, 32],
        "norm": "batch",
        "learning_rate": 0.05,
        "batch_size": 64,
        "epochs": _EPOCHS,
    }
    return train_all(
        {
            (seed, momentum): {**fields, "norm_momentum": float(momentum), "seed": seed}
            for seed in range(SEEDS)
            for momentum in MOMENTA
        },
        drawn,
    )
