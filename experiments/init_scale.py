"""S4's deep network from initial weights of one size for all layers, or of each layer's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw
from restudy.experiments.training import train_all
from restudy.training.rng import generator

SEEDS = 5
WEIGHTS: Mapping[str, Mapping[str, Any]] = {
    "0.05": {"weight_init": "normal", "init_scale": 0.05},
    "by fan-in": {"weight_init": "he"},
}
"""Level -> standard deviation of the initial weights: S4's, or sqrt(2 / fan-in) (He et al. 2015).

They are the same for the 784 pixels, and 0.05 against 0.14 for 100 units.
"""
_STEPS = 200


@Experiment(
    name="initial-sd",
    title="S4's initial weights, of one size for all layers, or by each layer's fan-in",
    factors={"weights": WEIGHTS},
    numbers={
        "train_loss": "cross-entropy after 200 steps, nats",
        "test_accuracy": "share of 2,000 test samples",
    },
    datasets=("fashion_mnist",),
    seeds=SEEDS,
)
def initial_sd(data: Data) -> Rows:
    """Train a 784-100-100-10 network on 500 images, all at once, for S4's 200 steps of Adam."""
    for seed in range(SEEDS):
        drawn = draw(data["fashion_mnist"], generator(seed, "initial sd"), 500, 2000)
        runs = train_all(
            {
                name: {
                    **weights,
                    "hidden": [100, 100],
                    "optimiser": "adam",
                    "learning_rate": 0.001,
                    "batch_size": "full",
                    "steps": _STEPS,
                    "evaluate_every": _STEPS,
                    "seed": seed,
                }
                for name, weights in WEIGHTS.items()
            },
            drawn,
        )
        for name, run in runs.items():
            yield name, seed, run.last("train", "data_loss"), run.last("test", "accuracy")
