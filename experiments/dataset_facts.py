"""Numbers of the sources that no training decides: sizes of data sets, shapes of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.data.load import PreparedData
from restudy.experiments.declaration import Facts


@Facts(name="mnist", names=["train_images", "test_images", "classes"], dataset="mnist")
def mnist(data: PreparedData) -> dict[str, str]:
    """Count MNIST's images and classes (S1)."""
    return {
        "train_images": str(len(data.x_train)),
        "test_images": str(len(data.x_test)),
        "classes": str(len(np.unique(data.y_train))),
    }


@Facts(name="s3_synthetic", names=["x_train", "y_train", "x_val", "y_val"])
def s3_synthetic() -> dict[str, str]:
    """Run S3's preprocessing cell, with NumPy's permutation for scikit-learn's; return the shapes.

    The cell draws images and labels at random, without a seed, so there is nothing but shapes to
    compare. Of n samples scikit-learn gives ceil(0.1 n) to the validation part.
    """
    n, features, classes = 10_000, 784, 10
    rng = np.random.default_rng()
    x = rng.random((n, features)).reshape(-1, 28, 28, 1).astype(np.float32) / 255
    one_hot = np.zeros((n, classes))
    one_hot[np.arange(n), rng.integers(classes, size=n)] = 1
    order = np.random.default_rng(42).permutation(n)
    held_out = -(-n // 10)
    validation, train = order[:held_out], order[held_out:]
    return _shapes(
        x_train=x[train], y_train=one_hot[train], x_val=x[validation], y_val=one_hot[validation]
    )


@Facts(
    name="s4_part_a",
    names=[
        *["x_train", "x_test", "x_train_transposed", "x_test_transposed"],
        *["weights", "output", "losses", "hidden"],
    ],
    dataset="fashion_mnist",  # the source does not name its data; MNIST has the same shapes
)
def s4_part_a(data: PreparedData) -> dict[str, str]:
    """Run the forward pass of S4's Part A, samples in columns as S4 has them; return the shapes.

    The weights are zeros: values change no shape.
    """
    x_train, x_test = data.x_train.astype(np.float32), data.x_test.astype(np.float32)
    x = x_train.T
    features, samples = x.shape
    classes = len(np.unique(data.y_train))
    weights = np.zeros((classes, features), np.float32)
    scores = np.exp(weights @ x + np.float32(0))
    output = scores / scores.sum(axis=0)
    one_hot = np.zeros_like(output)
    one_hot[data.y_train, np.arange(samples)] = 1
    losses = np.negative(one_hot * np.log(output)).sum(axis=0)
    hidden = np.maximum(np.zeros((300, features), np.float32) @ x + np.float32(0), 0)
    computed = {"weights": weights, "output": output, "losses": losses, "hidden": hidden}
    transposed = {"x_train_transposed": x, "x_test_transposed": x_test.T}
    return _shapes(x_train=x_train, x_test=x_test, **transposed, **computed)


def _shapes(**arrays: NDArray[Any]) -> dict[str, str]:
    return {name: str(array.shape) for name, array in arrays.items()}
