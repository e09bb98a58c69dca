"""Registered networks beside the stacked network of training, and in a store."""

from __future__ import annotations

import json

import mlflow.pytorch
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file
from tracking_samples import GROUP, make_study, recipe

from restudy.config.run_ids import to_flat_dict
from restudy.data.load import load, scale, split
from restudy.data.prepare import METADATA_KEY
from restudy.results import group_files
from restudy.results.group_files import GroupResults, summary_row
from restudy.tracking.export_module import rebuild
from restudy.tracking.registry import best_of, register
from restudy.tracking.store import StoreError
from restudy.tracking.sync import sync
from restudy.training.batches import Part
from restudy.training.evaluation import evaluate
from restudy.training.network import StackedNetwork

FEATURES, CLASSES, TRAIN, VALIDATION, TEST = 6, 3, 40, 20, 50
RUNS = ("s0-a", "s1-b", "s2-c")


@pytest.fixture
def data(tmp_path):
    """A prepared file of made-up images, with a pixel that never varies."""
    draw = np.random.default_rng(0)
    rows = {"train": TRAIN + VALIDATION, "test": TEST}
    arrays = {}
    for part, n in rows.items():
        arrays[f"x_{part}"] = draw.integers(0, 256, (n, FEATURES), np.uint8)
        arrays[f"x_{part}"][:, 0] = 7
        arrays[f"y_{part}"] = draw.integers(0, CLASSES, n)
    arrays["order"] = draw.permutation(rows["train"])
    path = tmp_path / "results" / "data" / "mnist.safetensors"
    path.parent.mkdir(parents=True)
    about = {METADATA_KEY: json.dumps({"name": "mnist", "split_seed": 0})}
    save_file(arrays, path, metadata=about)
    return load(path)


def make_stack(recipes, outputs=CLASSES):
    """A stacked network whose norms have seen something."""
    network = StackedNetwork(recipes, FEATURES, outputs)
    torch.manual_seed(1)
    with torch.no_grad():
        network.vector.normal_()
        for norm in network.norms:
            for name, statistic in norm.named_buffers():
                statistic.uniform_(0.5, 2.0) if name == "var" else statistic.normal_()
    return network


def states(network):
    return [
        {name: value.numpy() for name, value in state.items()} for state in network.run_states()
    ]


VARIANTS = {
    "plain": {},
    "linear": {"hidden": []},
    "deep": {"hidden": [5, 4], "activation": "tanh", "scaling": "minus_one_one"},
    "batch norm": {"norm": "batch", "norm_eps": 0.01, "scaling": "standard"},
    "batch norm after": {"norm": "batch", "norm_position": "after", "activation": "sigmoid"},
    "layer norm": {"norm": "layer", "activation": "identity", "scaling": "raw"},
    "shared bias": {"bias": "shared", "hidden": [5, 4]},
    "no bias": {"bias": "none", "norm": "batch"},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_rebuilt_network_says_what_the_stacked_one_does(data, variant):
    fields = {"dataset": "mnist", "hidden": [5], "learning_rate": 0.1, "batch_size": 8, "epochs": 1}
    recipes = [type(recipe(0))(**fields | VARIANTS[variant] | {"seed": seed}) for seed in (0, 1)]
    network = make_stack(recipes)
    parts = split(data, TRAIN, VALIDATION)
    x = torch.from_numpy(scale(parts, recipes[0].scaling, "none").test.x)
    with torch.inference_mode():
        expected = network(x.expand(2, -1, -1)).transpose(1, 2)
        for run, state in enumerate(states(network)):
            alone = rebuild(state, to_flat_dict(recipes[run]), parts)
            found = alone(torch.from_numpy(data.x_test).float())
            torch.testing.assert_close(found, expected[run], rtol=1e-5, atol=1e-5)


def test_a_regression_answers_in_the_units_of_the_data(data):
    targets = np.linspace(-3, 9, len(data.order)).astype(np.float32)
    parts = split(data, TRAIN, VALIDATION)
    parts = type(parts)(
        parts.name,
        *(type(parts.train)(part.x, targets[: len(part)]) for part in (parts.train,) * 3),
    )
    told = to_flat_dict(recipe(0)) | {"target_scaling": "standard", "scaling": "standard"}
    network = make_stack([recipe(0)], outputs=1)
    scaled = scale(parts, "standard", "standard")
    with torch.inference_mode():
        outputs = network(torch.from_numpy(scaled.test.x).unsqueeze(0))[0].T
        found = rebuild(states(network)[0], told, parts)(torch.from_numpy(parts.test.x).float())
    expected = scaled.to_original_units(outputs.numpy())
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5)


