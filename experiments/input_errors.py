"""Inputs as S3's first cell has them: noise in place of images, and divided by 255 twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from restudy.data.load import PreparedData
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw
from restudy.experiments.training import train_all, train_one
from restudy.training.rng import generator

TARGET = 0.8
EPOCHS = 12
DIVIDED = {"once": 255.0, "twice": 255.0**2}
_CLASSES = 10


@Experiment(
    name="noise-data",
    title="A network trained on noise with random labels, or on digits",
    factors={"samples": ("noise", "mnist")},
    numbers={
        "train_accuracy": "share of 450 training samples",
        "validation_accuracy": "share of 450 others of the same kind",
    },
    datasets=("mnist",),
)
def noise_data(data: Data) -> Rows:
    """Train a 784-128-10 network on S3's noise with random labels, or on as many digits.

    The noise is uniform in [0, 1), every label equally probable, training, validation and test
    alike. Both have 450 samples to train on, and 450 others to validate.
    """
    for seed in range(SEEDS):
        random = generator(seed, "noise data")
        digits = _divided(draw(data["mnist"], random, 900, 450), 255)
        for name, drawn in {"noise": _noise(digits, random), "mnist": digits}.items():
            fields = {
                "scaling": "raw",
                "validation_samples": len(drawn.y_train) // 2,
                "hidden": [128],
                "optimiser": "adam",
                "learning_rate": 0.001,
                "batch_size": 50,
                "epochs": 40,
                "evaluate_every": 40,
                "seed": seed,
            }
            run = train_one(fields, drawn)
            yield name, seed, run.last("train", "accuracy"), run.last("validation", "accuracy")


@Experiment(
    name="divided-twice",
    title="Pixels divided by 255 once or twice, with and without batch norm",
    factors={"divided": DIVIDED, "norm": ("none", "batch")},
    numbers={
        "epochs": "until the validation accuracy is 0.8; 13 if 12 were not enough",
        "test_accuracy": "share of 2,000 test samples, after 12 epochs",
    },
    datasets=("mnist",),
)
def divided_twice(data: Data) -> Rows:
    """Train on digits in [0, 1], or divided by 255 again, with S3's momentum and rate.

    A network that does not come to the target is counted as needing one epoch more than it had.
    """
    for seed in range(SEEDS):
        drawn = draw(data["mnist"], generator(seed, "divided twice"), 1600, 2000)
        for divided, divisor in DIVIDED.items():
            runs = train_all(
                {
                    norm: {
                        "scaling": "raw",
                        "validation_samples": len(drawn.y_train) // 4,
                        "hidden": [64],
                        "norm": norm,
                        "learning_rate": 0.01,
                        "batch_size": 64,
                        "epochs": EPOCHS,
                        "seed": seed,
                    }
                    for norm in ("none", "batch")
                },
                _divided(drawn, divisor),
            )
            for norm, run in runs.items():
                is_there = run.curve("validation", "accuracy") >= TARGET
                epochs = 1 + (is_there.argmax() if is_there.any() else EPOCHS)
                yield divided, norm, seed, epochs, run.last("test", "accuracy")


def _divided(data: PreparedData, divisor: float) -> PreparedData:
    x_train, x_test = ((x / divisor).astype(np.float32) for x in (data.x_train, data.x_test))
    return replace(data, x_train=x_train, x_test=x_test)


def _noise(like: PreparedData, random: np.random.Generator) -> PreparedData:
    """Return noise of the shapes of some data."""
    x_train, x_test = (random.random(x.shape, np.float32) for x in (like.x_train, like.x_test))
    y_train, y_test = (random.integers(_CLASSES, size=len(y)) for y in (like.y_train, like.y_test))
    return replace(like, x_train=x_train, x_test=x_test, y_train=y_train, y_test=y_test)
