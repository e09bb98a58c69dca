"""Very deep networks, with batch norm, without, and with batch norm and skip connections."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from experiments.stacks import Layers, accuracy, affine, cross_entropy, samples, train_grid
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.training.rng import generator

SEEDS = 4
DEPTHS = ("50", "100")
VARIANTS = ("none", "batch norm", "batch norm and skips")
RATES = (0.001, 0.0001)
STEPS = 150
UNITS = 32
EPS = 1e-5
_SAMPLES, _BATCH = 1000, 32
_CLASSES = 10


@Experiment(
    name="deep-networks",
    title="50 and 100 layers, with batch norm, without, and with batch norm and skip connections",
    factors={"depth": DEPTHS, "variant": VARIANTS},
    numbers={
        "train_accuracy": "share of 1,000 training samples after 150 steps, at the best rate",
        "learning_rate": "that rate",
    },
    datasets=("mnist",),
    seeds=SEEDS,
)
def deep_networks(data: Data) -> Rows:
    """Train networks of 50 and 100 hidden layers of 32 units with Adam, 150 batches of 32 images.

    Each has two rates, and counts with the one whose training accuracy is best: the question is
    whether it can be trained at all. He's initial weights; batch norm stands before the ReLU. With
    skips every hidden layer but the first adds to what it takes: h + relu(norm(w h)).
    """
    parts = [
        scaled(draw(data["mnist"], generator(seed, "deep networks: samples"), _SAMPLES, 1)).train
        for seed in range(SEEDS)
    ]
    x, y = samples(parts)
    for depth in DEPTHS:
        for variant in VARIANTS:
            found = _trained(x, y, int(depth), variant).view(SEEDS, len(RATES))
            for seed in range(SEEDS):
                yield depth, variant, seed, found[seed].max(), RATES[int(found[seed].argmax())]


def scores(layers: Layers, x: Tensor, variant: str) -> Tensor:
    """Return what deep networks give, normalised by the statistics of these samples.

    Scale and shift of batch norm stay at 1 and 0: with ReLUs after it and affine layers after
    those, they give little that the next layer could not do.

    Args:
        layers: of the networks; those between the first and the last have as many inputs as units.
        x: shape (r, n, features).
        variant: one of :data:`VARIANTS`.
    """
    for i, layer in enumerate(layers[:-1]):
        h = affine(x, layer)
        h = (normed(h) if variant != "none" else h).relu()
        x = x + h if variant == "batch norm and skips" and i else h
    return affine(x, layers[-1])


def normed(h: Tensor) -> Tensor:
    """Return (h - mean) / sqrt(var + eps) over the samples, for h of shape (r, n, units)."""
    networks, n, units = h.shape
    # To torch the units of all networks are units of one.
    side_by_side = h.transpose(0, 1).reshape(n, networks * units)
    out = functional.batch_norm(side_by_side, None, None, training=True, eps=EPS)
    return out.view(n, networks, units).transpose(0, 1)


def _trained(x: Tensor, y: Tensor, depth: int, variant: str) -> Tensor:
    """Return the training accuracy at each seed and rate, shape (seeds x rates,)."""

    def loss(layers: Layers, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(scores(layers, x, variant), y)

    widths, adam = [*[UNITS] * depth, _CLASSES], {"rule": "adam", "stream": "deep networks"}
    *_, (_, layers) = train_grid((x, y), widths, RATES, loss, size=_BATCH, steps=STEPS, **adam)
    each = len(RATES)
    with torch.no_grad():
        many = x.repeat_interleave(each, 0)
        return accuracy(scores(layers, many, variant), y.repeat_interleave(each, 0))
