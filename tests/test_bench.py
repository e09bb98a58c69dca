"""The bench: do all ways train the same thing, is the work counted right, are the files there?"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from bench import diagnostics, engine, functional, peers, training
from bench.cases import (
    BATCHES,
    EPOCH,
    NETWORKS,
    Case,
    Product,
    cases,
    made_up,
    products,
    useful_flops,
)
from bench.engine import LIGHTNING, NOTEBOOK, PLAIN
from bench.harness import measure_in_turn
from bench.study import tabulate as tabulate_study
from bench.training import Measured, tabulate
from bench.workspace import part_of_grid
from restudy.config.diagnostics import PROBES
from restudy.config.run_ids import run_id
from restudy.training.init import initial_layers
from restudy.training.rng import generator

ROOT = Path(__file__).parents[1]
STEPS = 12


@pytest.fixture(params=NETWORKS)
def case(request):
    """A case of each network, its hidden layers cut to a few units."""
    made = Case(request.param, 16, STEPS)
    shape = {2: "784-6-10", 3: "784-7-5-10", 11: "784-4-4-4-10"}[len(made.widths) - 1]
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


def stacked(recipe, seeds):
    """Return networks for seeds, and their parameters by number of the layer and kind."""
    models = [start(recipe.model_copy(update={"seed": seed})) for seed in seeds]
    layers = [[layer for layer in model if isinstance(layer, torch.nn.Linear)] for model in models]
    weights = {
        f"{kind} {number}": np.stack(
            [getattr(own[number], kind).detach().numpy().T for own in layers]
        )
        for number in range(len(layers[0]))
        for kind in ("weight", "bias")
    }
    return models, weights


def test_peers_that_train_several_runs_train_what_a_plain_loop_does(case, tmp_path):
    recipe, samples, seeds = case.recipe, made_up(case.samples), (0, 1, 2)
    order = functional.orders(recipe, len(seeds))
    models, before = stacked(recipe, seeds)
    expected = [
        [
            one
            for one in trained_plain(own, samples, torch.from_numpy(order[run].ravel()))
            if one.ndim == 2
        ]
        for run, seed in enumerate(seeds)
        for own in [recipe.model_copy(update={"seed": seed})]
    ]
    _, found = functional.train_functions(models, recipe, samples, torch.from_numpy(order))
    weights = [value for value in found.values() if value.ndim == 3]
    for layer, values in enumerate(weights):
        for run, value in enumerate(values):
            torch.testing.assert_close(value, expected[run][layer].detach(), rtol=1e-3, atol=1e-5)
    if not functional.JAX_PYTHON.exists():
        pytest.skip("JAX is not there: make .venv-bench/.ready")
    result = tmp_path / "trained.npz"
    functional.ask_jax(recipe, samples, order, before, result)
    trained = np.load(result)
    for layer in range(len(expected[0])):
        for run, value in enumerate(trained[f"weight {layer}"]):
            wanted = expected[run][layer].detach().numpy().T
            np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-5)


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


def test_table_of_training():
    jax = {"JAX, 1 run": 3.0, "JAX, 5 runs": 1.5}
    seconds = {NOTEBOOK: 8.0, LIGHTNING: 4.0, PLAIN: 2.0, **jax, "compiled, 5 runs": 1.0}
    memory = dict.fromkeys(seconds, 100.0)
    rate = useful_flops([784, 128, 10], EPOCH) / 0.25
    one = Measured(Case("784-128-10", 64, 10), seconds, 0.5, rate, memory, {"JAX, 1 run": 7.0})
    other = replace(one, case=Case("784-128-10", 16, 10), peak=rate / 2)
    row = tabulate([one, other]).set_index(["batch_size", "way"]).loc[(64, "compiled, 5 runs")]
    assert row["times_as_fast_as_jax"] == row["times_as_fast_as_peers"] == 1.5
    assert row["compile_seconds"] == 0
    assert row["times_as_fast_as_lightning"] == 4
    assert row["times_as_fast_as_plain_loop"] == 2
    assert row["share_of_peak"] == pytest.approx(0.25)
    assert row["share_of_products"] == 0.5
    assert row["measured_samples"] == 640


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
        (["--networks", "784-10"], "invalid choice: '784-10' (choose from '784-128-10'"),
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
    assert table["way"].nunique() == len(table) >= 7
    compilation = table.set_index("way")["compile_seconds"]
    assert (compilation[compilation.index.str.startswith("compiled")] > 0).all()
    numbers = table.drop(columns=["compile_seconds", "times_as_fast_as_jax"])
    assert (numbers.select_dtypes("number") > 0).all().all()
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
