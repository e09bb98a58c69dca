"""Streams, initial weights, dropout, batches, label noise and metrics, each by itself."""

import math

import numpy as np
import pytest
import torch

from restudy.training.batches import EpochBatches, Part, run_targets
from restudy.training.dropout import StackDropout
from restudy.training.evaluation import evaluate
from restudy.training.init import initial_layers
from restudy.training.network import StackedNetwork
from restudy.training.rng import generator
from restudy.training.run_length import equal_stretches
from restudy.training.train_stacks import stacks
from tests.recipes import HOUSES, recipe, run

CPU = torch.device("cpu")


def test_streams_differ_by_name_seed_and_part_and_repeat():
    draws = {
        (seed, name, part): generator(seed, name, part).integers(2**62)
        for seed in (0, 1)
        for name in ("weights", "batches")
        for part in (0, 1)
    }
    assert len(set(draws.values())) == len(draws)
    assert generator(0, "weights", 1).integers(2**62) == draws[0, "weights", 1]


@pytest.mark.parametrize(
    ("scheme", "deviation"),
    [
        ("torch", 1 / math.sqrt(3 * 400)),
        ("normal", 1.0),
        ("he", math.sqrt(2 / 400)),
        ("glorot", math.sqrt(2 / (400 + 300))),
    ],
)
def test_initial_weights_have_the_scheme_s_spread(scheme, deviation):
    made = recipe(hidden=[300], weight_init=scheme, init_scale=0.5)
    weights, biases = initial_layers(made, 400, 10)[0]
    assert weights.shape == (300, 400)
    # 120,000 draws: the standard deviation is known to about 0.2%.
    assert weights.std() == pytest.approx(0.5 * deviation, rel=0.01)
    assert weights.mean() == pytest.approx(0, abs=0.02 * deviation)
    bound = 1 / math.sqrt(400) if scheme == "torch" else 0
    assert np.abs(biases).max() <= bound


def test_initial_weights_depend_on_seed_and_shape_alone():
    one = initial_layers(recipe(norm="none", batch_size=8, lambda2=0.1), 784, 10)
    other = initial_layers(recipe(norm="batch", batch_size=16, dropout=0.5), 784, 10)
    for (w, b), (v, c) in zip(one, other, strict=True):
        assert np.array_equal(w, v)
        assert np.array_equal(b, c)
    assert not np.array_equal(one[0][0], initial_layers(recipe(seed=1), 784, 10)[0][0])


def test_every_sample_is_visited_once_an_epoch_and_runs_of_one_seed_agree():
    recipes = [recipe(seed=4), recipe(seed=5), recipe(seed=4, learning_rate=0.2)]
    batches = EpochBatches(recipes)
    blocks = list(batches)
    assert [tuple(block.shape) for block in blocks] == [(3, 3, 16), (1, 3, 2)]
    order = torch.cat([block.transpose(0, 1).reshape(3, -1) for block in blocks], 1)
    assert torch.equal(order.sort(1).values, torch.arange(50).expand(3, -1))
    assert torch.equal(order[0], order[2])
    assert not torch.equal(order[0], order[1])
    batches.epoch = 1
    assert not torch.equal(next(iter(batches))[:, 0], blocks[0][:, 0])


def test_steps_may_end_within_an_epoch():
    made = recipe(epochs=None, steps=6)  # 4 steps an epoch
    assert made.total_epochs == 2
    batches = EpochBatches([made])
    assert sum(len(block) for block in batches) == 4
    batches.epoch = 1
    assert sum(len(block) for block in batches) == 2


def test_dropout_keeps_the_mean_and_repeats_by_seed_and_epoch():
    recipes = [recipe(dropout=p, seed=1) for p in (0.3, 0.0, 0.3)]
    drop = StackDropout(recipes, CPU)
    h = torch.ones(3, 200, 300)
    drop.start_epoch(0)
    first = drop(h, 0)
    assert torch.equal(first[1], h[1])  # nothing is dropped without dropout
    assert torch.equal(first[0], first[2])
    share = (first[0] == 0).double().mean().item()
    assert share == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 60_000))
    assert first[0].max().item() == pytest.approx(1 / 0.7)
    drop.start_epoch(0)
    assert torch.equal(drop(h, 0), first)
    drop.start_epoch(1)
    assert not torch.equal(drop(h, 0), first)


