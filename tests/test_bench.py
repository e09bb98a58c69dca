"""The bench: do all ways train the same thing, is the work counted right, are the files there?"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from bench import diagnostics, engine, peers, stacked_peers, training
from bench.cases import (
    BATCHES,
    CLASSES,
    EPOCH,
    NETWORKS,
    Case,
    Product,
    cases,
    made_up,
    products,
    useful_flops,
)
from bench.engine import LIGHTNING, NOTEBOOK, PLAIN, WAYS
from bench.harness import measure_in_turn
from bench.study import tabulate as tabulate_study
from bench.training import Measured, summarise, tabulate
from bench.workspace import part_of_grid
from restudy.config.diagnostics import PROBES
from restudy.config.run_ids import run_id
from restudy.data.load import scale, split
from restudy.training.batches import TensorData
from restudy.training.init import initial_layers
from restudy.training.rng import generator
from restudy.training.stack import Stack

ROOT = Path(__file__).parents[1]
STEPS = 12


@pytest.fixture(params=NETWORKS)
def case(request):
    """A case of each network, its hidden layers cut to a few units."""
    made = Case(request.param, 16, STEPS)
    shape = {2: "784-6-10", 3: "784-7-5-10", 11: "784-6x10-10"}[len(made.widths) - 1]
    return replace(made, network=shape + "-bn" * made.network.endswith("-bn"))


def start(recipe):
    """Return the network of a peer with the weights that our run of this recipe starts from."""
    model = peers.network(recipe)
    linears = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
    for linear, (weights, biases) in zip(linears, initial_layers(recipe, 784, 10), strict=True):
        linear.weight.data.copy_(torch.from_numpy(weights))
        linear.bias.data.copy_(torch.from_numpy(biases[:, 0]))
    return model


def trained_plain(recipe, samples, order):
    model = start(recipe)
    peers.train_plain(model, recipe, samples, order)
    return list(model.parameters())


def test_peers_train_the_same(case):
    recipe, samples = case.recipe, made_up(case.samples)
    expected = trained_plain(recipe, samples, torch.arange(case.samples))

    model = start(recipe)
    peers.train_as_notebook(model, DataLoader(peers.Images(samples), batch_size=16), recipe)
    module = peers.Classifier(recipe)
    module.model = start(recipe)
    peers.train_in_lightning(module, samples, shuffle=False)

    for found in (model, module.model):
        assert not torch.equal(next(found.parameters()), next(start(recipe).parameters()))
        for one, other in zip(found.parameters(), expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_ours_trains_what_the_peers_do(case):
    recipe, samples = case.recipe.model_copy(update={"seed": 3}), made_up(case.samples)
    order = torch.from_numpy(generator(3, "batches", 0).permutation(case.samples))
    expected = trained_plain(recipe, samples, order)
    results = engine.train([*engine.seeds(recipe, 2), recipe], samples)
    found = results.weights[run_id(recipe)]
    for layer, one in enumerate(parameter for parameter in expected if parameter.ndim == 2):
        weights = found[f"linear.{layer}.weight"]
        np.testing.assert_allclose(weights, one.detach().numpy(), rtol=1e-3, atol=1e-5)


def our_losses(recipes, samples, kind):
    """Return each run's loss on each batch of the first epoch, (L, steps)."""
    watched = [one.model_copy(update={"diagnostics": ("smoothness",)}) for one in recipes]
    one = watched[0]
    parts = split(samples.prepared, one.n_train, one.n_validation)
    scaled = scale(parts, one.scaling, one.target_scaling)
    stack = Stack(watched, TensorData.from_split(scaled, torch.device("cpu")), CLASSES, kind)
    stack.start_epoch(0)
    for block in stack.batches:
        stack.train(block)
    return torch.stack(stack.losses, 1)


