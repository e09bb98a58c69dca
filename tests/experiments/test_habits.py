"""Bad habits with data and seeds: what is held out, chosen, paired, divided and made up."""

import numpy as np
import pytest
import torch

from experiments import (
    batch_sizes,
    gradients,
    init_scale,
    input_errors,
    l2_conventions,
    paired_seeds,
    selection_bias,
    validation_split,
)
from restudy.data.load import split
from restudy.experiments import training
from restudy.results.predictions import predict
from tests.experiments.tables import tabulate

from ..recipes import images


@pytest.fixture(scope="module")
def data():
    return images(rows=200)


FIELDS = {"hidden": [5], "learning_rate": 0.1, "batch_size": 50, "epochs": 2}


# Runs


def test_runs_are_what_their_weights_say(data):
    found = training.train_all({norm: {**FIELDS, "norm": norm} for norm in ("none", "batch")}, data)
    assert list(found) == ["none", "batch"]
    for norm, run in found.items():
        assert run.recipe.norm == norm
        scores = predict(run.weights, run.recipe.model_dump(), data.x_test / 255)
        right = np.mean(scores.argmax(axis=1) == data.y_test)
        assert run.last("test", "accuracy") == pytest.approx(right)
        assert len(run.curve("train", "data_loss")) == 2


def test_a_batch_is_no_larger_than_what_is_trained_on(data):
    run = training.train_one({**FIELDS, "batch_size": 500, "validation_samples": 60}, data)
    assert (run.recipe.batch_size, run.recipe.train_samples) == (140, 140)


# Gradients and strengths


def test_the_summed_gradient_of_mse_is_wrong_by_what_torch_says():
    table = tabulate(gradients.mse_gradients, {}).set_index(["gradient", "seed"])
    table = table["norm_relative_error"]
    random = gradients.generator(0, "gradients of mse")
    shape = random.integers(2, 10, 2)
    x, targets = (torch.tensor(a) for a in random.standard_normal((2, *shape)))
    x.requires_grad_()
    torch.autograd.backward(torch.nn.functional.mse_loss(x, targets))
    expected = (x.grad.sum() - x.grad).norm() / x.grad.norm()
    assert table["summed", 0] == pytest.approx(float(expected), rel=1e-6)
    assert table["own"].max() < 1e-7


@pytest.mark.parametrize(("convention", "factor"), [("lambda_over_2", 1.0), ("lambda", 2.0)])
def test_a_formula_s_pull_is_its_derivative(convention, factor):
    assert l2_conventions.pull(convention, 0.3, 0) == pytest.approx(factor * 0.3)


def test_converted_strengths_train_the_same_network(data, monkeypatch):
    monkeypatch.setattr(l2_conventions, "SEEDS", 2)
    table = tabulate(l2_conventions.l2_strengths, {"mnist": data})
    found = table.groupby(["formula", "strength"])["squared_weights"].mean()
    half, whole = (found[formula] for formula in l2_conventions.FORMULAS.values())
    assert whole["converted"] == pytest.approx(half["as printed"], rel=1e-5)
    assert whole["as printed"] < half["as printed"]


# What is held out


def test_accuracies_of_more_images_scatter_by_the_root(data, monkeypatch):
    """Binomial: sd = sqrt(p (1 - p) / n)."""
    monkeypatch.setattr(validation_split, "SEEDS", 1)
    monkeypatch.setattr(validation_split, "SIZES", ("20", "80"))
    many = images(rows=4000)
    random = np.random.default_rng(0)
    confused = random.random(4000) < 0.5  # half of the labels say nothing
    many.y_train[confused] = random.integers(0, 10, confused.sum())
    found = tabulate(validation_split.validation_sizes, {"mnist": many}).set_index("images")["sd"]
    assert found["20"] == pytest.approx((0.55 * 0.45 / 20) ** 0.5, rel=0.25)
    assert found["20"] / found["80"] == pytest.approx(2, rel=0.35)


def test_the_last_fifth_of_sorted_rows_has_the_last_classes(data, monkeypatch):
    seen = {}

    def look(fields, drawn):
        held = split(drawn, None, fields["validation_samples"]).validation.y
        seen[len(seen)] = np.unique(held)
        return real(fields, drawn)

    real = validation_split.train_one
    monkeypatch.setattr(validation_split, "train_one", look)
    monkeypatch.setattr(validation_split, "SEEDS", 1)
    table = tabulate(validation_split.last_rows, {"mnist": data})
    places = list(zip(table["rows"], table["split"], strict=True))
    classes = {place: set(seen[i].tolist()) for i, place in enumerate(places)}
    assert classes["sorted by class", "last fifth"] <= {7, 8, 9}
    assert len(classes["sorted by class", "drawn"]) == 10
    assert len(classes["in random order", "last fifth"]) == 10


