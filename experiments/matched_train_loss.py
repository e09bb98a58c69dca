"""Networks compared at one training loss, so that a gap does not come from too little training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from experiments.stacks import Layers, accuracy, cross_entropy, outputs, samples, train_grid
from experiments.very_deep import EPS, normed
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

SEEDS = 8
SIDES: Mapping[str, tuple[str, int]] = {
    "batches of 8": ("none", 8),
    "batches of 64": ("none", 64),
    "batches of 512": ("none", 512),
    "batches of 64, batch norm": ("batch norm", 64),
    "batches of 512, dropout 0.3": ("dropout", 512),
}
"""Level -> variant and batch size."""
RATES = (0.03, 0.1, 0.3)
TARGET = 0.1
"""Mean cross-entropy over all training images, without dropout."""
EPOCHS = 150
"""Longest training."""
_TRAIN, _TEST = 1500, 2000
_HIDDEN = [32, 32]
_CLASSES = 10
_DROPOUT = 0.3


class Look(NamedTuple):
    """Loss and accuracies of all networks after an epoch, each of shape (networks,)."""

    loss: Array
    train_accuracy: Array
    test_accuracy: Array


@Experiment(
    name="equal-loss",
    title="Batch sizes, batch norm and dropout compared when the training loss is 0.1",
    factors={"side": SIDES},
    numbers={
        "test_accuracy": "share of 2,000 test images, when the training loss is 0.1",
        "train_accuracy": "share of the 1,500 training images, likewise",
        "gap": "the second minus the first",
        "epochs": "until then, at most 150",
        "learning_rate": "that was chosen: the first with which all seeds are there",
    },
    datasets=("mnist",),
    seeds=SEEDS,
)
def equal_loss(data: Data) -> Rows:
    """Train 784-32-32-10 networks with momentum until their training loss is 0.1.

    After equally many epochs small batches and batch norm have fitted the training images better,
    which explains a larger gap to the test images. Here each network is evaluated when the mean
    loss over all its training images has come down to 0.1: between two epochs, linearly in the log
    of the loss. Each side has the rate with which all seeds reach it first. A seed draws the
    images and the weights, the same for all, and the batches of each size.

    Batch norm has no scale and shift of its own; it is evaluated with the statistics of all
    training images.
    """
    parts = [
        scaled(draw(data["mnist"], generator(seed, "equal loss: samples"), _TRAIN, _TEST))
        for seed in range(SEEDS)
    ]
    train = samples([part.train for part in parts])
    test = samples([part.test for part in parts])
    for side, (variant, size) in SIDES.items():
        looks = _looks(train, test, variant, size)
        best = quickest(np.stack([look.loss for look in looks]).reshape(-1, SEEDS, len(RATES)))
        for seed in range(SEEDS):
            own = [Look(*(each[seed * len(RATES) + best] for each in look)) for look in looks]
            yield side, seed, *at_target(own), RATES[best]


def quickest(losses: Array) -> int:
    """Return the place of the rate with which all seeds are at the target first.

    If there is none, that with the smallest mean loss at the end.

    Args:
        losses: shape (looks, seeds, rates), the first look before training.
    """
    there = (losses <= TARGET).any(axis=0).all(axis=0)
    epochs = (losses <= TARGET).argmax(axis=0).sum(axis=0)
    if there.any():
        return int(np.where(there, epochs, np.inf).argmin())
    return int(np.nan_to_num(losses[-1].mean(axis=0), nan=np.inf).argmin())


def at_target(looks: list[Look]) -> tuple[float, float, float, float]:
    """Return test and training accuracy, gap and epochs where a loss crosses the target.

    All are NaN if it never does.

    Args:
        looks: of one network, the first before training.
    """
    losses = np.array([float(look.loss) for look in looks])
    there = losses <= TARGET
    if not there.any() or there[0]:
        return (float("nan"),) * 4
    place = int(there.argmax())
    before, after = looks[place - 1], looks[place]
    way = float(np.log(losses[place - 1] / TARGET) / np.log(losses[place - 1] / losses[place]))
    _, train, test = (float(a + way * (b - a)) for a, b in zip(before, after, strict=True))
    return test, train, train - test, place - 1 + way


class HiddenLayers:
    """Outputs of hidden layers, by the variant: in training, and at an evaluation.

    At an evaluation batch norm takes the statistics of the last one on training images.
    """

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.masks = torch.Generator().manual_seed(0)
        self.statistics: dict[int, tuple[Tensor, Tensor]] = {}

    def training(self, i: int, h: Tensor) -> Tensor:
        """Return outputs of layer i in training; dropout is inverted, and drawn at each step."""
        if self.variant == "batch norm":
            return normed(h).relu()
        h = h.relu()
        if self.variant == "none":
            return h
        # One mask for all networks, so that they differ in seed and rate alone.
        kept = torch.rand(h.shape[1:], generator=self.masks) >= _DROPOUT
        return h * kept / (1 - _DROPOUT)

    def learning(self, i: int, h: Tensor) -> Tensor:
        """Return outputs of layer i for all training images; keep their statistics."""
        if self.variant == "batch norm":
            var, mean = torch.var_mean(h, 1, correction=0, keepdim=True)
            self.statistics[i] = var, mean
        return self.testing(i, h)

    def testing(self, i: int, h: Tensor) -> Tensor:
        """Return outputs of layer i for other images."""
        if self.variant == "batch norm":
            var, mean = self.statistics[i]
            h = (h - mean) * (var + EPS).rsqrt()
        return h.relu()


def _looks(
    train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], variant: str, size: int
) -> list[Look]:
    """Train until one rate has all seeds at the target; return a look before and after each epoch.

    Networks are numbered seed by seed, and rate by rate within a seed.
    """
    hidden, rows, each = HiddenLayers(variant), train[0].shape[1], len(RATES)
    steps, looks = rows // min(size, rows), []

    def loss(layers: Layers, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(outputs(layers, x, hidden.training), y)

    for step, layers in train_grid(
        train,
        [*_HIDDEN, _CLASSES],
        RATES,
        loss,
        stream="equal loss",
        size=size,
        steps=steps * EPOCHS,
        order=f"batches of {size}",
    ):
        if step % steps == 0:
            looks.append(_look(layers, hidden, train, test))
            losses = np.stack([look.loss for look in looks]).reshape(-1, SEEDS, each)
            if (losses <= TARGET).any(axis=0).all(axis=0).any():
                break
    return looks


@torch.no_grad()
def _look(
    layers: Layers, hidden: HiddenLayers, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> Look:
    """Evaluate all networks, one rate after the other: those of a seed share its images."""
    each = len(RATES)
    found = Look(*(np.empty(SEEDS * each) for _ in Look._fields))
    for rate in range(each):
        own = [(weights[rate::each], biases[rate::each]) for weights, biases in layers]
        learnt = outputs(own, train[0], hidden.learning)
        tested = outputs(own, test[0], hidden.testing)
        found.loss[rate::each] = cross_entropy(learnt, train[1]).numpy()
        found.train_accuracy[rate::each] = accuracy(learnt, train[1]).numpy()
        found.test_accuracy[rate::each] = accuracy(tested, test[1]).numpy()
    return found
