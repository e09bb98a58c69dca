"""Predictions of trained networks, computed again from their weights in plain NumPy.

Nothing of the training code is used, so that what comes out also checks what training reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.common.errors import RestudyError
from restudy.data.load import load, scale, split
from restudy.data.registry import DATASETS
from restudy.results import group_files

Array = NDArray[np.float64]

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    "tanh": np.tanh,
    "identity": lambda x: x,
}


def predict(
    weights: Mapping[str, NDArray[Any]], recipe: Mapping[Any, Any], x: NDArray[Any]
) -> Array:
    """Run one trained network in evaluation mode, in float64.

    Args:
        weights: the run's parameters by name, as ``weights.safetensors`` has them:
            ``linear.{i}.weight`` (outputs, inputs), ``linear.{i}.bias`` (outputs,), and
            ``norm.{i}.weight, .bias, .running_mean, .running_var`` (units,).
        recipe: the run's row of ``runs.parquet``: ``activation``, ``norm``, ``norm_position`` and
            ``norm_eps`` are used.
        x: scaled inputs, shape (n, features).

    Returns:
        outputs (logits, or predictions in scaled units), shape (n, outputs).
    """
    activation = _ACTIVATIONS[recipe["activation"]]
    last = sum(name.startswith("linear.") and name.endswith(".weight") for name in weights) - 1
    h = np.asarray(x, np.float64)
    for i in range(last + 1):
        h = h @ weights[f"linear.{i}.weight"].T.astype(np.float64)
        if f"linear.{i}.bias" in weights:
            h = h + weights[f"linear.{i}.bias"]
        if i == last:
            break
        if recipe["norm"] == "none":
            h = activation(h)
        elif recipe["norm_position"] == "before":
            h = activation(_normalise(h, weights, recipe, i))
        else:
            h = _normalise(activation(h), weights, recipe, i)
    return h


def predictions_table(runs: pd.DataFrame, groups: Path, prepared: Path) -> pd.DataFrame:
    """Predict the test set of a regression study with each of its finished runs.

    Args:
        runs: ``runs.parquet`` of the study.
        groups: the folder with the groups' folders.
        prepared: the prepared file of its data set.

    Returns:
        one row per run and test sample: ``run, hidden, seed, true, predicted``, the last two in
        the units of the data.

    Raises:
        RestudyError: the file is of another data set or not of a regression, or a group's weights
            are not there.
    """
    data = load(prepared)
    tables = []
    for group, rows in runs[runs["status"] == "finished"].groupby("group", sort=False):
        folder = groups / str(group)
        weights = group_files.read_complete(folder).weights
        for run in rows.to_dict("records"):
            if run["dataset"] != data.name or DATASETS[data.name].task != "regression":
                raise RestudyError(
                    f"{prepared}: {data.name}; allowed: the prepared data of a regression study "
                    f"on {run['dataset']}"
                )
            if run["run"] not in weights:
                raise RestudyError(
                    f"{folder}: keeps no weights of run {run['run']}; train it again with "
                    "keep_weights: true in its study"
                )
            parts = split(data, int(run["n_train"]), int(run["n_validation"]))
            scaled = scale(parts, run["scaling"], run["target_scaling"])
            outputs = predict(weights[run["run"]], run, scaled.test.x)
            columns = {name: run[name] for name in ("run", "hidden", "seed")}
            columns["true"] = parts.test.y.astype(np.float64)
            columns["predicted"] = scaled.to_original_units(outputs[:, 0])
            tables.append(pd.DataFrame(columns))
    if not tables:
        return pd.DataFrame(columns=["run", "hidden", "seed", "true", "predicted"])
    return pd.concat(tables, ignore_index=True).astype({"hidden": runs["hidden"].dtype})


def _normalise(
    h: Array, weights: Mapping[str, NDArray[Any]], recipe: Mapping[Any, Any], layer: int
) -> Array:
    if recipe["norm"] == "batch":
        mean = weights[f"norm.{layer}.running_mean"].astype(np.float64)
        variance = weights[f"norm.{layer}.running_var"].astype(np.float64)
    else:
        mean, variance = h.mean(axis=1, keepdims=True), h.var(axis=1, keepdims=True)
    normed: Array = (h - mean) / np.sqrt(variance + recipe["norm_eps"])
    normed *= weights[f"norm.{layer}.weight"]
    normed += weights[f"norm.{layer}.bias"]
    return normed
