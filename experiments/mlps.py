"""The network that stands beside classical methods, trained by the pipeline's own code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restudy.config.identity import Lane, lane_id
from restudy.config.recipe import Recipe
from restudy.datasets.load import PreparedData
from restudy.lanes.train import train_lanes
from restudy.predictions import predict

_BATCH = 64
_FIELDS: dict[str, dict[str, Any]] = {
    "classification": {"hidden": [256, 128], "epochs": 20},
    "regression": {
        "hidden": [64, 64],
        "epochs": 60,
        "loss": "mse",
        "scaling": "standard",
        "target_scaling": "standard",
    },
}


class Mlp(NamedTuple):
    """A trained network.

    Attributes:
        recipe: what it was trained with, as :func:`restudy.predictions.predict` takes it.
        weights: by name, the same.
    """

    recipe: dict[str, Any]
    weights: dict[str, NDArray[Any]]

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return the outputs for scaled inputs, shape (n, outputs)."""
        return predict(self.weights, self.recipe, x)

    def hidden(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return what its last hidden layer gives for scaled inputs, shape (n, units)."""
        last = len(self.recipe["hidden"])
        units = self.recipe["hidden"][-1]
        # The last layer replaced by one that hands on what it gets.
        weights = self.weights | {
            f"linear.{last}.weight": np.eye(units),
            f"linear.{last}.bias": np.zeros(units),
        }
        return predict(weights, self.recipe, x)


def train_mlp(data: PreparedData, task: str, seed: int) -> Mlp:
    """Train a ReLU network with Adam, rate 0.001, in batches of 64.

    Images: 256 and 128 units, 20 epochs. Houses: 64 and 64 units, 60 epochs, inputs and targets
    standardised. Like the scikit-learn models beside it, it is not tuned.

    Args:
        data: what it is trained on, all of it; tested on nothing here.
        task: ``classification`` or ``regression``.
        seed: of weights and batches.
    """
    fields = _FIELDS[task]
    samples = len(data.x_train)
    recipe = Recipe.model_validate(
        {
            "dataset": data.name,
            "train_samples": samples,
            "validation_samples": 0,
            "weight_init": "he",
            "optimiser": "adam",
            "learning_rate": 1e-3,
            "batch_size": min(_BATCH, samples),
            "evaluate_every": fields["epochs"],
            "seed": seed,
            **fields,
        }
    )
    lane = Lane(lane_id(recipe), recipe)
    trained = train_lanes([lane], data, digests={lane.id: ""})
    return Mlp(recipe.model_dump(), trained.weights[lane.id])
