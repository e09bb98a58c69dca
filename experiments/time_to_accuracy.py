"""Seconds of training until a network is good enough: by batch size, with batch norm or without.

Each side has the learning rate that brings it there in the fewest samples, chosen from one declared
list on validation data by a run of each; then other runs are timed. Only training is: measuring
the accuracy stops the watch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch

from experiments.cpu_timer import Stopwatch, one_thread
from experiments.torch_nets import accuracy, descend, network, tensors, with_norm
from restudy.data.load import Part, PreparedData
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.training.rng import generator

SEEDS = 5
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTUM = 0.9
BATCH_SIZES = ("8", "32", "128", "256", "1024")
TARGETS = {"mnist": 0.85, "fashion_mnist": 0.75}
"""Validation accuracy that is to be reached."""
_DRAWN = 6144
_HELD_OUT = 6
"""One in so many samples is for validation: 5,120 train, 1,024 validate."""
_EPOCHS = 10
_CHECK = 1024
"""So many samples are trained on between two looks at the accuracy."""
_CLASSES = 10
_NUMBERS = {
    "seconds_per_epoch": "of the processor, for training alone",
    "seconds_to_target": "the same, until the accuracy is reached on validation data; or until it "
    "is given up, after ten epochs",
    "epochs_to_target": "likewise",
    "learning_rate": "that was used: the quickest of five on validation data",
    "reached": "1 if the accuracy was reached, else 0",
}


class Images(NamedTuple):
    """Training and validation samples."""

    train: Part
    validation: Part


class Trained(NamedTuple):
    """How a training went.

    Attributes:
        seconds: of the processor, for training alone.
        samples: that were trained on, all epochs together.
        reached: whether the target was; if not, the rest is about the time until it was given up.
    """

    seconds: float
    samples: int
    reached: bool


class Side(NamedTuple):
    """What is trained: images, hidden widths, batch norm or none, batch size, target."""

    images: Images
    hidden: tuple[int, ...]
    batch_norm: bool
    batch: int
    target: float


@Experiment(
    name="batch-size-speed",
    title="Seconds to an accuracy of 85% on MNIST, by batch size",
    factors={"batch_size": BATCH_SIZES},
    numbers=_NUMBERS,
    datasets=("mnist",),
    seeds=SEEDS,
    timed=True,
)
def batch_size_speed(data: Data) -> Rows:
    """Time a 784-64-10 network on MNIST with batches from 8 to 1,024."""
    images, target = _images(data["mnist"]), TARGETS["mnist"]
    return _rows({(size,): Side(images, (64,), False, int(size), target) for size in BATCH_SIZES})


@Experiment(
    name="norm-speed",
    title="Seconds to an accuracy of 85% (MNIST) and 75% (Fashion-MNIST), with batch norm or "
    "without",
    factors={"dataset": TARGETS, "norm": ("batch", "none")},
    numbers=_NUMBERS,
    datasets=TARGETS,
    seeds=SEEDS,
    timed=True,
)
def norm_speed(data: Data) -> Rows:
    """Time a 784-128-64-10 network, batches of 64, with batch norm and without it."""
    images = {name: _images(data[name]) for name in TARGETS}
    return _rows(
        {
            (name, norm): Side(images[name], (128, 64), norm == "batch", 64, target)
            for name, target in TARGETS.items()
            for norm in ("none", "batch")
        }
    )


def _rows(sides: Mapping[tuple[str, ...], Side]) -> Rows:
    """Train all sides in turns, beginning with another one for each seed."""
    with one_thread():
        rates = {levels: best_rate(side) for levels, side in sides.items()}  # warms up, too
        for seed in range(SEEDS):
            first = seed % len(sides)
            for levels in [*sides][first:] + [*sides][:first]:
                side, rate = sides[levels], rates[levels]
                run = train(side, rate, seed, "timed")
                epochs = run.samples / len(side.images.train)
                timed = run.seconds / epochs, run.seconds
                yield *levels, seed, *timed, epochs, rate, run.reached


def best_rate(side: Side) -> float:
    """Return the rate of ``RATES`` that reaches the target in the fewest samples, in a run each.

    A rate is given up when it has had as many samples as the best so far. The runs are none of
    those that are timed.
    """
    best, fewest = RATES[0], _EPOCHS * len(side.images.train)
    for rate in RATES:
        run = train(side, rate, 0, "tuning", fewest)
        if run.reached and run.samples < fewest:
            best, fewest = rate, run.samples
    return best


def train(side: Side, rate: float, seed: int, stream: str, most: int | None = None) -> Trained:
    """Train with SGD and momentum until the target is reached on validation data.

    Args:
        side: what is trained.
        rate: learning rate.
        seed: of weights and batches.
        stream: sets runs with the same seed apart.
        most: samples after which it is given up; None: ten epochs.
    """
    x, y = tensors(side.images.train)
    batch, most = min(side.batch, len(x)), _EPOCHS * len(x) if most is None else most
    weights, hidden = generator(seed, f"{stream}: weights"), with_norm(side.batch_norm)
    net = network([x.shape[1], *side.hidden, _CLASSES], weights, hidden)
    descent = torch.optim.SGD(net.parameters(), lr=rate, momentum=MOMENTUM)
    watch, steps, check = Stopwatch(), 0, max(_CHECK // batch, 1)
    batches = _batches(len(x), batch, seed, stream)
    while steps * batch < most:
        net.train()
        with watch.running():
            for _ in range(check):
                rows = next(batches)
                descend(net, descent, x[rows], y[rows])
        steps += check
        if accuracy(net, side.images.validation) >= side.target:
            return Trained(watch.seconds, steps * batch, True)
    return Trained(watch.seconds, steps * batch, False)


def _batches(samples: int, batch: int, seed: int, stream: str) -> Iterator[torch.Tensor]:
    """Yield the rows of one batch after the other; samples that fill no batch are left out."""
    random = generator(seed, f"{stream}: batches")
    while True:
        order = torch.from_numpy(random.permutation(samples))
        yield from (order[i : i + batch] for i in range(0, samples - batch + 1, batch))


def _images(data: PreparedData) -> Images:
    part = scaled(draw(data, generator(0, "to target: samples"), _DRAWN)).train
    n = len(part) // _HELD_OUT
    return Images(Part(part.x[n:], part.y[n:]), Part(part.x[:n], part.y[:n]))
