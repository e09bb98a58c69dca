"""``TRAINING_VERSION`` stands for recorded numbers: a change of what is computed shows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest

from restudy.config.diagnostics import PROBES
from restudy.config.recipe import Recipe
from restudy.provenance.training_version import TRAINING_VERSION
from tests.training.record_version import RECIPES, differences, read, train

ROOT = Path(__file__).parents[2]
COMMAND = "python -m tests.training.record_version"
REMEDY = (
    "what training computes has changed. If that is meant, raise TRAINING_VERSION in "
    f"restudy/provenance/training_version.py and record the numbers anew: {COMMAND}"
)


@pytest.fixture(scope="module")
def recorded():
    return read()


def test_the_numbers_are_of_this_version(recorded):
    assert recorded["training_version"] == TRAINING_VERSION, f"record the numbers anew: {COMMAND}"
    assert recorded["numbers"].keys() == RECIPES.keys(), f"record the numbers anew: {COMMAND}"


@pytest.mark.parametrize("engine", ["torch", "compiled"])
@pytest.mark.parametrize("name", RECIPES)
def test_training_computes_what_is_recorded(name, engine, recorded):
    found = differences(recorded["numbers"][name], train(RECIPES[name], engine))
    assert not found, "\n".join([REMEDY, *found])


def options(annotation):
    """Return the values that an annotation names, None among them."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    if get_origin(annotation) in (Union, UnionType, Annotated, list):
        return set().union(*map(options, get_args(annotation)))
    return {None} if annotation is NoneType else {False, True} if annotation is bool else set()


@pytest.mark.parametrize("name", Recipe.model_fields)
def test_each_option_of_a_recipe_is_trained(name):
    field = Recipe.model_fields[name]
    values = [getattr(Recipe(**fields), name) for fields in RECIPES.values()]
    used = {one for value in values for one in (value if isinstance(value, list) else [value])}
    # Of a data set training depends on shapes and task alone.
    missing = set() if name == "dataset" else options(field.annotation) - used
    assert not missing, f"{name}: no recipe of tests/training/record_version.py has {missing}"
    assert any(value != field.default for value in values), f"{name}: only ever the default"


def test_each_metric_of_the_diagnostics_is_a_number_somewhere(recorded):
    found = {
        name.removeprefix("train ")
        for numbers in recorded["numbers"].values()
        for name, values in numbers.items()
        if values[-1] == values[-1]
    }
    assert {metric for diagnostic in PROBES.values() for metric in diagnostic.metrics} <= found


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("optimisers.py", "vector.sub_(gradient).sub_(u * m)", "vector.sub_(gradient).sub_(u)"),
        ("compiled/steps.py", "w[q] -= g[q] + momentum * u", "w[q] -= g[q] + u"),
    ],
)
def test_other_arithmetic_is_found(tmp_path, file, old, new):
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored)
    path = tmp_path / "src/restudy/training" / file
    content = path.read_text()
    assert content.count(old) == 1
    path.write_text(content.replace(old, new))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__),
            *("-k", "computes_what_is_recorded"),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout
    assert "raise TRAINING_VERSION" in done.stdout
