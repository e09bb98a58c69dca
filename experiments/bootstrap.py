"""How much networks disagree that were trained on resampled images, with a penalty or without."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.stacks import (
    Layers,
    Optimiser,
    accuracy,
    batches,
    cross_entropy,
    he_layers,
    outputs,
    pick,
)
from restudy.data.load import Part
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, held_out
from restudy.training.rng import generator

SEEDS = 5
DATASETS = ("mnist", "fashion_mnist")
STRENGTHS = ("0", "0.001", "0.003", "0.01")
TUNED = "tuned"
RESAMPLES = 4
STEPS = 300
_TRAIN, _VALIDATION, _TEST = 2000, 500, 2000
_BATCH, _RATE = 50, 0.05
_UNITS, _CLASSES = 32, 10


@Experiment(
    name="bootstrap-disagreement",
    title="Networks trained on bootstrap samples of 2,000 images: do they agree?",
    factors={"dataset": DATASETS, "lambda2": ("0", "0.001", "0.003", "0.01", "tuned")},
    numbers={
        "disagreement": "share of 2,000 test samples that two networks give different classes",
        "test_accuracy": "share of the same, mean of the networks",
        "strength": "of the L2 penalty",
    },
    datasets=DATASETS,
    seeds=SEEDS,
)
def bootstrap_disagreement(data: Data) -> Rows:
    """Train 784-32-10 networks on 4 bootstrap samples of 2,000 images, at each strength of L2.

    The four differ in nothing but their samples: they start from the same weights and see the same
    places in the same order. ``tuned`` is the strength above 0 whose four networks are best on
    validation images that no bootstrap sample has.
    """
    for dataset in DATASETS:
        for seed in range(SEEDS):
            stream = f"bootstrap: {dataset}"
            random = generator(seed, f"{stream}: samples")
            parts = held_out(draw(data[dataset], random, _TRAIN + _VALIDATION, _TEST), _VALIDATION)
            layers = _trained(parts.train, stream, seed)
            chosen = _scores(layers, parts.validation)
            found = accuracy(chosen, torch.from_numpy(parts.validation.y))
            best = 1 + int(found.view(len(STRENGTHS), -1).mean(1)[1:].argmax())
            given = _scores(layers, parts.test).argmax(-1).view(len(STRENGTHS), RESAMPLES, -1)
            for name, i in [*((name, i) for i, name in enumerate(STRENGTHS)), (TUNED, best)]:
                classes, strength = given[i].numpy(), float(STRENGTHS[i])
                right = np.mean(classes == parts.test.y)
                yield dataset, name, seed, disagreement(classes), right, strength


def disagreement(classes: NDArray[np.int64]) -> float:
    """Return the share of samples given two classes, mean over all pairs of networks.

    Args:
        classes: that each network gives, shape (networks, samples).
    """
    pairs = itertools.combinations(classes, 2)
    return float(np.mean([np.mean(one != other) for one, other in pairs]))


def _trained(train: Part, stream: str, seed: int) -> Layers:
    """Return the networks, strength by strength, four each: (lambda2 / 2) sum w^2 is added."""
    n, count = len(train), len(STRENGTHS) * RESAMPLES
    random = generator(seed, f"{stream}: resamples")
    resampled = torch.from_numpy(random.integers(n, size=(RESAMPLES, n)))
    x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
    randoms = [generator(seed, f"{stream}: weights") for _ in range(count)]
    layers = he_layers([x.shape[-1], _UNITS, _CLASSES], randoms)
    strengths = torch.tensor([float(one) for one in STRENGTHS]).repeat_interleave(RESAMPLES)
    optimiser = Optimiser("momentum", layers, [_RATE] * count)
    orders = [generator(seed, f"{stream}: batches")]
    for batch in batches(orders, n, _BATCH, STEPS, RESAMPLES):
        rows = pick(resampled, batch)
        some, right = (a[rows].repeat(len(STRENGTHS), *[1] * a.dim()) for a in (x, y))
        squares = sum(w.square().sum((1, 2)) for w, _ in layers)
        optimiser.step(cross_entropy(outputs(layers, some), right) + strengths / 2 * squares)
    return layers


def _scores(layers: Layers, part: Part) -> Tensor:
    x = torch.from_numpy(part.x)
    with torch.no_grad():
        return outputs(layers, x.expand(len(layers[0][0]), *x.shape))
