"""Classical methods of scikit-learn beside a network, all on the same samples.

None is tuned: each has scikit-learn's defaults but for what is declared here, and the network has
the pipeline's usual settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from restudy.data.load import Part, PreparedData, ScaledSplit
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.experiments.training import TrainedNetwork, train_one
from restudy.results.predictions import predict
from restudy.training.rng import generator

SEEDS = 5
TRAIN_IMAGES, TEST_IMAGES = 5000, 5000
HOUSES = 2000
COMPONENTS = 50
IMAGES = ("mnist", "fashion_mnist")

_BATCH = 64
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "classification": {"hidden": [256, 128], "epochs": 20},
    "regression": {
        "hidden": [64, 64],
        "epochs": 60,
        "loss": "mse",
        "scaling": "standard",
        "target_scaling": "standard",
    },
}

Floats = NDArray[np.float64]


@Experiment(
    name="classical-images",
    title="A network beside classical methods, on pixels and on features, with 5,000 images",
    factors={
        "dataset": IMAGES,
        "model": (
            *("mlp", "logistic", "k-NN", "RBF SVM", "random forest", "gradient boosting"),
            *("logistic on PCA", "logistic on HOG", "logistic on mlp features"),
            *("RBF SVM on PCA", "RBF SVM on HOG"),
        ),
    },
    numbers={"test_accuracy": "share of 5,000 test samples"},
    datasets=IMAGES,
    seeds=SEEDS,
)
def classical_images(data: Data) -> Rows:
    """Classify images by methods that work on pixels, and by some of them on features.

    The seed draws 5,000 training and 5,000 test images, and the methods' own chances. Features are
    the first 50 principal components of the training images; :func:`hog`;
    and what the network's last hidden layer gives.
    """
    for dataset in IMAGES:
        for seed in range(SEEDS):
            random = generator(seed, f"classical: {dataset}")
            drawn = draw(data[dataset], random, TRAIN_IMAGES, TEST_IMAGES)
            for model, value in _accuracies(drawn, seed).items():
                yield dataset, model, seed, value


def _accuracies(drawn: PreparedData, seed: int) -> dict[str, float]:
    """Return the test accuracy of each method."""
    parts = scaled(drawn)
    pixels = parts.train, parts.test
    network = train_mlp(drawn, "classification", seed)
    found = {
        "mlp": accuracy(network.outputs(parts.test.x).argmax(axis=1), parts.test),
        "logistic": logistic(*pixels),
        "k-NN": _of(KNeighborsClassifier(), *pixels),
        "RBF SVM": svm(*pixels),
        "random forest": _of(RandomForestClassifier(random_state=seed), *pixels),
        "gradient boosting": _of(_boosting(seed), *pixels),
    }
    pca = PCA(min(COMPONENTS, len(parts.train)), svd_solver="full").fit(parts.train.x)
    seen = {
        "PCA": _seen(pca.transform, *pixels),
        "HOG": _seen(hog, *pixels),
        "mlp features": _seen(partial(last_hidden, network), *pixels),
    }
    found |= {f"logistic on {name}": logistic(*some) for name, some in seen.items()}
    return found | {f"RBF SVM on {name}": svm(*seen[name]) for name in ("PCA", "HOG")}


def _seen(features_of: Callable[[NDArray[Any]], NDArray[Any]], *parts: Part) -> tuple[Part, ...]:
    """Return parts with features in place of pixels."""
    return tuple(Part(np.asarray(features_of(part.x), np.float64), part.y) for part in parts)


@Experiment(
    name="classical-housing",
    title="A network beside classical methods, with 2,000 houses",
    factors={"model": ("mlp", "linear", "ridge", "random forest", "gradient boosting")},
    numbers={
        "test_rmse": "100,000 US dollars",
        "test_r2": "1 - squared errors / squares about the mean",
    },
    datasets=("california_housing",),
    seeds=SEEDS,
)
def classical_housing(data: Data) -> Rows:
    """Predict house prices by five methods, from 2,000 houses that the seed draws.

    Measured on all test houses. The ridge's strength is chosen by leaving one out, as scikit-learn
    does it: 0.1, 1 or 10.
    """
    for seed in range(SEEDS):
        drawn = draw(data["california_housing"], generator(seed, "classical: housing"), HOUSES)
        parts = scaled(drawn, "standard", "standard")
        models: Mapping[str, Any] = {
            "linear": LinearRegression(),
            "ridge": RidgeCV(),
            "random forest": RandomForestRegressor(random_state=seed),
            "gradient boosting": HistGradientBoostingRegressor(random_state=seed),
        }
        predicted: dict[str, Floats] = {
            "mlp": train_mlp(drawn, "regression", seed).outputs(parts.test.x)[:, 0]
        }
        for name, model in models.items():
            model.fit(parts.train.x, parts.train.y)
            predicted[name] = model.predict(parts.test.x)
        for name, values in predicted.items():
            yield name, seed, *rmse_and_r2(values, parts)


def train_mlp(data: PreparedData, task: str, seed: int) -> TrainedNetwork:
    """Train a ReLU network with Adam, rate 0.001, in batches of 64, on all of the data.

    Images: 256 and 128 units, 20 epochs. Houses: 64 and 64 units, 60 epochs, inputs and targets
    standardised. Like the scikit-learn models beside it, it is not tuned.
    """
    fields = {
        "weight_init": "he",
        "optimiser": "adam",
        "learning_rate": 1e-3,
        "batch_size": _BATCH,
        "evaluate_every": _FIELDS[task]["epochs"],
        "seed": seed,
    }
    return train_one({**fields, **_FIELDS[task]}, data)


def last_hidden(run: TrainedNetwork, x: NDArray[Any]) -> Floats:
    """Return what a network's last hidden layer gives for scaled inputs, shape (n, units)."""
    last, units = len(run.recipe.hidden), run.recipe.hidden[-1]
    # The last layer replaced by one that hands on what it gets.
    own = {f"linear.{last}.weight": np.eye(units), f"linear.{last}.bias": np.zeros(units)}
    return predict(run.weights | own, run.recipe.model_dump(), x)


