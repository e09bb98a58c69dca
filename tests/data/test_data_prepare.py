from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from restudy.common.errors import RestudyError
from restudy.data.load import load
from restudy.data.prepare import prepare
from restudy.data.registry import (
    HOUSING_TABLE,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
)


@pytest.fixture
def images(tmp_path, to_idx) -> dict[str, Path]:
    """A miniature MNIST: 30 training and 7 test images with random pixels and labels."""
    rng = np.random.default_rng(1)
    arrays = {
        TRAIN_IMAGES: rng.integers(0, 256, (30, 28, 28)),
        TRAIN_LABELS: rng.integers(0, 10, 30),
        TEST_IMAGES: rng.integers(0, 256, (7, 28, 28)),
        TEST_LABELS: rng.integers(0, 10, 7),
    }
    paths = {name: tmp_path / "raw" / name for name in arrays}
    (tmp_path / "raw").mkdir()
    for name, array in arrays.items():
        paths[name].write_bytes(to_idx(array))
    return paths


@pytest.fixture
def table(tmp_path) -> tuple[np.ndarray, dict[str, Path]]:
    """A miniature housing table of 45 rows; column 0 tells the rows apart."""
    rows = np.random.default_rng(2).normal(size=(45, 9)).astype("<f4")
    rows[:, 0] = np.arange(45)
    path = tmp_path / HOUSING_TABLE
    path.write_bytes(rows.tobytes())
    return rows, {HOUSING_TABLE: path}


def test_images_keep_the_official_split(images, tmp_path, to_idx) -> None:
    output = tmp_path / "deep" / "mnist.safetensors"
    prepare("mnist", images, output, 0)
    data = load(output)
    assert (data.name, data.split_seed) == ("mnist", 0)
    assert data.digest == hashlib.sha256(output.read_bytes()).hexdigest()
    for x, y, name_x, name_y, rows in (
        (data.x_train, data.y_train, TRAIN_IMAGES, TRAIN_LABELS, 30),
        (data.x_test, data.y_test, TEST_IMAGES, TEST_LABELS, 7),
    ):
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((rows, 784), np.uint8, (rows,), np.int64)
        assert to_idx(x.reshape(-1, 28, 28)) == images[name_x].read_bytes()
        assert to_idx(y) == images[name_y].read_bytes()
    assert data.order.dtype == np.int64
    assert sorted(data.order) == list(range(30))


def test_the_order_is_the_documented_one(images, tmp_path) -> None:
    prepare("mnist", images, tmp_path / "out", 5)
    word = int.from_bytes(hashlib.sha256(b"split mnist").digest()[:8], "big")
    rng = np.random.default_rng(np.random.SeedSequence([5, word]))
    np.testing.assert_array_equal(load(tmp_path / "out").order, rng.permutation(30))


def test_the_same_input_gives_the_same_bytes_and_another_seed_does_not(images, tmp_path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        prepare("mnist", images, tmp_path / name, seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not np.array_equal(load(tmp_path / "a").order, load(tmp_path / "c").order)
    assert not list(tmp_path.glob(".*"))


def test_two_data_sets_with_the_same_seed_are_ordered_differently(images, tmp_path) -> None:
    for name in ("mnist", "fashion_mnist"):
        prepare(name, images, tmp_path / name, 0)
    mnist, fashion = load(tmp_path / "mnist"), load(tmp_path / "fashion_mnist")
    assert not np.array_equal(mnist.order, fashion.order)


def test_a_tenth_of_the_housing_rows_becomes_the_test_set(table, tmp_path) -> None:
    rows, raw = table
    tests = []
    for seed in (0, 1):
        prepare("california_housing", raw, tmp_path / "out", seed)
        data = load(tmp_path / "out")
        assert (data.x_train.shape, data.x_test.shape) == ((41, 8), (4, 8))
        assert data.x_train.dtype == data.y_train.dtype == np.float32
        together = np.column_stack(
            [np.vstack([data.x_train, data.x_test]), np.hstack([data.y_train, data.y_test])]
        )
        np.testing.assert_array_equal(together[np.argsort(together[:, 0])], rows)
        assert sorted(data.order) == list(range(41))
        tests.append(set(data.x_test[:, 0]))
    assert tests[0] != tests[1]


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        (TRAIN_LABELS, np.zeros(29), "29 labels for 30 images"),
        (TEST_LABELS, np.full(7, 10), "label 10 in 10 classes"),
        (TRAIN_IMAGES, np.zeros((30, 28, 27)), "756 pixels per image instead of 784"),
        (TRAIN_IMAGES, np.zeros(30), "not an IDX file"),
    ],
)
def test_raw_files_that_do_not_fit_are_refused(
    images, tmp_path, to_idx, name, array, reason
) -> None:
    images[name].write_bytes(to_idx(array))
    with pytest.raises(RestudyError, match=f"{name}: {reason}"):
        prepare("mnist", images, tmp_path / "out", 0)
    assert not (tmp_path / "out").exists()


def test_a_missing_raw_file_is_named(images, tmp_path) -> None:
    images[TRAIN_LABELS].unlink()
    with pytest.raises(RestudyError, match=f"{TRAIN_LABELS}: cannot be read"):
        prepare("mnist", images, tmp_path / "out", 0)


def test_a_damaged_prepared_file_is_refused(images, tmp_path) -> None:
    output = tmp_path / "out"
    prepare("mnist", images, output, 0)
    content = output.read_bytes()
    for damaged in (
        b"",
        content[:7],
        content[:200],
        content[:-1],
        content.replace(b"order", b"odd"),
    ):
        output.write_bytes(damaged)
        with pytest.raises(RestudyError, match=r"out: not a whole prepared file"):
            load(output)
    output.unlink()
    with pytest.raises(RestudyError, match=r"out: cannot be read"):
        load(output)
