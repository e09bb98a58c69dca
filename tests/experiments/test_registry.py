"""Every experiment's table is as declared, and the same each time."""

import importlib
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from restudy.experiments.registry import EXPERIMENTS, check, run
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from restudy.experiments import (
    batch_norm,
    bootstrap,
    classical,
    clock,
    decay_rules,
    deep,
    descent,
    drops,
    equal_loss,
    matched_losses,
    mlps,
    noisy_norm,
    regression,
    wells,
)

from ..recipes import houses, images


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
    for module in {experiment.module for experiment in EXPERIMENTS.values()}:
        monkeypatch.setattr(importlib.import_module(module), "SEEDS", 2)
    for name, experiment in EXPERIMENTS.items():
        monkeypatch.setitem(EXPERIMENTS, name, replace(experiment, seeds=2))
    monkeypatch.setattr(regression, "_STEPS", 20)
    monkeypatch.setattr(descent, "STEPS", 100)
    monkeypatch.setattr(wells, "_STEPS", 100)
    monkeypatch.setattr(batch_norm, "BATCHES", 5)
    for module in (bootstrap, decay_rules, deep, matched_losses):
        monkeypatch.setattr(module, "STEPS", 10)
    for module in (drops, noisy_norm):
        monkeypatch.setattr(module, "STEPS", 20)
    monkeypatch.setattr(matched_losses, "HOUSE_STEPS", 10)
    monkeypatch.setattr(equal_loss, "EPOCHS", 40)
    monkeypatch.setattr(equal_loss, "TARGET", 1.5)
    # Forests and boosting of hundreds of trees take seconds, whatever the data.
    monkeypatch.setattr(
        classical, "_boosting", lambda seed: DecisionTreeClassifier(random_state=seed)
    )
    small_forest = partial(RandomForestClassifier, n_estimators=5)
    monkeypatch.setattr(classical, "RandomForestClassifier", small_forest)
    monkeypatch.setattr(clock, "LEAST", 1e-5)
    short = {"epochs": 1, "hidden": [8]}
    fields = {task: {**some, **short} for task, some in mlps._FIELDS.items()}
    monkeypatch.setattr(mlps, "_FIELDS", fields)


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


def test_declarations_are_whole():
    for name, experiment in EXPERIMENTS.items():
        module, function = experiment.code.split(".")
        assert callable(getattr(importlib.import_module(experiment.module), function)), name
        assert experiment.module == f"restudy.experiments.{module}"
        assert "seed" not in {*experiment.factors, *experiment.numbers}
        for levels in experiment.factors.values():
            assert len(set(levels)) == len(levels) > 1


def test_what_measures_seconds_says_so():
    for name, experiment in EXPERIMENTS.items():
        assert experiment.timed == any("seconds" in number for number in experiment.numbers), name


def table_of(**columns):
    rows = pd.MultiIndex.from_product(
        [["0.001", "0.01", "0.05", "0.5"], range(10)], names=["weight_scale", "seed"]
    ).to_frame(index=False)
    return rows.assign(**{"loss": 0.0, "above_log_classes": 0.0, **columns})


def test_a_table_that_is_not_as_declared():
    check("initial-loss", table_of())
    with pytest.raises(ValueError, match="columns"):
        check("initial-loss", table_of(more=1.0))
    with pytest.raises(ValueError, match="once"):
        check("initial-loss", table_of().iloc[1:])
    with pytest.raises(ValueError, match="once"):
        check("initial-loss", table_of(weight_scale="0.5"))
    with pytest.raises(ValueError, match=r"float64: \['loss'\]"):
        check("initial-loss", table_of(loss=1))


def test_the_registry_is_light():
    """It is read when Snakemake parses the Snakefile."""
    program = (
        "import sys, restudy.experiments.registry; "
        "print([m for m in ('numpy', 'pandas', 'torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
