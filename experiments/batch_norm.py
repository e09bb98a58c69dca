"""Batch norm: invariances, dependence on the batch, the identity, and the running variance."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping

import numpy as np

from experiments.small_nets import pre_activations, samples, trained, untrained
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.activations import relu_backward, relu_forward
from restudy.mlp.arithmetic import Array
from restudy.mlp.batch_norm import (
    EPS,
    BatchNormCache,
    RunningAverages,
    batch_norm_backward,
    batch_norm_forward,
)
from restudy.mlp.layers import affine_backward, affine_forward
from restudy.mlp.losses import Labels, cross_entropy
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

FACTORS = ("0.1", "0.5", "2", "10")
BATCH_SIZES = ("16", "64", "256", "1024")
BATCHES = 100
_BATCH = 256
_IMAGES = 2
"""Test images of a seed, whose numbers are averaged."""


@Experiment(
    name="scale-sensitivity",
    title="What a network makes of weights or inputs multiplied by a number",
    factors={"norm": ("batch", "none"), "scaled": ("weights", "inputs"), "factor": FACTORS},
    numbers={
        "output_change": "|change of the logits| / |logits|",
        "gradient_exponent": "p, if the gradient with respect to what was multiplied by a is "
        "multiplied by a^p",
    },
    datasets=("mnist",),
)
def scale_sensitivity(data: Data) -> Rows:
    """Multiply the first layer's weights, or the images, by a; compare logits and gradients.

    If logits do not change with a, the gradient with respect to what was multiplied goes with 1/a
    (Ioffe and Szegedy 2015, section 3.3). Epsilon stays as it is, so with small a that is only
    nearly so. The networks are untrained; biases are zero.
    """
    for seed in range(SEEDS):
        parts = samples(data["mnist"], seed, "scale sensitivity")
        x, y = parts.train.x[:_BATCH].astype(np.float64), parts.train.y[:_BATCH]
        for norm in ("batch", "none"):
            network = untrained(parts, seed, "scale sensitivity", batch_norm=norm == "batch")
            plain = _logits_and_gradients(network, x, y)
            for scaled in ("weights", "inputs"):
                for factor in FACTORS:
                    a = float(factor)
                    changed = copy.deepcopy(network)
                    changed.params["W1"] *= a if scaled == "weights" else 1
                    found = _logits_and_gradients(changed, x * (a if scaled == "inputs" else 1), y)
                    change = _length(found["logits"] - plain["logits"]) / _length(plain["logits"])
                    ratio = _length(found[scaled]) / _length(plain[scaled])
                    yield norm, scaled, factor, seed, change, math.log(ratio) / math.log(a)


def _logits_and_gradients(network: FullyConnectedNet, x: Array, y: Labels) -> dict[str, Array]:
    """Return logits in training mode, and gradients with respect to first weights and inputs.

    The network's own backward pass leaves out the gradient of the inputs, so it is composed here.
    """
    p = network.params
    h, first = affine_forward(x, p["W1"], p["b1"])
    norm = None
    if network.batch_norm:
        h, norm = _normed(network, h, training=True)
    h, relu = relu_forward(h)
    logits, last = affine_forward(h, p["W2"], p["b2"])
    dout = relu_backward(affine_backward(cross_entropy(logits, y)[1], last)[0], relu)
    if norm is not None:
        dout = batch_norm_backward(dout, norm)[0]
    dx, dw, _ = affine_backward(dout, first)
    return {"logits": logits, "weights": dw, "inputs": dx}


_MODES = {
    "batch, training": (True, True),
    "batch, inference": (True, False),
    "none": (False, False),
}
"""Level -> whether there is batch norm, and whether it is in training mode."""


@Experiment(
    name="batch-mates",
    title="The logits of one image among 100 random batches",
    factors={"norm": _MODES, "batch_size": BATCH_SIZES},
    numbers={
        "logit_sd": "standard deviation of a logit over the batches, root mean square",
        "relative_sd": "the same, in units of the standard deviation from image to image",
        "changed": "share of batches in which the image is given another class than in most",
    },
    datasets=("mnist",),
)
def batch_mates(data: Data) -> Rows:
    """Put a test image into 100 batches of random training images; measure how its logits vary.

    Mates are drawn independently, so that no size comes near to all that there are. In training
    mode the batch's own mean and variance are used, at inference the running averages.
    """
    for seed in range(SEEDS):
        parts = samples(data["mnist"], seed, "batch mates")
        nets = {
            batch_norm: trained(parts, seed, "batch mates", batch_norm=batch_norm)
            for batch_norm in (True, False)
        }
        for norm, (batch_norm, training) in _MODES.items():
            network = nets[batch_norm]
            pool = pre_activations(network, parts.train.x)
            images = pre_activations(network, parts.test.x[:_IMAGES])
            from_image_to_image = float(network.outputs(parts.test.x).std(axis=0).mean())
            for size in BATCH_SIZES:
                random = generator(seed, f"batch mates: {size}")
                seen = [
                    _among_mates(network, image, pool, int(size), training, random)
                    for image in images
                ]
                sd = np.mean([_spread(logits) for logits in seen])
                changed = np.mean([_changed(logits) for logits in seen])
                yield norm, size, seed, sd, sd / from_image_to_image, changed


def _among_mates(
    network: FullyConnectedNet,
    image: Array,
    pool: Array,
    size: int,
    training: bool,
    random: np.random.Generator,
) -> Array:
    """Return an image's logits in each batch, shape (batches, classes).

    Images are given by their pre-activations: nothing before them depends on the batch.
    """
    found = []
    for _ in range(BATCHES):
        h = np.concatenate([image[None], pool[random.integers(len(pool), size=size - 1)]])
        if network.batch_norm:
            h, _ = _normed(network, h, training=training)
        h, _ = relu_forward(h[:1])
        found.append(affine_forward(h, network.params["W2"], network.params["b2"])[0][0])
    return np.array(found)


def _spread(logits: Array) -> float:
    # About the first row, so that logits that are all the same have a spread of exactly 0.
    return float(np.sqrt(np.mean(np.var(logits - logits[0], axis=0, ddof=1))))


def _changed(logits: Array) -> float:
    votes = np.bincount(logits.argmax(axis=1))
    return float(1 - votes.max() / votes.sum())


_AFFINES: Mapping[str, Callable[[Array, Array], tuple[Array, Array]]] = {
    "sd with epsilon": lambda mean, var: (np.sqrt(var + EPS), mean),
    "sd": lambda mean, var: (np.sqrt(var), mean),
    "none": lambda mean, var: (np.ones_like(var), np.zeros_like(mean)),
}
"""Level -> gamma and beta, from mean and variance."""


@Experiment(
    name="norm-identity",
    title="How far batch norm is from doing nothing",
    factors={"affine": _AFFINES},
    numbers={"max_difference": "largest |output - input|, in units of the inputs' deviation"},
    datasets=("mnist",),
)
def norm_identity(data: Data) -> Rows:
    """Set gamma and beta to the deviation and the mean of a batch's pre-activations.

    With gamma = sqrt(var + eps) the output is the input but for rounding (Ioffe and Szegedy 2015,
    section 3); with gamma = sqrt(var) epsilon is left over; without both it is standardised.
    """
    for seed in range(SEEDS):
        parts = samples(data["mnist"], seed, "identity")
        network = trained(parts, seed, "identity", batch_norm=True)
        h = pre_activations(network, parts.train.x[:_BATCH])
        mean, var = h.mean(axis=0), h.var(axis=0)
        for affine, choose in _AFFINES.items():
            gamma, beta = choose(mean, var)
            averages = RunningAverages.start(h.shape[1])
            out, _ = batch_norm_forward(h, gamma, beta, averages, training=True)
            yield affine, seed, np.max(np.abs(out - h)) / h.std()


def _normed(
    network: FullyConnectedNet, h: Array, *, training: bool
) -> tuple[Array, BatchNormCache]:
    """Return what batch norm makes of the hidden layer, and the cache; change nothing."""
    gamma, beta = network.params["gamma1"], network.params["beta1"]
    averages = copy.deepcopy(network.averages[0])  # training would move them
    return batch_norm_forward(h, gamma, beta, averages, training=training)


DIVISORS = {"biased": 0, "unbiased": 1}
"""Level -> what is subtracted from the batch's size."""
VARIANCE_BATCH_SIZES = ("2", "4", "16", "64", "256")
_VALUES = 100_000
"""So many samples are drawn for a running variance, whatever the batch's size."""


@Experiment(
    name="running-variance",
    title="The variance that batch norm uses at inference, averaged over batches, by its divisor",
    factors={"divisor": DIVISORS, "batch_size": VARIANCE_BATCH_SIZES},
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

    Batches are drawn with replacement, and all weigh the same, so that the divisor
    alone matters: the mean of biased variances of batches of m is (m - 1)/m of the variance. The
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
        for size in VARIANCE_BATCH_SIZES:
            random = generator(seed, f"running variance: {size}")
            rows = random.integers(len(seen), size=(_VALUES // int(size), int(size)))
            for divisor, ddof in DIVISORS.items():
                found = seen[rows].var(axis=1, ddof=ddof).mean(axis=0)
                averages.var[...] = found
                normed = (asked - mean) / np.sqrt(found + EPS)
                right_class = network.outputs(parts.test.x).argmax(axis=1) == parts.test.y
                difference = _length(normed - right) / _length(right)
                yield divisor, size, seed, np.mean(found / var), difference, np.mean(right_class)


def _length(a: Array) -> float:
    return float(np.sqrt(np.sum(a * a)))
