"""Bias of the accuracy of a network that was chosen by the test set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.data.load import PreparedData
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw_from_training, scaled
from restudy.experiments.training import train_all
from restudy.training.rng import generator

SEEDS = 10
_FIRST = 1000
"""Stream of the first seed. The design was chosen among four by what it showed with the streams 0
to 4, so it is judged on others, which were drawn after it was fixed."""
WIDTHS = tuple(range(10, 101, 10))
"""S4's, divided by ten."""
CHOSEN_ON = ("test", "validation")
NUMBERS = ("test_accuracy", "fresh_accuracy", "optimism")
_SAMPLES = 1000
_OTHERS = 20_000
_SHARES = {"test": 0.5, "validation": 0.25, "fresh": 0.25}
"""Of the others: a test set as large as the official one, the rest in halves."""
_SPLITS = 100


@Experiment(
    name="choosing",
    title="One of ten networks chosen by the test set, or by a validation set",
    factors={"chosen_on": CHOSEN_ON},
    numbers={
        "test_accuracy": "share of 10,000 test images, of the network chosen; mean over splits",
        "fresh_accuracy": "share of 5,000 images that no choice has seen, likewise",
        "optimism": "the first minus the second",
    },
    datasets=("fashion_mnist",),
)
def choosing(data: Data) -> Rows:
    """Train networks of ten widths on Fashion-MNIST and choose one by its accuracy.

    20,000 images that none was trained on are split at random into a test set, a validation set and
    fresh images that no choice sees, 100 times over; the result is the mean. All come out of the
    official training images, so that they differ by chance alone.
    """
    for seed in range(SEEDS):
        random = generator(_FIRST + seed, "choosing")
        is_right = _right_answers(data["fashion_mnist"], _FIRST + seed, random)
        sizes = [int(share * is_right.shape[1]) for share in _SHARES.values()]
        totals = {chosen_on: np.zeros(len(NUMBERS)) for chosen_on in CHOSEN_ON}
        for _ in range(_SPLITS):
            order = random.permutation(is_right.shape[1])
            parts = np.split(is_right[:, order], np.cumsum(sizes)[:-1], axis=1)
            for chosen_on, found in chosen(*(part.mean(axis=1) for part in parts)).items():
                totals[chosen_on] += found
        for name, total in totals.items():
            yield name, seed, *(total / _SPLITS)


def chosen(
    test: NDArray[np.float64], validation: NDArray[np.float64], fresh: NDArray[np.float64]
) -> dict[str, tuple[float, float, float]]:
    """Return the :data:`NUMBERS` of the network that the test or the validation set chooses.

    Args:
        test: accuracy of each network on the test set, shape (networks,).
        validation: the same on the validation set.
        fresh: the same on fresh images.
    """
    best = {"test": test.argmax(), "validation": validation.argmax()}
    return {
        name: (float(test[i]), float(fresh[i]), float(test[i] - fresh[i]))
        for name, i in best.items()
    }


def _right_answers(data: PreparedData, seed: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Train the networks; return which of the other images each gets right, (networks, images)."""
    drawn = draw_from_training(data, random, _SAMPLES, _OTHERS)
    fields: dict[str, Any] = {
        "optimiser": "adam",
        "learning_rate": 0.002,
        "batch_size": 100,
        "epochs": 8,
        "evaluate_every": 8,
        "seed": seed,
    }
    # Tested below on each image by itself; here on one, since a run has to be tested on something.
    untested = replace(drawn, x_test=drawn.x_test[:1], y_test=drawn.y_test[:1])
    runs = train_all({width: {"hidden": [width], **fields} for width in WIDTHS}, untested)
    asked = scaled(drawn).test
    return np.array([run.outputs(asked.x).argmax(axis=1) == asked.y for run in runs.values()])