@pytest.mark.parametrize("kind", ["torch", "compiled"])
def test_torch_func_has_the_losses_of_our_runs(case, kind):
    recipes, samples = engine.seeds(case.recipe, 3), made_up(case.samples)
    _, losses = stacked_peers.train_by_torch_func(recipes, samples)
    expected = our_losses(recipes, samples, kind)
    assert losses.shape == (3, STEPS)
    assert len(set(losses.flatten().tolist())) == losses.numel()
    torch.testing.assert_close(losses, expected, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def jax_process():
    if not stacked_peers.has_jax():
        pytest.skip("JAX is not there: 'make .venv-bench/.ready' makes its environment")
    return stacked_peers.JaxProcess()


@pytest.mark.parametrize("runs", [1, 3])
def test_jax_has_the_losses_of_our_runs(case, runs, jax_process):
    recipes, samples = engine.seeds(case.recipe, runs), made_up(case.samples)
    answer = jax_process.train(recipes, samples)
    losses, expected = torch.tensor(answer["losses"]), our_losses(recipes, samples, "torch")
    torch.testing.assert_close(losses, expected, rtol=1e-4, atol=1e-5)
    assert answer["seconds"] > 0
    # Compiled once: a second epoch of the same shape, from the same weights, only runs.
    assert jax_process.train(recipes, samples) == answer | {"seconds": ANY}


def test_without_jax_the_others_are_measured():
    """The environment is looked for where the bench lies: here in a copy that has none."""
    code = "from bench import engine; print(*engine.WAYS, sep='\\n')"
    hide = "from bench import stacked_peers; stacked_peers.has_jax = lambda: False; "
    command = [sys.executable, "-c", hide + code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()
    assert found == [name for name, way in WAYS.items() if way.tool != engine.JAX]
    assert {"torch.func, 5 runs", "compiled, 10 runs"} <= set(found)


@pytest.mark.parametrize("way", engine.WAYS)
def test_every_way_measures_seconds(way):
    case = Case("784-128-10", 16, 3)
    assert engine.measure(way, case.recipe, made_up(case.samples)) > 0


def test_ways_take_turns_and_another_begins_each_round():
    calls = []
    work = {name: lambda name=name: calls.append(name) or float(len(calls)) for name in "abc"}
    found = measure_in_turn(work, 2)
    assert calls == [*"abc", *"bca"]
    assert found.to_dict("list") == {"a": [1, 6], "b": [2, 4], "c": [3, 5]}


def test_notebook_transforms_images_as_the_others_have_them():
    samples = made_up(5)
    for number, (image, label) in enumerate(peers.Images(samples)):
        assert image.shape == (1, 28, 28)
        torch.testing.assert_close(image.flatten(), samples.x[number], rtol=0, atol=1e-7)
        assert label == samples.y[number]
        if number == len(samples.y) - 1:
            break


def test_products_of_a_step():
    assert products([4, 3, 2], batch=5) == [
        Product(3, 4, 5),  # outputs of the first layer
        Product(3, 5, 4),  # gradient of its weights
        Product(2, 3, 5),
        Product(2, 5, 3),
        Product(3, 2, 5),  # gradient of the second layer's inputs
    ]


def test_useful_flops_by_hand():
    # 784 x 128 + 128 x 10 = 101,632 weights; 2 x (3 x 101,632 - 100,352) = 409,088.
    assert useful_flops([784, 128, 10], 1) == 409_088
    # 784 x 512 + 512 x 256 + 256 x 10 = 535,040; 2 x (3 x 535,040 - 401,408) x 54,000.
    assert useful_flops([784, 512, 256, 10], 54_000) == 2_407_424 * 54_000
    assert sum(product.flops for product in products([784, 128, 10], 16)) == 16 * 409_088


def test_cases_are_whole_batches_in_order():
    chosen = cases(NETWORKS, BATCHES)
    assert [(one.network, one.batch) for one in chosen] == [
        (n, b) for n in NETWORKS for b in BATCHES
    ]
    assert all(one.recipe.steps_per_epoch == one.steps for one in chosen)
    assert cases(["784-128-10"], [64])[0].recipe.hidden == [128]
    assert Case("784-512-256-10-bn", 8, 1).recipe.norm == "batch"
    assert Case("784-64x3-10", 8, 1).widths == [784, 64, 64, 64, 10]


def test_table_of_training():
    seconds = {NOTEBOOK: 8.0, LIGHTNING: 4.0, PLAIN: 2.0, "torch.func, 5 runs": 1.5}
    seconds |= {"ours, 1 run": 1.25, "ours, 5 runs": 1.0, "compiled, 5 runs": 0.75}
    memory = dict.fromkeys(seconds, 100.0)
    compile_seconds = dict.fromkeys(seconds, 0.0) | {"compiled, 5 runs": 12.0}
    rate = useful_flops([784, 128, 10], EPOCH) / 0.25
    one = Measured(Case("784-128-10", 64, 10), seconds, compile_seconds, 0.5, rate, memory)
    other = replace(one, case=Case("784-128-10", 16, 10), peak=rate / 2)
    table = tabulate([one, other])
    row = table.set_index(["batch_size", "way"]).loc[(64, "ours, 5 runs")]
    assert row["times_as_fast_as_fastest_peer"] == 1.5
    assert row["times_as_fast_as_notebook"] == 8
    assert row["times_as_fast_as_lightning"] == 4
    assert row["times_as_fast_as_plain_loop"] == 2
    assert row["share_of_peak"] == pytest.approx(0.25)
    assert row["share_of_products"] == 0.5
    assert row["measured_samples"] == 640
    assert row["product_seconds"] == 0.5
    assert set(table["compile_seconds"]) == {0, 12}

    summary = summarise(table).set_index("batch").loc["64"]
    assert summary["ours, 1 / 5 runs"] == "1.25 / 1.00"
    assert summary["compiled: to compile"] == "12.0"
    assert summary["products alone"] == "0.50"
    assert summary["fastest peer"] == "torch.func, 5 runs"
    assert summary["ours beside it"] == "1.50x"
    assert summary["compiled beside it"] == "2.00x"


def test_table_of_a_study():
    table = tabulate_study(runs=60, pipeline=30.0, measured=10, processes=40.0)
    assert list(table["seconds"]) == [30, 240]
    assert list(table["times_as_fast"]) == [8, 1]


def test_table_of_diagnostics():
    rounds = [
        {diagnostics.NONE: 10.0, "weights": 11.0},
        {diagnostics.NONE: 20.0, "weights": 21.0},
        {diagnostics.NONE: 10.0, "weights": 12.0},
    ]
    row = diagnostics.tabulate(pd.DataFrame(rounds)).set_index("diagnostics").loc["weights"]
    assert row["seconds"] == pytest.approx(12 / diagnostics.RUNS)
    assert row["cost"] == pytest.approx(0.1)
    assert row["cost_low"] == pytest.approx(0.05)
    assert row["cost_high"] == pytest.approx(0.2)


def test_quick_bench_of_diagnostics_writes_its_files(tmp_path):
    diagnostics.main(["--quick", "--results", str(tmp_path)])
    table = pd.read_csv(tmp_path / "diagnostics.csv")
    measured = list(table["diagnostics"])
    assert (measured[0], measured[-1]) == (diagnostics.NONE, diagnostics.ALL)
    assert set(PROBES) <= set(measured)
    assert (table["seconds"] > 0).all()
    assert (tmp_path / "diagnostics.md").read_text().startswith("# What diagnostics cost")


def test_part_of_the_grid_has_60_runs():
    part = part_of_grid(quick=False)
    runs = part["seeds"]
    for levels in part["factors"].values():
        runs *= len(levels)
    assert runs == 60


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--networks", "784-10"], f"invalid choice: '784-10' (choose from '{NETWORKS[0]}'"),
        (["--batches", "7"], "invalid choice: 7 (choose from 8"),
        (["--batches", "many"], "invalid int value: 'many'"),
    ],
)
def test_wrong_options(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as end:
        training.parse(arguments)
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err


def test_quick_bench_writes_its_files(tmp_path):
    command = [sys.executable, "-m", "bench.training", "--quick", "--results", str(tmp_path)]
    output = subprocess.run(
        [*command, "--networks", "784-128-10", "--batches", "64"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "784-128-10, batch 64" in output
    table = pd.read_csv(tmp_path / "training.csv")
    assert list(table["way"]) == list(WAYS)
    numbers = table.select_dtypes("number").drop(columns=["compile_seconds", "peak_memory_mb"])
    assert (numbers > 0).all().all()
    compiling = table["way"].str.contains("JAX|compiled")
    assert ((table["compile_seconds"] > 0) == compiling).all()
    assert (table["peak_memory_mb"].isna() == table["way"].str.contains("JAX")).all()
    assert "| products alone " in (tmp_path / "training_summary.md").read_text()
    assert (tmp_path / "training.md").read_text().startswith("# Seconds per run and epoch")
    assert (tmp_path / "training.svg").read_text().startswith("<?xml")
    assert (tmp_path / "training.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.pipeline
def test_quick_study_bench_writes_its_files(tmp_path):
    command = [sys.executable, "-m", "bench.study", "--quick", "--results", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    table = pd.read_csv(tmp_path / "study.csv")
    assert list(table["runs"]) == [4, 4]
    assert (table["seconds"] > 0).all()
    assert "Extrapolated: 2 runs" in (tmp_path / "study.md").read_text()
