"""The compiled engine: its products, its place in a stack, and where its code is kept."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.training.batches import Part, TensorData
from restudy.training.compiled.exponential import exponential, hyperbolic_tangent, sigmoid
from restudy.training.compiled.products import VECTOR_BYTES, multiply
from restudy.training.stack import Stack, choose_engine
from restudy.training.train_stacks import train_runs
from tests.recipes import images, recipe, run

ROWS, INPUTS, CLASSES = 103, 9, 10


@settings(max_examples=80, deadline=None)
@given(
    rows=st.integers(1, 40),
    vectors=st.sampled_from([1, 2]),
    inner=st.integers(0, 50),
    blocks=st.integers(1, 3),
    beta=st.sampled_from([0.0, 0.9, 1.0]),
    turned=st.booleans(),
    kind=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 1000),
)
def test_products_are_those_of_numpy(rows, vectors, inner, blocks, beta, turned, kind, seed):
    random = np.random.default_rng(seed)
    columns = vectors * VECTOR_BYTES // np.dtype(kind).itemsize
    a, b, c = (
        random.standard_normal(shape).astype(kind)
        for shape in ((rows, blocks * inner), (blocks * inner, columns), (rows, columns))
    )
    expected = beta * c.astype(np.float64) + a.astype(np.float64) @ b.astype(np.float64)
    found = np.full(rows * columns + 6, np.nan, kind)
    found[3:-3] = c.ravel()
    if not beta:
        found[3:-3] = np.nan
    parts = a.reshape(rows, blocks, inner).swapaxes(0, 1)
    flat = np.ascontiguousarray(parts.swapaxes(1, 2) if turned else parts).ravel()
    strides = (1, rows) if turned else (inner, 1)
    multiply(
        rows, vectors, found, 3, columns, flat, 0, *strides, rows * inner, b.ravel(), 0, columns,
        inner, blocks, kind(beta),
    )  # fmt: skip
    size = np.abs(a).astype(np.float64) @ np.abs(b) + np.abs(c)
    error = np.abs(found[3:-3].reshape(rows, columns) - expected)
    assert (error <= 60 * np.finfo(kind).eps * size).all()
    assert np.isnan(found[[0, 1, 2, -3, -2, -1]]).all()


@numba.njit
def of(function, values):
    return np.array([function(value, values) for value in values])


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(-700, 700), min_size=1, max_size=20),
    kind=st.sampled_from([np.float32, np.float64]),
)
def test_exponentials_are_those_of_numpy(values, kind):
    values = np.array(values, kind)
    if kind is np.float32:
        values = values / kind(8.2)
    exact = values.astype(np.longdouble)
    close = {"rtol": 3 * np.finfo(kind).eps, "atol": 0}
    np.testing.assert_allclose(of(exponential, values), np.exp(exact), **close)
    np.testing.assert_allclose(of(sigmoid, values), 1 / (1 + np.exp(-exact)), **close)
    np.testing.assert_allclose(of(hyperbolic_tangent, values), np.tanh(exact), **close)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_exponentials_stay_finite_or_not_a_number(kind):
    ends = np.array([-np.inf, np.inf, np.nan], kind)
    assert [sigmoid(end, ends) for end in ends[:2]] == [pytest.approx(0, abs=1e-37), 1]
    assert [hyperbolic_tangent(end, ends) for end in ends[:2]] == [-1, 1]
    for function in (exponential, sigmoid, hyperbolic_tangent):
        assert np.isnan(function(ends[2], ends))


def made_up(loss="cross_entropy"):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, INPUTS, generator=random)
    y = torch.randint(CLASSES, (ROWS,), generator=random)
    part = Part(x, y)
    return TensorData(part, part, part, 1.0)


def trained(recipes, engine):
    stack = Stack(recipes, made_up(), CLASSES, engine)
    losses = []
    for epoch in range(stack.epochs):
        stack.start_epoch(epoch)
        for block in stack.batches:
            stack.train(block)
        losses += stack.losses
    return stack, losses


def some(count=3, **fields):
    given = {"train_samples": ROWS, "batch_size": 16, "epochs": 3, "hidden": [20, 7], **fields}
    return [
        recipe(seed=seed, learning_rate=0.02 * (seed + 1), label_noise=0.1 * seed, **given)
        for seed in range(count)
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"norm": "batch", "dropout": 0.3},
        {"optimiser": "adam", "learning_rate_decay": 0.9, "norm": "layer"},
        {"hidden": [], "learning_rate_decay": 0.5, "diagnostics": ["smoothness"]},
        {"steps": 8, "epochs": None, "diagnostics": ["batch_loss"]},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_both_engines_train_the_same_networks(fields):
    recipes = some(**fields)
    (one, losses), (other, expected) = trained(recipes, "compiled"), trained(recipes, "torch")
    assert one.compiled
    assert one.steps_done == other.steps_done
    assert len(losses) == len(expected)
    for loss, reference in zip(losses, expected, strict=True):
        torch.testing.assert_close(loss, reference, rtol=1e-4, atol=1e-5)
    for state, reference in zip(one.network.run_states(), other.network.run_states(), strict=True):
        for name, value in state.items():
            torch.testing.assert_close(value, reference[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("fields", [{"norm": "batch"}, {"optimiser": "adam"}, {"dropout": 0.5}])
def test_a_run_does_not_depend_on_its_neighbours(fields):
    recipes = some(**fields)
    together, _ = trained(recipes, "compiled")
    for i, one in enumerate(recipes):
        alone, _ = trained([one], "compiled")
        for name, value in alone.network.run_state(0).items():
            assert torch.equal(value, together.network.run_state(i)[name]), name


def test_a_run_that_diverges_is_not_finite():
    recipes = some(1, hidden=[30], optimiser="sgd")
    wild = [recipes[0].model_copy(update={"learning_rate": 1e30})]
    stack, _ = trained(wild, "compiled")
    assert not stack.network.run_state(0)["linear.1.weight"].isfinite().all()


def test_what_the_compiled_engine_lacks_is_trained_by_the_other():
    whole = recipe(train_samples=50, batch_size="full", epochs=2)
    assert choose_engine("compiled", whole, torch.device("cpu")) == "torch"
    assert choose_engine("compiled", recipe(), torch.device("cuda")) == "torch"
    spec = run(train_samples=50, batch_size="full", epochs=2)
    found = train_runs([spec], images(), digests={spec.id: "d"}, engine="compiled")
    assert found.record["engine"] == "torch"


def test_auto_leaves_large_batches_to_the_other():
    cpu = torch.device("cpu")
    large = recipe(train_samples=5000, batch_size=2048)
    assert choose_engine("auto", large, cpu) == choose_engine("torch", recipe(), cpu) == "torch"
    assert choose_engine("auto", recipe(), cpu) == "compiled"
    assert choose_engine("compiled", large, cpu) == "compiled"


def test_the_record_names_the_engine():
    spec = run()
    for engine in ("torch", "compiled"):
        found = train_runs([spec], images(), digests={spec.id: "d"}, engine=engine)
        assert found.record["engine"] == engine


WHERE = "import restudy.training.compiled as c, numba; print(numba.config.CACHE_DIR)"


@pytest.mark.parametrize("writable", ["home", "environment", "neither"])
def test_code_is_kept_where_it_can_be_written(writable, tmp_path):
    """Compile a function in a process that can make folders in some places alone."""
    home, environment = tmp_path / "home", tmp_path / "environment"
    refused = [place for place in (home, environment) if place.name != writable]
    code = f"""
import pathlib, sys
sys.prefix = {str(environment)!r}
made = pathlib.Path.mkdir
def mkdir(path, *args, **kwargs):
    if any(str(path).startswith(place) for place in {[str(place) for place in refused]!r}):
        raise PermissionError(path)
    return made(path, *args, **kwargs)
pathlib.Path.mkdir = mkdir
{WHERE}
import os
assert os.access(numba.config.CACHE_DIR, os.W_OK)
"""
    surroundings = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": ""}
    surroundings.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True
    )
    folder = done.stdout.strip()
    if writable == "neither":
        assert not os.path.exists(folder)
    else:
        assert folder.startswith(str(tmp_path / writable))
