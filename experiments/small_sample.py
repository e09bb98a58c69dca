"""A network with a thousand weights, ten samples of California housing, and two remedies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp import solver
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

SAMPLES = ("10", "100", "1000")
REMEDIES: Mapping[str, dict[str, Any]] = {
    "none": {},
    "L2": {"lambda2": 0.1},
    "dropout": {"dropout": 0.5},
}
"""As strong as a textbook suggests, not tuned: ten samples leave none to tune on."""
HIDDEN = 100
"""8 features, 100 units, 1 output: 8 * 100 + 100 + 100 + 1 = 1,001 weights and biases."""
_WEIGHT_SCALE = 0.1
_STEPS = 400
_LEARNING_RATE = 0.05


@Experiment(
    name="short-of-data",
    title="A network with 1,001 weights and few training samples",
    factors={"samples": SAMPLES, "remedy": REMEDIES},
    numbers={
        "train_rmse": "on the training samples, 100,000 US dollars",
        "test_rmse": "on all test samples, 100,000 US dollars",
        "gap": "the second minus the first",
    },
    datasets=("california_housing",),
)
def short_of_data(data: Data) -> Rows:
    """Train one network on few and on many samples, with and without a remedy.

    400 full-batch steps with momentum; inputs and prices standardised by the training samples.
    The seed draws the samples, of which the ten are among the hundred, and the weights. Errors are
    root mean squares, in 100,000 US dollars.
    """
    for seed in range(SEEDS):
        for samples in SAMPLES:
            # The same stream for each number: the ten are among the hundred.
            random = generator(seed, "short of data: samples")
            drawn = draw(data["california_housing"], random, int(samples))
            parts = scaled(drawn, "standard", "standard")
            for remedy, fields in REMEDIES.items():
                network = _trained(parts.train, seed, fields)
                train, test = (_rmse(network, part) for part in (parts.train, parts.test))
                train, test = train * parts.target_sd, test * parts.target_sd
                yield samples, remedy, seed, train, test, test - train


def _trained(part: Part, seed: int, fields: Mapping[str, Any]) -> FullyConnectedNet:
    network = FullyConnectedNet(
        part.x.shape[1],
        [HIDDEN],
        1,
        init_scale=_WEIGHT_SCALE,
        random=generator(seed, "short of data: weights"),
        loss="mse",
        dtype=np.float32,
        **fields,
    )
    masks = generator(seed, "short of data: dropout")
    solver.train(network, part.x, part.y, _STEPS * [slice(None)], _LEARNING_RATE, masks=masks)
    return network


def _rmse(network: FullyConnectedNet, part: Part) -> float:
    errors = network.outputs(part.x)[:, 0] - part.y
    return float(np.sqrt(np.mean(errors.astype(np.float64) ** 2)))
