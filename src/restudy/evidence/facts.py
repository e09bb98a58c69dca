"""Numbers that no training decides: sizes of the data sets, shapes of arrays. Each is computed.

A row of ``published.yaml`` names its fact as ``group.name``. The names are read when Snakemake
parses the Snakefile, so NumPy is imported where it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from restudy.datasets.load import PreparedData


class Group(NamedTuple):
    """Facts that are computed together.

    Attributes:
        names: what they are called.
        dataset: the data set that they are about, if any.
        compute: returns name -> the fact as a source prints it; takes the data set, if any.
    """

    names: tuple[str, ...]
    dataset: str | None
    compute: Callable[..., dict[str, str]]


def mnist(data: PreparedData) -> dict[str, str]:
    """Count MNIST's images and classes (S1)."""
    import numpy as np

    return {
        "train_images": str(len(data.x_train)),
        "test_images": str(len(data.x_test)),
        "classes": str(len(np.unique(data.y_train))),
    }


def s3_synthetic() -> dict[str, str]:
    """Run S3's preprocessing cell, with NumPy's permutation for scikit-learn's; return the shapes.

    The cell draws images and labels at random, without a seed, so there is nothing but shapes to
    compare. Of n samples scikit-learn gives ceil(0.1 n) to the validation part.
    """
    import numpy as np

    n, features, classes = 10_000, 784, 10
    rng = np.random.default_rng()
    x = rng.random((n, features)).reshape(-1, 28, 28, 1).astype(np.float32) / 255
    one_hot = np.zeros((n, classes))
    one_hot[np.arange(n), rng.integers(classes, size=n)] = 1
    order = np.random.default_rng(42).permutation(n)
    held_out = -(-n // 10)
    validation, train = order[:held_out], order[held_out:]
    parts = {
        "x_train": x[train],
        "y_train": one_hot[train],
        "x_val": x[validation],
        "y_val": one_hot[validation],
    }
    return {name: str(part.shape) for name, part in parts.items()}


def s4_part_a(data: PreparedData) -> dict[str, str]:
    """Run the forward pass of S4's Part A, samples in columns as S4 has them; return the shapes.

    The weights are zeros: values change no shape.
    """
    import numpy as np

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
    arrays = {
        "x_train": x_train,
        "x_test": x_test,
        "x_train_transposed": x,
        "x_test_transposed": x_test.T,
        "weights": weights,
        "output": output,
        "losses": losses,
        "hidden": hidden,
    }
    return {name: str(array.shape) for name, array in arrays.items()}


GROUPS: Mapping[str, Group] = {
    "mnist": Group(("train_images", "test_images", "classes"), "mnist", mnist),
    "s3_synthetic": Group(("x_train", "y_train", "x_val", "y_val"), None, s3_synthetic),
    "s4_part_a": Group(
        (
            *("x_train", "x_test", "x_train_transposed", "x_test_transposed"),
            *("weights", "output", "losses", "hidden"),
        ),
        "fashion_mnist",  # S4 does not name its data; MNIST has the same shapes
        s4_part_a,
    ),
}


def names() -> list[str]:
    """Return the names of all facts, as rows have them."""
    return [f"{group}.{name}" for group, found in GROUPS.items() for name in found.names]


def datasets(facts: Iterable[str]) -> list[str]:
    """Return the data sets that some facts are about, sorted."""
    needed = {GROUPS[_group(fact)].dataset for fact in facts}
    return sorted(name for name in needed if name is not None)


def compute(facts: Collection[str], data: Mapping[str, PreparedData]) -> dict[str, str]:
    """Compute facts.

    Args:
        facts: their names, as rows have them.
        data: name -> prepared data set; facts about others are left out.

    Returns:
        name -> the fact as a source prints it.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(map(_group, facts)):
        group = GROUPS[name]
        arguments: list[Any] = []
        if group.dataset is not None:
            if group.dataset not in data:
                continue
            arguments.append(data[group.dataset])
        computed = group.compute(*arguments)
        found |= {f"{name}.{key}": value for key, value in computed.items()}
    return {fact: found[fact] for fact in facts if fact in found}


def _group(fact: str) -> str:
    return fact.partition(".")[0]
