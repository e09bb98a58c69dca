"""Batch norm and layer norm, in batches from tiny to ordinary."""

from __future__ import annotations

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw
from restudy.experiments.training import train_all
from restudy.training.rng import generator

NORMS = ("batch", "layer")
BATCH_SIZES = ("2", "4", "16", "64")
_RATE = 0.05
"""Learning rate of the largest batch."""


@Experiment(
    name="norms-and-batch-sizes",
    title="Batch norm and layer norm, in batches from 2 to 64 samples",
    factors={"norm": NORMS, "batch_size": BATCH_SIZES},
    numbers={
        "test_accuracy": "share of 5,000 test samples",
        "below_largest_batch": "how much less that is than with batches of 64",
    },
    datasets=("mnist",),
)
def norms_and_batch_sizes(data: Data) -> Rows:
    """Train both for the same number of epochs, the learning rate in proportion to the batch.

    With such rates an epoch moves the weights about as far in batches of any size (Goyal et al.,
    "Accurate, large minibatch SGD", 2017), so that what is left is what the norm makes of the
    batch; Wu and He, "Group normalization", 2018, compare norms so. All seeds have the same
    images; the seed draws weights and batches.
    """
    drawn = draw(data["mnist"], generator(0, "norms and batch sizes"), 1000, 5000)
    runs = train_all(
        {
            (norm, size, seed): {
                "hidden": [64, 64],
                "norm": norm,
                "learning_rate": _RATE * int(size) / int(BATCH_SIZES[-1]),
                "batch_size": int(size),
                "epochs": 3,
                "evaluate_every": 3,
                "seed": seed,
            }
            for norm in NORMS
            for size in BATCH_SIZES
            for seed in range(SEEDS)
        },
        drawn,
    )
    accuracies = {key: run.last("test", "accuracy") for key, run in runs.items()}
    for (norm, size, seed), accuracy in accuracies.items():
        yield norm, size, seed, accuracy, accuracies[norm, BATCH_SIZES[-1], seed] - accuracy
