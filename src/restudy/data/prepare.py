"""Making one file per data set out of its raw files: arrays, unscaled, and the split."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.data.formats import read_idx, read_table
from restudy.data.registry import (
    DATASETS,
    HOUSING_TABLE,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    Dataset,
)

Arrays = dict[str, NDArray[Any]]

METADATA_KEY = "restudy"
"""The one metadata entry: safetensors writes several in an order that differs between runs."""

TEST_DIVISOR = 10
"""Without an official test set, one row in this many becomes the test set."""


def prepare(name: str, raw: dict[str, Path], output: Path, split_seed: int) -> None:
    """Write the prepared file of a data set (safetensors); the same input gives the same bytes.

    The file holds ``x_train`` and ``x_test`` (uint8 images as ``(n, 784)``, or float32 features as
    ``(n, 8)``), ``y_train`` and ``y_test`` (int64 labels, or float32 targets in units of 100,000 US
    dollars) and ``order``, an int64 permutation of the training rows: training takes rows from its
    beginning, a validation part of size v is its last v rows.

    Args:
        name: name of the data set.
        raw: the raw files, as :func:`restudy.data.fetch.fetch` returns them.
        output: the file to write.
        split_seed: seed of ``order`` and, without an official test set, of the test rows.

    Raises:
        RestudyError: a raw file is missing, truncated or altered.
    """
    dataset = DATASETS[name]
    contents = {file.name: _content(raw[file.name]) for file in dataset.files}
    rng = split_generator(name, split_seed)
    if dataset.official_test:
        arrays = _images(dataset, raw, contents)
    else:
        arrays = _table(read_table(contents[HOUSING_TABLE], str(raw[HOUSING_TABLE])), rng)
    arrays["order"] = rng.permutation(len(arrays["x_train"])).astype(np.int64)
    metadata = {
        "name": name,
        "split_seed": split_seed,
        "raw": {key: hashlib.sha256(content).hexdigest() for key, content in contents.items()},
    }
    text = json.dumps(metadata, sort_keys=True)
    write_atomically(output, save(arrays, metadata={METADATA_KEY: text}))


def split_generator(name: str, split_seed: int) -> np.random.Generator:
    """Return the generator of a data set's split, which depends on the seed and its name only."""
    words = int.from_bytes(hashlib.sha256(f"split {name}".encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence([split_seed, words]))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RestudyError(f"{path}: cannot be read ({error.strerror})") from error


def _images(dataset: Dataset, raw: dict[str, Path], contents: dict[str, bytes]) -> Arrays:
    arrays: Arrays = {}
    for part, images, labels in (
        ("train", TRAIN_IMAGES, TRAIN_LABELS),
        ("test", TEST_IMAGES, TEST_LABELS),
    ):
        x = read_idx(contents[images], str(raw[images]), dimensions=3)
        y = read_idx(contents[labels], str(raw[labels]), dimensions=1)
        x = x.reshape(len(x), -1)
        if x.shape[1] != dataset.inputs:
            raise RestudyError(
                f"{raw[images]}: {x.shape[1]} pixels per image instead of {dataset.inputs}"
            )
        if len(x) != len(y):
            raise RestudyError(f"{raw[labels]}: {len(y)} labels for {len(x)} images")
        if len(y) and y.max() >= dataset.classes:
            raise RestudyError(f"{raw[labels]}: label {y.max()} in {dataset.classes} classes")
        arrays[f"x_{part}"] = x
        arrays[f"y_{part}"] = y.astype(np.int64)
    return arrays


def _table(table: NDArray[np.float32], rng: np.random.Generator) -> Arrays:
    """Split a table whose last column is the target; rows keep their order within each part."""
    is_test = np.zeros(len(table), dtype=bool)
    is_test[rng.permutation(len(table))[: len(table) // TEST_DIVISOR]] = True
    arrays: Arrays = {}
    for part, rows in (("train", table[~is_test]), ("test", table[is_test])):
        arrays[f"x_{part}"] = np.ascontiguousarray(rows[:, :-1])
        arrays[f"y_{part}"] = np.ascontiguousarray(rows[:, -1])
    return arrays
