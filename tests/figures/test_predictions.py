"""Predictions from the weights alone agree with what training reported."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save as to_bytes

from restudy.common.errors import RestudyError
from restudy.config.recipe import Recipe
from restudy.data.load import load
from restudy.planning.plan import RunSpec, group_id, run_id
from restudy.results import group_files
from restudy.results.predictions import predict, predictions_table
from restudy.training.train_stacks import train_runs


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared file with few made-up houses."""
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (500, 8)).astype(np.float32)
    y = (2 + 0.3 * x[:, 0] + 0.2 * x[:, 1] * x[:, 2]).astype(np.float32)
    arrays = {"x_train": x[:400], "y_train": y[:400], "x_test": x[400:], "y_test": y[400:]}
    arrays["order"] = rng.permutation(400)
    about = {"restudy": json.dumps({"name": "california_housing", "split_seed": 0})}
    path = tmp_path_factory.mktemp("data") / "houses.safetensors"
    path.write_bytes(to_bytes(arrays, metadata=about))
    return path


RECIPE = {
    "dataset": "california_housing",
    "scaling": "standard",
    "target_scaling": "standard",
    "loss": "mse",
    "optimiser": "adam",
    "learning_rate": 0.01,
    "batch_size": 50,
    "epochs": 2,
    "train_samples": 300,
    "validation_samples": 100,
}
NETWORKS = {
    "linear": {"hidden": []},
    "plain": {"hidden": [16, 8]},
    "batch norm": {"hidden": [16], "norm": "batch", "activation": "tanh"},
    "layer norm": {"hidden": [8, 8], "norm": "layer", "norm_position": "after", "bias": "shared"},
    "dropout": {"hidden": [16], "dropout": 0.3, "activation": "sigmoid", "bias": "none"},
}


def train(prepared: Path, groups: Path, fields: dict, *, keep_weights: bool = True) -> pd.DataFrame:
    recipes = [Recipe(**RECIPE, **fields, seed=seed) for seed in (0, 1)]
    runs = [RunSpec(run_id(recipe), recipe) for recipe in recipes]
    digests = {run.id: "digest" for run in runs}
    found = train_runs(runs, load(prepared), digests=digests, keep_weights=keep_weights)
    group = group_id(recipes[0])
    group_files.write(found, groups / group)
    return found.summary.assign(group=group)


@pytest.mark.parametrize("fields", NETWORKS.values(), ids=NETWORKS)
def test_r2_is_that_of_the_table(prepared: Path, tmp_path: Path, fields: dict) -> None:
    runs = train(prepared, tmp_path, fields)
    table = predictions_table(runs, tmp_path, prepared)
    assert table.columns.tolist() == ["run", "hidden", "seed", "true", "predicted"]
    assert len(table) == 2 * 100
    for run in runs.itertuples():
        rows = table[table["run"] == run.run]
        error = rows["true"] - rows["predicted"]
        assert np.sqrt((error**2).mean()) == pytest.approx(run.test_rmse, abs=1e-5)
        r2 = 1 - (error**2).sum() / ((rows["true"] - rows["true"].mean()) ** 2).sum()
        assert r2 == pytest.approx(run.test_r2, abs=1e-5)


def test_by_hand() -> None:
    weights = {
        "linear.0.weight": np.array([[1.0, -1.0]], np.float32),
        "linear.0.bias": np.array([0.5], np.float32),
        "linear.1.weight": np.array([[2.0]], np.float32),
        "linear.1.bias": np.array([1.0], np.float32),
    }
    recipe = {"activation": "relu", "norm": "none", "norm_position": "before", "norm_eps": 1e-5}
    found = predict(weights, recipe, np.array([[3.0, 1.0], [1.0, 3.0]]))
    assert found.tolist() == [[6.0], [1.0]]


def test_what_cannot_be(prepared: Path, tmp_path: Path) -> None:
    runs = train(prepared, tmp_path, {"hidden": []}, keep_weights=False)
    with pytest.raises(RestudyError, match="keeps no weights"):
        predictions_table(runs, tmp_path, prepared)
    with pytest.raises(RestudyError, match="prepared data of a regression study on mnist"):
        predictions_table(runs.assign(dataset="mnist"), tmp_path, prepared)
    with pytest.raises(RestudyError, match="holds no results"):
        predictions_table(runs.assign(group="nowhere"), tmp_path, prepared)
    assert predictions_table(runs.assign(status="diverged"), tmp_path, prepared).empty
