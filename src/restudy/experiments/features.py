"""A network on pixels, beside classical methods on pixels, on made features and on learned ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from restudy.datasets.load import Part, PreparedData, ScaledSplit
from restudy.experiments.classical import IMAGES, SEEDS, accuracy, images_of, logistic, svm
from restudy.experiments.hog import hog
from restudy.experiments.mlps import train_mlp
from restudy.experiments.samples import scaled

COMPONENTS = 50


def features(data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Classify the images of :func:`restudy.experiments.classical.classical_images`.

    PCA: the first 50 principal components of the training images. HOG: see
    :mod:`restudy.experiments.hog`. The network's features are what its last hidden layer gives.
    """
    rows = []
    for dataset in IMAGES:
        for seed in range(SEEDS):
            drawn = images_of(data[dataset], seed)
            parts = scaled(drawn)
            network = train_mlp(drawn, "classification", seed)
            pca = PCA(min(COMPONENTS, len(parts.train)), svd_solver="full").fit(parts.train.x)
            seen = {
                "pixels": (parts.train, parts.test),
                "PCA": _seen(parts, pca.transform),
                "HOG": _seen(parts, hog),
                "mlp features": _seen(parts, network.hidden),
            }
            found = {
                "mlp on pixels": accuracy(network.outputs(parts.test.x).argmax(axis=1), parts.test),
                **{f"logistic on {name}": logistic(*some) for name, some in seen.items()},
                **{f"SVM on {name}": svm(*seen[name]) for name in ("pixels", "PCA", "HOG")},
            }
            rows += [
                {"dataset": dataset, "model": model, "seed": seed, "test_accuracy": value}
                for model, value in found.items()
            ]
    return pd.DataFrame(rows)


def _seen(
    parts: ScaledSplit, features_of: Callable[[NDArray[Any]], NDArray[Any]]
) -> tuple[Part, Part]:
    """Return training and test part with features in place of pixels."""
    train, test = (
        Part(np.asarray(features_of(part.x), np.float64), part.y)
        for part in (parts.train, parts.test)
    )
    return train, test
