"""Training: the loop over epochs, what is measured after each, and which parameters are kept.

Both sets are measured in full, and the best and the last parameters are both kept, so that it is
known which a number belongs to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from restudy.numpy_net.arithmetic import Array
from restudy.numpy_net.checks import choice, probability, require
from restudy.numpy_net.network import FullyConnectedNet
from restudy.numpy_net.optimisers import OPTIMISERS, decayed

State = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Schedule:
    """How to train.

    Attributes:
        epochs: passes over the training samples.
        batch_size: samples a step; the last batch of an epoch may be smaller.
        learning_rate: of the first epoch.
        learning_rate_decay: the learning rate is multiplied by this after each epoch.
        optimiser: name in ``OPTIMISERS``.
        momentum: of the rules that have one, in [0, 1).
        seed: of the order of the samples and of the masks of dropout.

    Raises:
        ValueError: a number is out of its range, or the optimiser is unknown.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    learning_rate_decay: float = 1.0
    optimiser: str = "momentum"
    momentum: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.epochs >= 1, f"epochs must be 1 or more, not {self.epochs}")
        require(self.batch_size >= 1, f"batch_size must be 1 or more, not {self.batch_size}")
        probability("momentum", self.momentum)
        choice("optimiser", self.optimiser, OPTIMISERS)
        decayed(self.learning_rate, self.learning_rate_decay, 0)


@dataclass(frozen=True)
class Epoch:
    """What is measured after an epoch, at inference, on all samples of each set.

    Attributes:
        epoch: counted from 1.
        learning_rate: that the epoch was trained with.
        penalty: the sum of the penalties.
        train_loss, validation_loss: data loss, without the penalty.
        train_accuracy, validation_accuracy: share of right classes; NaN for regression.
    """

    epoch: int
    learning_rate: float
    penalty: float
    train_loss: float
    validation_loss: float
    train_accuracy: float
    validation_accuracy: float


@dataclass(frozen=True)
class Training:
    """What came out.

    Attributes:
        history: one entry an epoch.
        best_epoch: the first epoch with the highest validation accuracy (for regression the lowest
            validation loss); 0, the start, if none ended with finite losses.
        best, last: :meth:`FullyConnectedNet.state` after the best and the last epoch.
        diverged_at: the epoch whose loss was no finite number, where training ended; else None.
    """

    history: list[Epoch]
    best_epoch: int
    best: State
    last: State
    diverged_at: int | None


def train(
    network: FullyConnectedNet,
    training: tuple[ArrayLike, ArrayLike],
    validation: tuple[ArrayLike, ArrayLike],
    schedule: Schedule,
) -> Training:
    """Train a network; it is left with the last parameters.

    The same network, data and schedule give the same bits each time on one machine: the order of
    the samples and the masks of dropout come from the schedule's seed, one stream each.

    Args:
        network: with its initial parameters.
        training: inputs and targets, as for :meth:`FullyConnectedNet.loss_and_gradients`.
        validation: the same, held out: only measured.
        schedule: how to train.

    Raises:
        ValueError: a set is empty, its inputs and targets differ in number, or they do not fit the
            network.
    """
    x, y = _arrays(network, training)
    held_out = _arrays(network, validation)
    update = OPTIMISERS[schedule.optimiser]
    velocity = {name: np.zeros_like(w) for name, w in network.params.items()}
    order, masks = (
        np.random.default_rng(one) for one in np.random.SeedSequence(schedule.seed).spawn(2)
    )
    history: list[Epoch] = []
    best_epoch, best, best_rank = 0, network.state(), -math.inf
    diverged_at = None
    # A run that diverges is a result; NumPy's warnings on the way there are not wanted.
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(1, schedule.epochs + 1):
            rate = decayed(schedule.learning_rate, schedule.learning_rate_decay, epoch - 1)
            shuffled = order.permutation(len(x))
            for start in range(0, len(x), schedule.batch_size):
                batch = shuffled[start : start + schedule.batch_size]
                _, gradients = network.loss_and_gradients(x[batch], y[batch], masks)
                for name, g in gradients.items():
                    network.params[name], velocity[name] = update(
                        network.params[name], g, velocity[name], rate, schedule.momentum
                    )
            history.append(_measure(network, (x, y), held_out, epoch, rate))
            rank = _rank(history[-1])
            if rank is None:
                diverged_at = epoch
                break
            if rank > best_rank:
                best_epoch, best, best_rank = epoch, network.state(), rank
    return Training(history, best_epoch, best, network.state(), diverged_at)


def accuracy(network: FullyConnectedNet, x: ArrayLike, y: ArrayLike) -> float:
    """Return the share of samples whose highest score is that of the right class.

    Args:
        network: for classification.
        x: shape (n, ...).
        y: classes, shape (n,).

    Raises:
        ValueError: the network is for regression.
    """
    require(network.task == "classification", "there is no accuracy in regression")
    return float(np.mean(network.outputs(x).argmax(axis=1) == np.asarray(y)))


def _measure(
    network: FullyConnectedNet,
    training: tuple[Array, NDArray[Any]],
    validation: tuple[Array, NDArray[Any]],
    epoch: int,
    rate: float,
) -> Epoch:
    shares = [
        accuracy(network, *part) if network.task == "classification" else math.nan
        for part in (training, validation)
    ]
    losses = [network.data_loss(*part) for part in (training, validation)]
    return Epoch(epoch, rate, network.penalty_value(), *losses, *shares)


def _rank(measured: Epoch) -> float | None:
    """Return what is to be highest at the best epoch; None where a loss is no finite number."""
    if not math.isfinite(measured.train_loss + measured.validation_loss + measured.penalty):
        return None
    if math.isnan(measured.validation_accuracy):
        return -measured.validation_loss
    return measured.validation_accuracy


def _arrays(
    network: FullyConnectedNet, part: tuple[ArrayLike, ArrayLike]
) -> tuple[Array, NDArray[Any]]:
    x, y = np.asarray(part[0], network.dtype), np.asarray(part[1])
    require(len(x) == len(y), f"{len(x)} inputs, but {len(y)} targets")
    require(len(x) > 0, "a set needs at least one sample")
    return x, y
