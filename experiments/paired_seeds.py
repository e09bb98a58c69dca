"""Two kinds of network compared on the same seeds, or on different ones."""

from __future__ import annotations

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw
from restudy.experiments.training import train_all
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

PAIRS = 8
"""Of one comparison."""


@Experiment(
    name="pairing",
    title="Batch norm against none, on the same seeds or on different ones",
    factors={"seeds": ("different", "the same")},
    numbers={"sd": "standard deviation of the difference in test accuracy, of 8 pairs"},
    datasets=("mnist",),
)
def pairing(data: Data) -> Rows:
    """Train networks with batch norm and without; look how their differences vary.

    Eight of each make a comparison. Paired are two that start from the same weights and see the
    batches in the same order; unpaired, each is compared with the next one's partner, so that the
    same sixteen networks make both numbers.
    """
    for seed in range(SEEDS):
        drawn = draw(data["mnist"], generator(seed, "pairing"), 1000, 5000)
        runs = train_all(
            {
                (norm, place): {
                    "hidden": [32],
                    "norm": norm,
                    "learning_rate": 0.01,
                    "batch_size": 50,
                    "epochs": 3,
                    "evaluate_every": 3,
                    "seed": seed * PAIRS + place,
                }
                for norm in ("none", "batch")
                for place in range(PAIRS)
            },
            drawn,
        )
        plain, normed = (
            np.array([runs[norm, place].last("test", "accuracy") for place in range(PAIRS)])
            for norm in ("none", "batch")
        )
        for seeds, difference in differences(normed, plain).items():
            yield seeds, seed, np.std(difference, ddof=1)


def differences(treatment: Array, control: Array) -> dict[str, Array]:
    """Return treatment minus control, of the same seed and of the next one (after the last, first).

    Args:
        treatment: one number of each seed, shape (n,).
        control: the same of the other side.
    """
    return {"different": treatment - np.roll(control, -1), "the same": treatment - control}
