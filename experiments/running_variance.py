"""The variance that batch norm keeps for inference: divided by the batch's size, or by one less."""

from __future__ import annotations

import numpy as np

from experiments.small_nets import pre_activations, samples, trained
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.mlp.batch_norm import EPS
from restudy.training.rng import generator

DIVISORS = {"biased": 0, "unbiased": 1}
"""Level -> what is subtracted from the batch's size."""
BATCH_SIZES = ("2", "4", "16", "64", "256")
_VALUES = 100_000
"""So many samples are drawn for a running variance, whatever the batch's size."""


@Experiment(
    name="running-variance",
    title="The variance that batch norm uses at inference, averaged over batches, by its divisor",
    factors={"divisor": DIVISORS, "batch_size": BATCH_SIZES},
    numbers={
        "variance_ratio": "running variance / that of all training samples, mean of the units",
        "output_difference": "|normalised values - those by the right variance| / |those|, of "
        "test samples",
        "test_accuracy": "share of test samples",
    },
    datasets=("mnist",),
)
def running_variance(data: Data) -> Rows:
    """Average the variances of many batches, and use them at inference in a trained network.

    Batches are drawn with replacement, and all weigh the same, so that nothing but the divisor
    tells: the mean of the biased variances of batches of m is (m - 1)/m of the variance. The
    running means stay those of all training samples.
    """
    for seed in range(SEEDS):
        parts = samples(data["mnist"], seed, "running variance")
        network = trained(parts, seed, "running variance", batch_norm=True)
        seen = pre_activations(network, parts.train.x)
        mean, var = seen.mean(axis=0), seen.var(axis=0)
        asked = pre_activations(network, parts.test.x)
        averages = network.averages[0]
        averages.mean[...] = mean
        right = (asked - mean) / np.sqrt(var + EPS)
        for size in BATCH_SIZES:
            batches = _batches(seen, int(size), generator(seed, f"running variance: {size}"))
            for divisor, ddof in DIVISORS.items():
                found = batches.var(axis=1, ddof=ddof).mean(axis=0)
                averages.var[...] = found
                normed = (asked - mean) / np.sqrt(found + EPS)
                right_class = network.outputs(parts.test.x).argmax(axis=1) == parts.test.y
                yield (
                    divisor,
                    size,
                    seed,
                    np.mean(found / var),
                    _size(normed - right) / _size(right),
                    np.mean(right_class),
                )


def _batches(values: Array, size: int, random: np.random.Generator) -> Array:
    """Return random batches of rows, shape (batches, size, units)."""
    found: Array = values[random.integers(len(values), size=(_VALUES // size, size))]
    return found


def _size(a: Array) -> float:
    return float(np.sqrt(np.sum(a * a)))
