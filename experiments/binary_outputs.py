"""Two classes: a sigmoid output with cross-entropy, or a linear output with the squared error."""

from __future__ import annotations

import numpy as np

from restudy.data.load import ScaledSplit
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, only_classes, scaled
from restudy.mlp.arithmetic import Array
from restudy.mlp.losses import softmax
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.solver import shuffled, train
from restudy.training.rng import generator

DIGITS = {"3 or 5": (3, 5), "4 or 9": (4, 9)}
OUTPUTS = ("sigmoid", "linear")
BINS = 10
_SAMPLES = 1000
_HIDDEN = [16]
_WEIGHT_SCALE = 0.05


@Experiment(
    name="binary-outputs",
    title="Two digits classified by a sigmoid with cross-entropy, or a linear output with MSE",
    factors={"digits": DIGITS, "output": OUTPUTS},
    numbers={
        "log_loss": "test cross-entropy, nats; outputs cut off to probabilities",
        "brier": "test mean of (probability - label)^2",
        "calibration_error": "test ECE, 10 bins: mean |mean probability - share of labels 1|",
        "accuracy": "share of test samples on the right side of 0.5",
    },
    datasets=("mnist",),
)
def binary_outputs(data: Data) -> Rows:
    """Train both on 1,000 samples of two digits, and measure on all their test samples.

    Both start from the same hidden weights and see the same batches. The linear output is
    cut off at 0 and 1 to be a probability. As a logarithm needs probabilities that are not 0, both
    are kept 1/(n + 2) away from 0 and 1, with n training samples (Laplace's rule of succession).
    """
    for digits, classes in DIGITS.items():
        pair = only_classes(data["mnist"], *classes)
        for seed in range(SEEDS):
            parts = scaled(draw(pair, generator(seed, f"binary outputs: {digits}"), _SAMPLES))
            least = 1 / (len(parts.train) + 2)
            for output in OUTPUTS:
                p = np.clip(_probabilities(parts, output, seed), 0, 1)
                y = parts.test.y.astype(np.float64)
                sure = np.clip(p, least, 1 - least)
                log_loss = -np.mean(np.log(np.where(y == 1, sure, 1 - sure)))
                errors = np.mean((p - y) ** 2), calibration_error(p, y)
                yield digits, output, seed, log_loss, *errors, np.mean((p > 0.5) == y)


def calibration_error(p: Array, y: Array, bins: int = BINS) -> float:
    """Return sum_b (n_b / n) |mean of p - mean of y|, over bins of equal width.

    Source: Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015;
    here of the probability of class 1, since there are two classes.

    Args:
        p: probabilities of class 1, shape (n,).
        y: labels 0 and 1, shape (n,).
        bins: how many between 0 and 1; the last one holds 1 too.
    """
    place = np.minimum((p * bins).astype(int), bins - 1)
    excess = np.bincount(place, weights=p - y, minlength=bins)
    return float(np.abs(excess).sum() / len(p))


def _probabilities(parts: ScaledSplit, output: str, seed: int) -> Array:
    """Train a network; return the probabilities of class 1 that it gives the test samples, (n,).

    A softmax over two scores is the sigmoid of their difference.
    """
    sigmoid = output == "sigmoid"
    network = FullyConnectedNet(
        parts.train.x.shape[1],
        _HIDDEN,
        2 if sigmoid else 1,
        init_scale=_WEIGHT_SCALE,
        random=generator(seed, "binary outputs: weights"),
        loss="cross_entropy" if sigmoid else "mse",
        dtype=np.float32,
    )
    train(network, parts.train.x, parts.train.y, shuffled(len(parts.train), 50, 10, seed), 0.02)
    found = network.outputs(parts.test.x).astype(np.float64)
    p: Array = softmax(found)[:, 1] if sigmoid else found[:, 0]
    return p