def test_the_epoch_is_chosen_on_what_is_held_out(data, monkeypatch):
    monkeypatch.setattr(validation_split, "SEEDS", 1)
    seen = []
    real = validation_split.train_one
    monkeypatch.setattr(
        validation_split, "train_one", lambda *given: seen.append(real(*given)) or seen[-1]
    )
    table = tabulate(validation_split.unused_split, {"mnist": data}).set_index("held_out")[
        "test_accuracy"
    ]
    everything, tenth = seen
    assert (everything.recipe.train_samples, tenth.recipe.train_samples) == (200, 180)
    assert table["nothing"] == everything.last("test", "accuracy")
    scores = tenth.curve("validation", "accuracy")
    best = next(i for i, score in enumerate(scores) if score == max(scores))
    assert table["a tenth"] == tenth.curve("test", "accuracy")[best]


# What is chosen


def test_the_best_of_the_test_set_is_too_good_there():
    test = np.array([0.7, 0.9, 0.8])
    validation = np.array([0.6, 0.5, 0.9])
    fresh = np.array([0.75, 0.8, 0.85])
    found = selection_bias.chosen(test, validation, fresh)
    assert found["test"] == pytest.approx((0.9, 0.8, 0.1))
    assert found["validation"] == pytest.approx((0.8, 0.85, -0.05))


def test_networks_that_are_alike_are_chosen_with_optimism(monkeypatch):
    """Ten coins, 0.5 each: the best of ten means of n is 1.54 sd too good (David 1970), and the
    one that the validation set chooses is not."""
    coins = np.random.default_rng(0).random((10, 4000)) < 0.5
    monkeypatch.setattr(selection_bias, "_right_answers", lambda *_: coins)
    table = tabulate(selection_bias.choosing, {"fashion_mnist": None})
    table = table.groupby("chosen_on")["optimism"].mean()
    # Splits of one pool: test and fresh images together are as they are.
    sd = (0.25 * (1 / 2000 + 1 / 1000)) ** 0.5
    assert 0.3 * sd < table["test"] < 1.6 * sd
    assert abs(table["validation"]) < 0.6 * sd
    assert table["test"] > table["validation"]


# Seeds


def test_pairs_are_on_one_seed_or_on_neighbours():
    random = np.random.default_rng(3)
    seed_effect, (a, b) = random.normal(0, 1, 500), random.normal(0, 0.1, (2, 500))
    found = paired_seeds.differences(seed_effect + a, seed_effect + b)
    # Var(x - y) = Var x + Var y - 2 Cov: 0.02 on the same seed, 2.02 on another.
    assert np.var(found["the same"]) == pytest.approx(0.02, rel=0.2)
    assert np.var(found["different"]) == pytest.approx(2.02, rel=0.2)
    assert found["different"].sum() == pytest.approx(found["the same"].sum())


# Inputs and first weights


def test_noise_is_s3_s(data):
    noise = input_errors._noise(data, np.random.default_rng(4))
    assert noise.x_train.shape == data.x_train.shape
    assert (noise.x_train.min() >= 0, noise.x_train.max() < 1) == (True, True)
    assert noise.x_train.mean() == pytest.approx(0.5, abs=0.01)
    assert np.unique(noise.y_train).tolist() == list(range(10))


def test_twice_divided_pixels_are_below_four_thousandths(data):
    once, twice = (
        input_errors._divided(data, divisor).x_train for divisor in input_errors.DIVIDED.values()
    )
    assert once == pytest.approx(data.x_train / 255, abs=1e-7)
    assert twice.max() <= 1 / 255
    assert twice * 255 == pytest.approx(once, rel=1e-5)


def test_a_target_that_is_not_reached_counts_one_epoch_more(data, monkeypatch):
    monkeypatch.setattr(input_errors, "SEEDS", 1)
    monkeypatch.setattr(input_errors, "TARGET", 1.1)
    assert (
        tabulate(input_errors.divided_twice, {"mnist": data})["epochs"] == input_errors.EPOCHS + 1
    ).all()
    monkeypatch.setattr(input_errors, "TARGET", 0.0)
    assert (tabulate(input_errors.divided_twice, {"mnist": data})["epochs"] == 1).all()


def test_fan_in_scales_the_layers_of_a_hundred_up(data):
    found = training.train_all(
        {
            name: {**FIELDS, **weights, "hidden": [100, 100], "learning_rate": 1e-9}
            for name, weights in init_scale.WEIGHTS.items()
        },
        data,
    )
    for name, expected in (("0.05", 0.05), ("by fan-in", 0.02**0.5)):
        assert found[name].weights["linear.1.weight"].std() == pytest.approx(expected, rel=0.03)
        first = found[name].weights["linear.0.weight"].std()
        assert first == pytest.approx(0.05, rel=0.03)


def test_the_rate_goes_with_the_batch(data, monkeypatch):
    monkeypatch.setattr(batch_sizes, "SEEDS", 1)
    seen = {}
    real = batch_sizes.train_all

    def look(recipes, drawn):
        seen.update(recipes)
        return real(recipes, drawn)

    monkeypatch.setattr(batch_sizes, "train_all", look)
    table = tabulate(batch_sizes.norms_and_batch_sizes, {"mnist": data})
    ratios = {fields["learning_rate"] / fields["batch_size"] for fields in seen.values()}
    assert len(ratios) == 1
    assert not table.loc[table["batch_size"] == "64", "below_largest_batch"].any()
