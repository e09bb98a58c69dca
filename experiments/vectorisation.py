"""One pass over 1,000 images: as one product of matrices, or in a loop over the images."""

from __future__ import annotations

from functools import partial

import numpy as np

from experiments.cpu_timer import in_turns
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.mlp.losses import Labels
from restudy.training.rng import generator

_SAMPLES = 1000
_CLASSES = 10

Pass = tuple[float, Array, Array]
"""The loss, and its gradients with respect to weights and biases."""


def by_matrices(w: Array, b: Array, x: Array, y: Labels) -> Pass:
    """Return mean softmax cross-entropy and gradients, all samples at once.

    Args:
        w: weights, shape (features, classes).
        b: biases, shape (classes,).
        x: samples, shape (n, features).
        y: their classes, shape (n,).
    """
    rows = np.arange(len(x))
    scores = x @ w + b
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    loss = -float(np.log(p[rows, y]).mean())
    p[rows, y] -= 1
    p /= len(x)
    return loss, x.T @ p, p.sum(axis=0)


def by_samples(w: Array, b: Array, x: Array, y: Labels) -> Pass:
    """Return the same as :func:`by_matrices`, sample by sample."""
    loss, dw, db = 0.0, np.zeros_like(w), np.zeros_like(b)
    for sample, label in zip(x, y, strict=True):
        scores = sample @ w + b
        powers = np.exp(scores - scores.max())
        p = powers / powers.sum()
        loss -= float(np.log(p[label]))
        p[label] -= 1
        dw += np.outer(sample, p)
        db += p
    return loss / len(x), dw / len(x), db / len(x)


WAYS = {"matrix product": by_matrices, "loop over samples": by_samples}


@Experiment(
    name="vectorised-pass",
    title="One pass over 1,000 images: one product of matrices, or a loop over the images",
    factors={"computation": WAYS},
    numbers={"seconds": "of the processor, for loss and gradient of softmax regression"},
    datasets=("fashion_mnist",),
    timed=True,
)
def vectorised_pass(data: Data) -> Rows:
    """Time forward and backward pass of softmax regression, both ways, float32."""
    random = generator(0, "vectorised pass")
    train = scaled(draw(data["fashion_mnist"], random, _SAMPLES)).train
    x, y = train.x.astype(np.float32), train.y
    weights = random.normal(0, 0.01, (x.shape[1], _CLASSES)).astype(np.float32)
    biases = np.zeros(_CLASSES, np.float32)
    sides = {name: partial(way, weights, biases, x, y) for name, way in WAYS.items()}
    for seed, found in enumerate(in_turns(sides, SEEDS)):
        for name, seconds in found.items():
            yield name, seed, seconds
