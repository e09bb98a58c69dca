"""The samples that an experiment works on: drawn by its seed, scaled as in training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.data.load import PreparedData, ScaledSplit, scale, split


def draw(
    data: PreparedData, random: np.random.Generator, train: int, test: int | None = None
) -> PreparedData:
    """Draw training and test samples, without replacement.

    Args:
        data: a prepared data set.
        random: draws.
        train: number of training samples, or all if there are fewer.
        test: the same of test samples; None: all, in their order.

    Returns:
        a prepared data set of these samples alone.
    """
    rows = random.permutation(len(data.x_train))[:train]
    kept = np.arange(len(data.x_test))
    if test is not None:
        kept = random.permutation(len(data.x_test))[:test]
    return _of_rows(data, rows, kept)


def draw_from_training(
    data: PreparedData, random: np.random.Generator, train: int, test: int
) -> PreparedData:
    """Draw training and test samples out of the training samples, a third at most to train on."""
    order = random.permutation(len(data.x_train))
    used = min(train, len(order) // 3)
    pool = replace(data, x_test=data.x_train, y_test=data.y_train)
    return _of_rows(pool, order[:used], order[used : used + test])


def only_classes(data: PreparedData, *classes: int) -> PreparedData:
    """Return the samples of some classes; their labels become 0, 1, ... in the order given."""
    rows, kept = (np.flatnonzero(np.isin(y, classes)) for y in (data.y_train, data.y_test))
    found = _of_rows(data, rows, kept)
    y_train, y_test = (
        np.array([classes.index(label) for label in y.tolist()], np.int64)
        for y in (found.y_train, found.y_test)
    )
    return replace(found, y_train=y_train, y_test=y_test)


def scaled(
    data: PreparedData, scaling: str = "zero_one", target_scaling: str = "none"
) -> ScaledSplit:
    """Scale all samples by the training samples, none held out; see :func:`scale`."""
    return scale(split(data, None, 0), scaling, target_scaling)


def held_out(
    data: PreparedData, validation: int, scaling: str = "zero_one", target_scaling: str = "none"
) -> ScaledSplit:
    """Hold out the last samples for validation, a third at most; scale by the training samples."""
    rows = min(validation, len(data.x_train) // 3)
    return scale(split(data, None, rows), scaling, target_scaling)


def _of_rows(data: PreparedData, rows: NDArray[Any], kept: NDArray[Any]) -> PreparedData:
    return replace(
        data,
        digest=f"{data.digest}, drawn",
        x_train=data.x_train[rows],
        y_train=data.y_train[rows],
        x_test=data.x_test[kept],
        y_test=data.y_test[kept],
        order=np.arange(len(rows), dtype=np.int64),
    )
