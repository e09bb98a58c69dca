"""Reading a prepared file, splitting it into training, validation and test, and scaling."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load as parse

from restudy.common.errors import RestudyError
from restudy.data.prepare import METADATA_KEY

_BLOCK_ROWS = 4096  # 26 MB of float64 for images: small beside the data, large enough for speed


@dataclass(frozen=True)
class PreparedData:
    """A prepared data set, unscaled.

    Attributes:
        name: name of the data set.
        split_seed: the seed it was prepared with.
        digest: SHA-256 of the prepared file.
        x_train, y_train, x_test, y_test, order: as :func:`restudy.data.prepare.prepare` says.
    """

    name: str
    split_seed: int
    digest: str
    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    order: NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """One part of a split: inputs ``(n, features)`` and labels or targets ``(n,)``."""

    x: NDArray[Any]
    y: NDArray[Any]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.x)


@dataclass(frozen=True)
class Split:
    """The three parts of a data set, unscaled."""

    name: str
    train: Part
    validation: Part
    test: Part


@dataclass(frozen=True)
class ScaledSplit(Split):
    """The three parts with float32 inputs, and int64 labels or float32 targets.

    Attributes:
        target_mean: what was subtracted from the targets (0 if they are not scaled).
        target_sd: what they were then divided by (1 if they are not scaled).
    """

    target_mean: float
    target_sd: float

    def to_original_units(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """Turn scaled targets or predictions, of any shape, back to the units of the data."""
        return np.asarray(targets, np.float64) * self.target_sd + self.target_mean


def load(path: Path) -> PreparedData:
    """Read a prepared file.

    Raises:
        RestudyError: there is none, or it is truncated or not one of ours.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RestudyError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        arrays = parse(content)
        metadata = json.loads(_metadata(content)[METADATA_KEY])
        return PreparedData(
            name=metadata["name"],
            split_seed=metadata["split_seed"],
            digest=hashlib.sha256(content).hexdigest(),
            **arrays,
        )
    except (
        *(safetensors.SafetensorError, KeyError, TypeError, ValueError),
        RecursionError,  # of brackets within brackets, in the header
    ) as error:
        raise RestudyError(f"{path}: not a whole prepared file; prepare it again") from error


def _metadata(content: bytes) -> dict[str, str]:
    """Return the metadata of safetensors bytes: a length, then a JSON header of that length."""
    (length,) = struct.unpack("<Q", content[:8])
    found: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return found


def split(data: PreparedData, train_samples: int | None, validation_samples: int) -> Split:
    """Take training and validation rows out of the official training rows.

    Args:
        data: the prepared data set.
        train_samples: number of training rows, or None for all that are not validation rows. The
            rows of a smaller number are among those of a larger one.
        validation_samples: number of validation rows, which do not depend on ``train_samples``.

    Raises:
        RestudyError: there are not that many rows, or a number makes no sense.
    """
    rows = len(data.order)
    available = rows - validation_samples
    if validation_samples < 0 or available < 1:
        raise RestudyError(
            f"{data.name}: validation_samples: {validation_samples} is not possible: "
            f"of {rows} rows, 0 to {rows - 1} may go to validation"
        )
    wanted = available if train_samples is None else train_samples
    if not 1 <= wanted <= available:
        raise RestudyError(
            f"{data.name}: train_samples: {wanted} is not possible: with validation_samples "
            f"{validation_samples}, 1 to {available} of {rows} rows are left for training"
        )
    train, validation = data.order[:wanted], data.order[available:]
    return Split(
        name=data.name,
        train=Part(data.x_train[train], data.y_train[train]),
        validation=Part(data.x_train[validation], data.y_train[validation]),
        test=Part(data.x_test, data.y_test),
    )


def scale(split: Split, scaling: str, target_scaling: str) -> ScaledSplit:
    """Scale inputs and targets; statistics come from the training rows of the split alone.

    Args:
        split: the parts, unscaled.
        scaling: ``raw`` (as it is), ``zero_one`` (x / 255), ``minus_one_one`` ((x / 255 - 0.5) /
            0.5) or ``standard`` (each feature minus its mean, divided by its standard deviation,
            with ``ddof=0``; a feature that never varies is divided by 1).
        target_scaling: ``none``, or ``standard`` for a regression's targets.

    Raises:
        ValueError: an unknown word, ``zero_one`` or ``minus_one_one`` for anything but byte images,
            or ``standard`` for labels. Recipes are checked for all of it before they come here.
    """
    shift, divisor = _input_scaling(split, scaling)
    target_mean, target_sd = _target_scaling(split, target_scaling)

    def scaled(part: Part) -> Part:
        x = _rescaled(part.x, shift, divisor)
        is_label = np.issubdtype(part.y.dtype, np.integer)
        return Part(x, part.y if is_label else _rescaled(part.y, target_mean, target_sd))

    return ScaledSplit(
        name=split.name,
        train=scaled(split.train),
        validation=scaled(split.validation),
        test=scaled(split.test),
        target_mean=float(target_mean),
        target_sd=float(target_sd),
    )


Statistic = NDArray[np.float64] | np.float64


def _input_scaling(split: Split, scaling: str) -> tuple[Statistic, Statistic]:
    """Return what to subtract from the inputs and what to divide by then."""
    if scaling == "raw":
        return np.float64(0), np.float64(1)
    if scaling == "standard":
        return _mean_and_sd(split.train.x)
    if scaling not in ("zero_one", "minus_one_one"):
        raise ValueError(f"unknown scaling {scaling!r}")
    if split.train.x.dtype != np.uint8:
        raise ValueError(f"scaling {scaling!r} is for byte images, not for {split.name}")
    if scaling == "zero_one":
        return np.float64(0), np.float64(255)
    return np.float64(127.5), np.float64(127.5)  # (x / 255 - 0.5) / 0.5, in one step


def _target_scaling(split: Split, target_scaling: str) -> tuple[Statistic, Statistic]:
    if target_scaling == "none":
        return np.float64(0), np.float64(1)
    if target_scaling != "standard":
        raise ValueError(f"unknown target scaling {target_scaling!r}")
    if np.issubdtype(split.train.y.dtype, np.integer):
        raise ValueError(f"the labels of {split.name} cannot be scaled")
    return _mean_and_sd(split.train.y)


def _mean_and_sd(x: NDArray[Any]) -> tuple[Statistic, Statistic]:
    """Return mean and standard deviation along the rows, in two passes of float64 blocks.

    A float64 copy of all images would take 376 MB, so none is made.
    """
    mean = sum(x[rows].sum(axis=0, dtype=np.float64) for rows in _blocks(len(x))) / len(x)
    squares = sum(np.square(x[rows] - mean).sum(axis=0) for rows in _blocks(len(x)))
    # Asked of the values: rounding can leave a constant feature a tiny deviation from its mean.
    constant = (x == x[0]).all(axis=0)
    return mean, np.where(constant, 1.0, np.sqrt(squares / len(x)))


def _rescaled(x: NDArray[Any], shift: Statistic, divisor: Statistic) -> NDArray[np.float32]:
    """Return ``(x - shift) / divisor``, computed in float64 and rounded once."""
    result = np.empty(x.shape, np.float32)
    for rows in _blocks(len(x)):
        result[rows] = np.subtract(x[rows], shift, dtype=np.float64) / divisor
    return result


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK_ROWS) for start in range(0, rows, _BLOCK_ROWS))