@pytest.fixture
def trained(data, store):
    """A study with results: test scores of the stacked network, validation scores made up."""
    recipes = [recipe(seed, norm="batch", scaling="standard") for seed in range(3)]
    network = make_stack(recipes)
    parts = split(data, TRAIN, VALIDATION)
    scaled = scale(parts, "standard", "none")
    test = evaluate(
        network,
        Part(torch.from_numpy(scaled.test.x), torch.from_numpy(scaled.test.y)),
        "cross_entropy",
    )
    histories, rows, times = [], [], []
    for place, run in enumerate(RUNS):
        history = [
            (run, 2, 10, "train", "data_loss", 1.0),
            (run, 2, 10, "validation", "data_loss", 1.0),
            (run, 2, 10, "validation", "accuracy", 0.9 - 0.1 * place),
            (run, 2, 10, "test", "data_loss", float(test["data_loss"][place])),
            (run, 2, 10, "test", "accuracy", float(test["accuracy"][place])),
        ]
        columns = ["run", "epoch", "step", "split", "metric", "value"]
        histories.append(pd.DataFrame(history, columns=columns))
        facts = {"n_train": TRAIN, "n_validation": VALIDATION, "n_test": TEST, "parameters": 7}
        rows.append(summary_row(run, "d1", recipes[place], histories[-1], facts))
        times.append((run, 2, 3, 2.0, 1.0))
    columns = ["run", "epoch", "runs_in_stack", "train_seconds", "evaluation_seconds"]
    group = GroupResults(
        pd.concat(histories),
        pd.DataFrame(rows),
        pd.DataFrame(times, columns=columns),
        dict(zip(RUNS, states(network), strict=True)),
        {"data": {"dataset": "mnist", "sha256": "ab" * 32}, "seeds": {}},
    )
    group_files.write(group_files.merge([group]), store.results / "groups" / GROUP)
    study = make_study(runs=RUNS)
    assert sync(store.uri, store.artifacts, store.results / "groups", [study]).missing == 0
    store.prepare()
    return study


def put(store, study):
    best = best_of(study, store.results / "groups")
    return register(store.client, store.experiment(), study, best, store.results)


@pytest.fixture
def tracking(store):
    """MLflow's own functions look into the store."""
    mlflow.set_tracking_uri(store.uri)
    yield
    mlflow.set_tracking_uri(None)


def test_the_registered_network_has_the_score_of_the_table(
    store, trained, data, tracking, monkeypatch
):
    assert put(store, trained)
    # What is loaded holds no class that would have to be unpickled.
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    summary = pd.read_parquet(store.results / "groups" / GROUP / "summary.parquet")
    expected = summary.set_index("run").loc["s0-a", "test_accuracy"]
    for address in ("models:/norms@best", "models:/norms/latest"):
        network = mlflow.pytorch.load_model(address)
        outputs = network(torch.from_numpy(data.x_test).float())
        accuracy = (outputs.argmax(1).numpy() == data.y_test).mean()
        assert accuracy == pytest.approx(expected, abs=1e-6)


def test_it_comes_with_signature_example_and_where_it_is_from(store, trained, tracking):
    put(store, trained)
    version = store.client.get_model_version_by_alias("norms", "best")
    (mlflow_run,) = store.runs()["s0-a"]
    assert version.run_id == version.tags["restudy.run_id"] == mlflow_run.info.run_id
    assert version.tags["restudy.study"] == "norms"
    assert version.tags["restudy.chosen_by"] == "validation_accuracy"
    assert "norm = none, dataset = mnist, seed = 0" in version.description
    about = mlflow.models.get_model_info("models:/norms@best")
    assert about.signature.inputs.inputs[0].shape == (-1, FEATURES)
    assert about.signature.outputs.inputs[0].shape == (-1, CLASSES)
    example = about.load_input_example() if hasattr(about, "load_input_example") else None
    assert example is None or np.asarray(example).shape == (2, FEATURES)
    assert about.saved_input_example_info


def test_twice_is_once(store, trained):
    assert put(store, trained)
    assert not put(store, trained)
    assert len(store.client.search_model_versions("name = 'norms'")) == 1
    assert len(store.client.search_logged_models([store.experiment()])) == 1


def test_another_network_is_another_version(store, trained):
    put(store, trained)
    folder = store.results / "groups" / GROUP
    group = group_files.read(folder)
    group.summary["digest"] = "d2"
    group_files.write(group, folder)
    sync(store.uri, store.artifacts, store.results / "groups", [trained])
    assert put(store, trained)
    version = store.client.get_model_version_by_alias("norms", "best").version
    assert int(version) == 2


def test_what_an_interrupted_attempt_left_is_cleared(store, trained, monkeypatch):
    def fails(*arguments, **options):
        raise OSError("the machine went down")

    with monkeypatch.context() as broken:
        broken.setattr(type(store.client), "create_model_version", fails)
        with pytest.raises(OSError, match="went down"):
            put(store, trained)
    assert put(store, trained)
    assert len(store.client.search_logged_models([store.experiment()])) == 1


def test_what_is_said_of_it_is_kept_up_to_date(store, trained):
    put(store, trained)
    assert not put(store, trained | {"claims": ["CLM-BN-01"], "title": "Another"})
    version = store.client.get_model_version_by_alias("norms", "best")
    assert version.tags["restudy.claims"] == "CLM-BN-01"
    assert "**Another**" in store.client.get_registered_model("norms").description


def test_the_validation_score_decides(store, trained):
    best = best_of(trained, store.results / "groups")
    assert (best.row["run"], best.metric, best.tested) == (
        "s0-a",
        "validation_accuracy",
        "test_accuracy",
    )


def test_no_validation_no_weights_no_best(store, trained):
    groups = store.results / "groups"
    assert best_of(trained | {"keep_weights": False}, groups) is None
    group = group_files.read(groups / GROUP)
    group.summary["validation_accuracy"] = np.nan
    group_files.write(group, groups / GROUP)
    assert best_of(trained, groups) is None


def test_a_run_that_the_store_lacks_is_told_of(store, trained):
    store.client.delete_run(store.runs()["s0-a"][0].info.run_id)
    with pytest.raises(StoreError, match="no MLflow run of s0-a"):
        put(store, trained)
