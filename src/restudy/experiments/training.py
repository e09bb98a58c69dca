"""Networks of an experiment that the pipeline's own code trains."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, group_id, run_id
from restudy.data.load import PreparedData
from restudy.results.predictions import predict
from restudy.training.train_stacks import train_runs

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network.

    Attributes:
        recipe: what it was trained with.
        weights: by name, as :func:`restudy.results.predictions.predict` takes them.
        history: ``epoch, split, metric, value``.
    """

    recipe: Recipe
    weights: dict[str, NDArray[Any]]
    history: pd.DataFrame

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return what the network gives for scaled inputs, shape (n, outputs)."""
        return predict(self.weights, self.recipe.model_dump(), x)

    def curve(self, split: str, metric: str) -> NDArray[np.float64]:
        """Return a number at each evaluation, in order."""
        rows = self.history
        found = rows[(rows["split"] == split) & (rows["metric"] == metric)].sort_values("epoch")
        return found["value"].to_numpy(np.float64)

    def last(self, split: str, metric: str) -> float:
        """Return a number after the last epoch."""
        return float(self.curve(split, metric)[-1])


def train_all(
    recipes: Mapping[Key, Mapping[str, Any]], data: PreparedData
) -> dict[Key, TrainedNetwork]:
    """Train a network for each of some keys, those of one group together.

    Args:
        recipes: key -> fields of its recipe. The data set is given; without ``validation_samples``
            nothing is held out, and a batch is no larger than the training set.
        data: what they are trained and tested on.

    Returns:
        the same keys, in order.
    """
    runs = {key: _run(fields, data) for key, fields in recipes.items()}
    groups: dict[str, list[RunSpec]] = {}
    for run in runs.values():
        groups.setdefault(group_id(run.recipe), []).append(run)
    found: dict[str, TrainedNetwork] = {}
    for group in groups.values():
        results = train_runs(group, data, digests={run.id: "" for run in group})
        histories = dict(list(results.history.groupby("run")))
        for run in group:
            found[run.id] = TrainedNetwork(run.recipe, results.weights[run.id], histories[run.id])
    return {key: found[run.id] for key, run in runs.items()}


def train_one(fields: Mapping[str, Any], data: PreparedData) -> TrainedNetwork:
    """Train one network; see :func:`train_all`."""
    return train_all({"": fields}, data)[""]


def _run(fields: Mapping[str, Any], data: PreparedData) -> RunSpec:
    held_out = fields.get("validation_samples", 0)
    batch = fields["batch_size"]
    samples = fields.get("train_samples", len(data.x_train) - held_out)
    recipe = Recipe.model_validate(
        {
            "dataset": data.name,
            **fields,
            "train_samples": samples,
            "validation_samples": held_out,
            "batch_size": batch if batch == "full" else min(batch, samples),
        }
    )
    return RunSpec(run_id(recipe), recipe)
