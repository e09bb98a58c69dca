"""Are the values that batch norm makes normal, or only of mean 0 and variance 1?"""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from experiments.small_nets import pre_activations, samples, trained, untrained
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

STAGES = {"start": untrained, "trained": trained}


@Experiment(
    name="normality",
    title="How normal the values are that batch norm makes",
    factors={"stage": STAGES, "values": ("raw", "batch norm", "after relu", "normal numbers")},
    numbers={
        "skewness": "|skewness| of a unit's values, mean over the units",
        "excess_kurtosis": "|kurtosis - 3|, the same",
        "distance": "Kolmogorov's distance to normal(0, 1), the same",
        "shape_distance": "distance to the normal with the values' mean and sd, the same",
    },
    datasets=("mnist",),
)
def normality(data: Data) -> Rows:
    """Measure the values of each hidden unit over 2,000 images, before and after training.

    ``batch norm`` is before gamma and beta; ``after relu`` standardises what a ReLU leaves of the
    raw values, as batch norm after the activation would. ``normal numbers`` shows what chance does
    to as many normal ones.
    """
    for seed in range(SEEDS):
        parts = samples(data["mnist"], seed, "normality")
        for stage, make in STAGES.items():
            network = make(parts, seed, "normality", batch_norm=True)
            raw = pre_activations(network, parts.train.x)
            drawn = generator(seed, f"normality: {stage}").standard_normal(raw.shape)
            values = {
                "raw": raw,
                "batch norm": standardised(raw),
                "after relu": standardised(np.maximum(raw, 0)),
                "normal numbers": drawn,
            }
            for name, some in values.items():
                yield stage, name, seed, *measured(some)


def measured(values: Array) -> tuple[float, float, float, float]:
    """Return how far the values of units are from normal, each a mean over the units.

    Units that never vary, such as ReLUs that are always off, have no shape and are left out.

    Args:
        values: shape (n, units).

    Returns:
        |E z^3| and |E z^4 - 3|, with z the standardised values; Kolmogorov's distance to
        normal(0, 1) of the values, and of z.
    """
    values = values[:, values.std(axis=0) > 0]
    z = standardised(values)
    skewness, kurtosis = np.abs(np.mean(z**3, axis=0)), np.abs(np.mean(z**4, axis=0) - 3)
    distances = (np.mean([_kolmogorov(unit) for unit in some.T]) for some in (values, z))
    return float(np.mean(skewness)), float(np.mean(kurtosis)), *map(float, distances)  # type: ignore[return-value]


def standardised(values: Array) -> Array:
    """Return (values - mean) / sd of each column; one that never varies becomes 0."""
    sd = values.std(axis=0)
    centred: Array = values - values.mean(axis=0)
    return centred / np.where(sd > 0, sd, 1)


def _kolmogorov(values: Array) -> float:
    """Return max |F_n - Phi|: F_n the values' distribution, Phi that of normal(0, 1)."""
    return float(kstest(values, "norm", method="asymp").statistic)
