"""Recipes for tests, and made-up data that fit them."""

import numpy as np

from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, run_id
from restudy.data.load import PreparedData

BASE = {
    "dataset": "mnist",
    "train_samples": 50,
    "validation_samples": 20,
    "hidden": [7, 5],
    "learning_rate": 0.1,
    "batch_size": 16,
    "epochs": 2,
}
HOUSES = {"dataset": "california_housing", "loss": "mse", "scaling": "standard"}


def recipe(**fields):
    return Recipe(**{**BASE, **fields})


def run(**fields):
    made = recipe(**fields)
    return RunSpec(run_id(made), made)


def images(rows=100, seed=0):
    """Made-up images of ten classes: class k is bright around pixel 78 k."""
    random = np.random.default_rng(seed)

    def part(n):
        y = random.integers(0, 10, n)
        x = random.integers(0, 60, (n, 784))
        for row, label in zip(x, y, strict=True):
            row[label * 78 : label * 78 + 20] += 150
        return x.astype(np.uint8), y

    x_train, y_train = part(rows)
    x_test, y_test = part(40)
    order = random.permutation(rows)
    return PreparedData("mnist", 0, "made up", x_train, y_train, x_test, y_test, order)


def houses(rows=100, seed=0):
    """Made-up houses whose price is a noisy linear function of eight features."""
    random = np.random.default_rng(seed)
    slopes = random.standard_normal(8)

    def part(n):
        x = random.standard_normal((n, 8)) * 3 + 5
        y = x @ slopes + 0.1 * random.standard_normal(n)
        return x.astype(np.float32), y.astype(np.float32)

    x_train, y_train = part(rows)
    x_test, y_test = part(40)
    order = random.permutation(rows)
    return PreparedData("california_housing", 0, "made up", x_train, y_train, x_test, y_test, order)
