"""Losses compared: classes by squared error or cross-entropy, prices by three errors.

Each loss has the rate, of a list, that is best on validation data, by the mean over seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from experiments.stacks import Layers, accuracy, cross_entropy, outputs, samples, train_grid
from restudy.data.load import Part, ScaledSplit
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, held_out
from restudy.training.rng import generator

SEEDS = 8
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
HOUSE_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""What each loss's rate is chosen from, of images and of houses."""
TARGETS = {"mnist": 0.8, "fashion_mnist": 0.7}
"""Data set -> validation accuracy that is to be reached."""
STEPS = 1_280
EVERY = 10
"""Steps from one evaluation on the validation images to the next."""
HOUSE_STEPS = 800
_TRAIN, _VALIDATION, _TEST = 2000, 500, 2000
_BATCH = 50
_UNITS = 32
_CLASSES = 10

Loss = Callable[[Tensor, Tensor], Tensor]
"""From outputs (r, n, k) and labels or targets (r, n) to each network's loss, (r,)."""


def squared_error_of_classes(scores: Tensor, y: Tensor) -> Tensor:
    """Return the mean over samples of |scores - onehot(y)|^2 / 2, of each network, shape (r,)."""
    return (scores - functional.one_hot(y, scores.shape[-1])).square().sum(-1).mean(-1) / 2


def _of_prices(loss: Callable[..., Tensor]) -> Loss:
    return lambda predicted, y: loss(predicted[..., 0], y, reduction="none").mean(-1)


CLASS_LOSSES: Mapping[str, Loss] = {
    "cross_entropy": cross_entropy,
    "mse": squared_error_of_classes,
}
PRICE_LOSSES: Mapping[str, Loss] = {
    "mse": _of_prices(functional.mse_loss),
    "mae": _of_prices(functional.l1_loss),
    "huber": _of_prices(functional.huber_loss),
}
"""Of standardised prices; Huber's loss turns from squared to absolute at an error of 1."""


@Experiment(
    name="class-losses",
    title="Images classified by a network with cross-entropy, or with the squared error",
    factors={"dataset": TARGETS, "loss_function": CLASS_LOSSES},
    numbers={
        "test_accuracy": "share of 2,000 test samples",
        "steps": "until 80% of validation are right (Fashion-MNIST: 70%); 1,290 if never",
        "learning_rate": "that was chosen on validation data",
    },
    datasets=TARGETS,
    seeds=SEEDS,
)
def class_losses(data: Data) -> Rows:
    """Train 784-32-10 ReLU networks on 2,000 images, by cross-entropy or by squared error.

    The squared error is that of linear outputs to 0 and 1. A run that never reaches the target
    counts as one evaluation more than it had.
    """
    for dataset, target in TARGETS.items():
        randoms = [generator(seed, f"class losses: {dataset}: samples") for seed in range(SEEDS)]
        drawn = [draw(data[dataset], one, _TRAIN + _VALIDATION, _TEST) for one in randoms]
        parts = [held_out(one, _VALIDATION) for one in drawn]
        x, y = samples([part.validation for part in parts], len(RATES))
        for name, loss in CLASS_LOSSES.items():
            looks = []
            options = {"stream": f"class losses: {dataset}", "steps": STEPS}
            for step, layers in _train(parts, _CLASSES, RATES, loss, **options):
                if step and step % EVERY == 0:
                    looks.append(_right(layers, x, y))
            curves = torch.stack(looks).reshape(len(looks), SEEDS, len(RATES)).numpy()
            best = int(curves[-1].mean(axis=0).argmax())
            tx, ty = samples([part.test for part in parts], len(RATES))
            tested = _right(layers, tx, ty).reshape(SEEDS, len(RATES))[:, best]
            for seed in range(SEEDS):
                steps = EVERY * steps_to(curves[:, seed, best], target)
                yield dataset, name, seed, tested[seed], steps, RATES[best]


@Experiment(
    name="price-losses",
    title="House prices by a network with the squared, the absolute or Huber's error",
    factors={"loss_function": PRICE_LOSSES},
    numbers={
        "test_rmse": "100,000 US dollars",
        "test_mae": "the same, mean absolute error",
        "learning_rate": "that was chosen on validation data",
    },
    datasets=("california_housing",),
    seeds=SEEDS,
)
def price_losses(data: Data) -> Rows:
    """Train 8-32-1 ReLU networks on 2,000 houses, by squared, absolute or Huber's error.

    The rate is chosen by the root mean squared error on validation data, whatever the loss.
    """
    parts = []
    for seed in range(SEEDS):
        random = generator(seed, "price losses: samples")
        drawn = draw(data["california_housing"], random, _TRAIN + _VALIDATION)
        parts.append(held_out(drawn, _VALIDATION, "standard", "standard"))
    units = np.array([part.target_sd for part in parts])
    for name, loss in PRICE_LOSSES.items():
        *_, (_, layers) = _train(
            parts, 1, HOUSE_RATES, loss, stream="price losses", steps=HOUSE_STEPS
        )
        squares = _errors(layers, [part.validation for part in parts]).square().mean(-1)
        rmse = units[:, None] * squares.sqrt().reshape(SEEDS, len(HOUSE_RATES)).numpy()
        best = int(np.nan_to_num(rmse.mean(axis=0), nan=np.inf).argmin())
        tested = _errors(layers, [part.test for part in parts]).reshape(SEEDS, len(HOUSE_RATES), -1)
        errors = units[:, None] * tested[:, best].numpy()
        for seed in range(SEEDS):
            error = errors[seed]
            sizes = np.sqrt(np.mean(error**2)), np.mean(np.abs(error))
            yield name, seed, *sizes, HOUSE_RATES[best]


def steps_to(curve: np.ndarray, target: float) -> float:
    """Return the evaluation (from 1) at which a curve reaches the target; all + 1 if never."""
    there = np.flatnonzero(curve >= target)
    return float(there[0] + 1 if len(there) else len(curve) + 1)


def _train(
    parts: list[ScaledSplit], units: int, rates: Sequence[float], loss: Loss, **options: Any
) -> Iterator[tuple[int, Layers]]:
    """Train the networks with momentum; all losses start alike and see the same batches."""

    def of_layers(layers: Layers, x: Tensor, y: Tensor) -> Tensor:
        return loss(outputs(layers, x), y)

    part = samples([each.train for each in parts])
    return train_grid(part, [_UNITS, units], rates, of_layers, size=_BATCH, **options)


def _right(layers: Layers, x: Tensor, y: Tensor) -> Tensor:
    with torch.no_grad():
        return accuracy(outputs(layers, x), y)


def _errors(layers: Layers, parts: list[Part]) -> Tensor:
    """Return predicted minus true targets, standardised, shape (seeds x rates, n), float64."""
    x, y = samples(parts, len(HOUSE_RATES))
    with torch.no_grad():
        return (outputs(layers, x)[..., 0] - y).double()