def test_label_noise_hits_its_share_with_other_classes_and_more_adds_to_less():
    y = torch.arange(10).repeat(2000)
    recipes = [recipe(label_noise=p, seed=3) for p in (0.0, 0.1, 0.4)]
    targets = run_targets(y, recipes, 10)
    assert torch.equal(targets[0], y)
    little, much = targets[1] != y, targets[2] != y
    assert little.double().mean().item() == pytest.approx(0.1, abs=0.01)
    assert much.double().mean().item() == pytest.approx(0.4, abs=0.015)
    assert (much | ~little).all()
    counts = torch.bincount(targets[2][much & (y == 0)], minlength=10)
    assert counts[0] == 0
    assert (counts[1:] > 0).all()


def test_classification_metrics_by_hand():
    recipes = [recipe(hidden=[], seed=s) for s in range(2)]
    network = StackedNetwork(recipes, 3, 4)
    x, y = torch.randn(2500, 3), torch.randint(0, 4, (2500,))
    found = evaluate(network, Part(x, y), "cross_entropy")
    for run_ in range(2):
        w = network.weights[0][run_].detach().double().numpy()
        b = network.small.biases[0][run_].detach().double().numpy()
        z = x.double().numpy() @ w.T + b.T
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(p[np.arange(2500), y]).mean()
        assert found["data_loss"][run_].item() == pytest.approx(loss, rel=1e-5)
        assert found["accuracy"][run_].item() == (z.argmax(1) == y.numpy()).mean()


def test_regression_metrics_by_hand_in_original_units():
    network = StackedNetwork([recipe(**HOUSES, hidden=[])], 3, 1)
    x, y = torch.randn(1500, 3), torch.randn(1500) * 2 + 1
    found = evaluate(network, Part(x, y), "mse", target_sd=3.0)
    w = network.weights[0][0, 0].detach().double().numpy()
    b = network.small.biases[0][0, 0, 0].item()
    error = x.double().numpy() @ w + b - y.double().numpy()
    assert found["data_loss"].item() == pytest.approx((error**2).mean(), rel=1e-5)
    assert found["rmse"].item() == pytest.approx(3 * math.sqrt((error**2).mean()), rel=1e-5)
    explained = 1 - (error**2).sum() / ((y.double() - y.double().mean()) ** 2).sum().item()
    assert found["r2"].item() == pytest.approx(explained, rel=1e-5)


def test_the_metrics_of_a_run_that_is_no_number_are_none():
    network = StackedNetwork([recipe(hidden=[], seed=s) for s in range(2)], 3, 4)
    with torch.no_grad():
        network.weights[0][0] = torch.nan
    found = evaluate(
        network, Part(torch.randn(50, 3), torch.zeros(50, dtype=torch.long)), "cross_entropy"
    )
    assert found["accuracy"][0].isnan()
    assert found["accuracy"][1].isfinite()


def test_neighbours_with_equal_numbers_are_one_run():
    assert equal_stretches([0.1, 0.1, 0.2, 0.1]) == [
        (slice(0, 2), 0.1),
        (slice(2, 3), 0.2),
        (slice(3, 4), 0.1),
    ]
    assert equal_stretches([(1, 2)] * 3) == [(slice(0, 3), (1, 2))]


def test_stacks_hold_every_run_once_and_keep_dropout_apart():
    runs = [run(seed=s, dropout=p) for s in range(7) for p in (0.0, 0.5)]
    made = stacks(runs, 3)
    assert sorted(x.id for stack in made for x in stack) == sorted(x.id for x in runs)
    assert all(len(stack) <= 3 for stack in made)
    assert all(len({bool(x.recipe.dropout) for x in stack}) == 1 for stack in made)