def logistic(train: Part, test: Part) -> float:
    """Return the test accuracy of logistic regression (softmax, L2 with C = 1)."""
    model = LogisticRegression(max_iter=1000, tol=1e-3)
    model.fit(train.x.astype(np.float64), train.y)
    return accuracy(model.predict(test.x.astype(np.float64)), test)


def svm(train: Part, test: Part) -> float:
    """Return the test accuracy of a support-vector machine, C = 1, RBF kernel.

    Its width is scikit-learn's ``gamma="scale"``, 1 / (features x variance). The kernel is computed
    beforehand, as products of matrices: ten times as fast as in the library's loops.
    """
    x, other = train.x.astype(np.float64), test.x.astype(np.float64)
    gamma = 1 / (x.shape[1] * x.var())
    model = SVC(kernel="precomputed").fit(rbf_kernel(x, x, gamma), train.y)
    return accuracy(model.predict(rbf_kernel(other, x, gamma)), test)


def accuracy(predicted: NDArray[Any], part: Part) -> float:
    """Return the share of samples whose class is right."""
    return float(np.mean(predicted == part.y))


def _boosting(seed: int) -> HistGradientBoostingClassifier:
    """Return boosting that takes 15 seconds for 784 features and 10 classes, not minutes.

    100 rounds at a rate of 0.1, as scikit-learn has it; but trees of 16 leaves, 15 bins, and each
    split is chosen among a twentieth of the pixels.
    """
    return HistGradientBoostingClassifier(
        max_leaf_nodes=16,
        max_bins=15,
        max_features=0.05,
        early_stopping=False,
        random_state=seed,
    )


def _of(model: Any, train: Part, test: Part) -> float:
    return accuracy(model.fit(train.x, train.y).predict(test.x), test)


def rmse_and_r2(predicted: Floats, parts: ScaledSplit) -> tuple[float, float]:
    """Return the root mean squared error in the targets' unit, and R2, of scaled predictions."""
    y = parts.test.y.astype(np.float64)
    error = float(np.mean((predicted - y) ** 2))
    return float(np.sqrt(error) * parts.target_sd), float(1 - error / y.var())


BINS = 9
CELL = 4
BLOCK = 2
_NORM_FLOOR = 1e-6


def hog(images: NDArray[Any], side: int = 28) -> Floats:
    """Return the histograms of oriented gradients of square images.

    As in Dalal and Triggs, "Histograms of oriented gradients for human detection", 2005, with cells
    that suit small images: differences of neighbours; in each cell of 4 x 4 pixels a histogram of
    their directions, 9 bins over 180 degrees, weighted by their lengths and shared between the two
    nearest bins; blocks of 2 x 2 cells, one cell apart, each divided by its length.

    Args:
        images: shape (n, side * side), in any unit.
        side: pixels, a multiple of 4.

    Returns:
        shape (n, (side/4 - 1)^2 * 36).
    """
    n, cells = len(images), side // CELL
    pixels = np.asarray(images, np.float64).reshape(n, side, side)
    dx, dy = np.zeros_like(pixels), np.zeros_like(pixels)
    dx[:, :, 1:-1] = pixels[:, :, 2:] - pixels[:, :, :-2]
    dy[:, 1:-1] = pixels[:, 2:] - pixels[:, :-2]
    length = np.hypot(dx, dy)
    place = np.mod(np.arctan2(dy, dx), np.pi) / np.pi * BINS - 0.5
    lower = np.floor(place)
    upper_share = place - lower
    # The number of each pixel's cell, counted through all images.
    of_axis = np.arange(side) // CELL
    cell = (np.arange(n)[:, None, None] * cells + of_axis[:, None]) * cells + of_axis
    counts = np.zeros(n * cells * cells * BINS)
    for shift, share in ((0, 1 - upper_share), (1, upper_share)):
        bins = cell * BINS + np.mod(lower + shift, BINS).astype(np.int64)
        weights = (share * length).ravel()
        counts += np.bincount(bins.ravel(), weights=weights, minlength=len(counts))
    histograms = counts.reshape(n, cells, cells, BINS)
    windows = sliding_window_view(histograms, (BLOCK, BLOCK), axis=(1, 2))
    blocks = np.moveaxis(windows, 3, -1).reshape(*windows.shape[:3], -1)
    norms = np.sqrt(np.sum(blocks**2, axis=-1, keepdims=True) + _NORM_FLOOR**2)
    features: Floats = (blocks / norms).reshape(n, -1)
    return features
