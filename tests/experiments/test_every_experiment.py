"""Every experiment's table is as declared, and the same each time."""

import importlib
from functools import partial

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from experiments import (
    batch_norm,
    bootstrap,
    classical,
    cpu_timer,
    loss_drops,
    loss_functions,
    matched_train_loss,
    noisy_norm,
    regression,
    toy_optimisation,
    very_deep,
    weight_decay,
)
from restudy.experiments.project import project
from restudy.experiments.running import run

from ..recipes import houses, images

EXPERIMENTS = project().experiments


@pytest.fixture(scope="module")
def data():
    fashion = images(rows=150, seed=1)
    return {
        "mnist": images(rows=150),
        "fashion_mnist": fashion,
        "california_housing": houses(rows=120),
    }


@pytest.fixture
def small(monkeypatch):
    """Make the experiments short: two seeds each, fewer steps."""
    for name, experiment in EXPERIMENTS.items():
        module = importlib.import_module(f"experiments.{project().place(experiment).module}")
        monkeypatch.setattr(module, "SEEDS", 2, raising=False)
        monkeypatch.setitem(EXPERIMENTS, name, experiment.model_copy(update={"seeds": 2}))
    monkeypatch.setattr(regression, "_STEPS", 20)
    monkeypatch.setattr(toy_optimisation, "STEPS", 100)
    monkeypatch.setattr(toy_optimisation, "WELL_STEPS", 100)
    monkeypatch.setattr(batch_norm, "BATCHES", 5)
    for module in (bootstrap, weight_decay, very_deep, loss_functions):
        monkeypatch.setattr(module, "STEPS", 10)
    for module in (loss_drops, noisy_norm):
        monkeypatch.setattr(module, "STEPS", 20)
    monkeypatch.setattr(loss_functions, "HOUSE_STEPS", 10)
    monkeypatch.setattr(matched_train_loss, "EPOCHS", 40)
    monkeypatch.setattr(matched_train_loss, "TARGET", 1.5)
    # Forests and boosting of hundreds of trees take seconds, whatever the data.
    monkeypatch.setattr(
        classical, "_boosting", lambda seed: DecisionTreeClassifier(random_state=seed)
    )
    small_forest = partial(RandomForestClassifier, n_estimators=5)
    monkeypatch.setattr(classical, "RandomForestClassifier", small_forest)
    monkeypatch.setattr(cpu_timer, "LEAST", 1e-5)
    short = {"epochs": 1, "hidden": [8]}
    fields = {task: {**some, **short} for task, some in classical._FIELDS.items()}
    monkeypatch.setattr(classical, "_FIELDS", fields)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_tables_are_as_declared_and_all_but_times_the_same_to_the_bit(name, data, small):
    experiment = EXPERIMENTS[name]
    only_these = {dataset: data[dataset] for dataset in experiment.datasets}
    table = run(name, only_these)
    assert len(table) == experiment.seeds * np.prod([len(f) for f in experiment.factors.values()])
    assert np.isfinite(table[list(experiment.numbers)].to_numpy()).all()
    if experiment.timed:
        seconds = table.filter(like="seconds")
        assert len(seconds.columns)
        assert (seconds > 0).all(axis=None)
        return
    again = run(name, only_these)
    assert table.to_parquet(index=False) == again.to_parquet(index=False)
    # Not the same for every seed: something is drawn.
    by_level = table.groupby(list(experiment.factors))[list(experiment.numbers)]
    assert by_level.nunique().to_numpy().max() > 1


def test_what_measures_seconds_says_so():
    for name, experiment in EXPERIMENTS.items():
        assert experiment.timed == any("seconds" in number for number in experiment.numbers), name


def test_declarations_are_read_as_they_are_run():
    """Reading a module tells the same as running it."""
    every = project()
    kinds = (every.experiments, every.facts, every.tables, every.drawings)
    for declared in (one for kind in kinds for one in kind.values()):
        assert every.function(declared).declaration == declared
