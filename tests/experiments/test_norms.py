"""Batch norm, against torch, SciPy and what can be worked out."""

import numpy as np
import pytest
import torch
from scipy import stats

from experiments import batch_norm, bn_epsilon, bn_inference, normality, small_nets
from restudy.results.predictions import predict
from tests.experiments.tables import tabulate

from ..recipes import images


@pytest.fixture(scope="module")
def data():
    return {"mnist": images(rows=200)}


def test_without_norm_logits_go_with_the_scale(data):
    """ReLUs without biases: multiplied weights or inputs multiply the logits."""
    table = tabulate(batch_norm.scale_sensitivity, data)
    factor = table["factor"].astype(float)
    plain = table["norm"] == "none"
    changes = table["output_change"][plain]
    assert changes.to_numpy() == pytest.approx(abs(factor[plain] - 1).to_numpy())
    normed = table[~plain]
    assert normed["output_change"].max() < 0.05
    assert normed["gradient_exponent"].to_numpy() == pytest.approx(-1, abs=0.02)


def test_gradients_of_weights_are_the_networks_own(data):
    parts = small_nets.samples(data["mnist"], 0, "test")
    x, y = parts.train.x.astype(np.float64), parts.train.y
    for norm in (True, False):
        network = small_nets.untrained(parts, 0, "test", batch_norm=norm)
        found = batch_norm._logits_and_gradients(network, x, y)
        assert found["weights"] == pytest.approx(network.loss_and_gradients(x, y)[1]["W1"])


def test_at_inference_an_image_has_the_networks_logits(data):
    parts = small_nets.samples(data["mnist"], 0, "test")
    network = small_nets.trained(parts, 0, "test", batch_norm=True)
    pool, image = (
        small_nets.pre_activations(network, x) for x in (parts.train.x, parts.test.x[:1])
    )
    random = np.random.default_rng(0)
    seen = batch_norm._among_mates(network, image[0], pool, 16, False, random)
    assert seen == pytest.approx(np.repeat(network.outputs(parts.test.x[:1]), 100, axis=0))
    # Looking changes nothing.
    before = network.averages[0].mean.copy()
    batch_norm._among_mates(network, image[0], pool, 16, True, random)
    np.testing.assert_array_equal(network.averages[0].mean, before)


def test_noise_of_mates_falls_with_the_root_of_the_batch(data, monkeypatch):
    monkeypatch.setattr(batch_norm, "SEEDS", 2)
    table = tabulate(batch_norm.batch_mates, data).set_index(["norm", "batch_size"])["logit_sd"]
    means = [table.loc[("batch, training", size)].mean() for size in batch_norm.BATCH_SIZES]
    assert np.array(means[:-1]) / means[1:] == pytest.approx([2, 2, 2], rel=0.35)
    assert table.loc[["none", "batch, inference"]].max() == 0


def test_batch_norm_can_do_nothing(data):
    table = tabulate(batch_norm.norm_identity, data).set_index("affine")["max_difference"]
    assert table.loc["sd with epsilon"].max() < 1e-12
    assert table.loc["none"].min() > 0.1


@pytest.mark.parametrize(("place", "eps"), bn_epsilon.EPSILONS.values())
def test_gradients_for_every_epsilon_are_those_of_autograd(place, eps):
    random = np.random.default_rng(2)
    x, dout = random.standard_normal((2, 12, 5))
    found = bn_epsilon.normalise(x, dout, place, eps)
    t = torch.tensor(x, requires_grad=True)
    var = t.var(0, correction=0)
    s = (var + eps).sqrt() if place == "root" else var.sqrt() + eps
    out = (t - t.mean(0)) / s
    out.backward(torch.tensor(dout))
    assert found.out == pytest.approx(out.detach().numpy(), abs=1e-13)
    assert found.gradient == pytest.approx(t.grad.numpy(), abs=1e-12)


def test_a_pixel_that_never_varies():
    """0 / 0 without epsilon; added to sigma, the derivative of the root of 0 is left."""
    x, dout = np.full((6, 1), 0.5), np.arange(6.0)[:, None]
    for place, eps, outputs, gradients in (
        ("root", 0.0, False, False),
        ("root", 1e-5, True, True),
        ("sigma", 1e-5, True, False),
    ):
        found = bn_epsilon.normalise(x, dout, place, eps)
        assert np.isfinite(found.out).all() == outputs
        assert np.isfinite(found.gradient).all() == gradients
    t = torch.tensor(x, requires_grad=True)
    ((t - t.mean(0)) / (t.var(0, correction=0).sqrt() + 1e-5)).backward(torch.tensor(dout))
    assert not t.grad.isfinite().any()  # torch finds the same


def test_the_border_is_four_pixels_wide():
    pixels = bn_epsilon._pixels()
    assert {name: int(some.sum()) for name, some in pixels.items()} == {
        "border": 784 - 400,
        "centre": 400,
    }


def test_shapes_of_distributions_are_those_of_scipy():
    values = np.random.default_rng(3).gamma(2, size=(300, 4)) - 1
    z = normality.standardised(values)
    assert z == pytest.approx(stats.zscore(values))
    shapes = [np.abs(of(values)).mean() for of in (stats.skew, stats.kurtosis)]
    distances = [
        np.mean([stats.kstest(column, "norm").statistic for column in some.T])
        for some in (values, z)
    ]
    assert normality.measured(values) == pytest.approx([*shapes, *distances])


def test_a_unit_that_is_always_off_has_no_shape():
    values = np.random.default_rng(4).standard_normal((50, 2))
    with_dead = np.column_stack([values, np.zeros(50)])
    assert normality.measured(with_dead) == normality.measured(values)
    assert not normality.standardised(with_dead)[:, 2].any()


def test_statistics_of_all_samples_are_those_of_one_batch_of_them(data, monkeypatch):
    """A torch network in training mode that gets all samples at once."""
    monkeypatch.setattr(bn_inference, "SEEDS", 1)
    run = bn_inference._trained(data["mnist"])[0, "0.1"]
    weights, recipe = run.weights, run.recipe.model_dump()
    x = data["mnist"].x_train / 255
    layers = []
    for i, units in enumerate([*recipe["hidden"], 10]):
        linear = torch.nn.Linear(weights[f"linear.{i}.weight"].shape[1], units).double()
        layers.append(linear)
        parts = [(linear, f"linear.{i}")]
        if i < len(recipe["hidden"]):
            norm = torch.nn.BatchNorm1d(units).double()
            layers += [norm, torch.nn.ReLU()]
            parts.append((norm, f"norm.{i}"))
        for layer, name in parts:
            layer.weight.data = torch.tensor(weights[f"{name}.weight"]).double()
            layer.bias.data = torch.tensor(weights[f"{name}.bias"]).double()
    expected = torch.nn.Sequential(*layers)(torch.tensor(x)).detach().numpy()
    found = predict(bn_inference.with_all_samples(weights, recipe, x), recipe, x)
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_weight_of_the_newest_batch_changes_no_weight(data, monkeypatch):
    monkeypatch.setattr(bn_inference, "SEEDS", 1)
    first, *others = (run.weights for run in bn_inference._trained(data["mnist"]).values())
    for other in others:
        assert (other["linear.1.weight"] == first["linear.1.weight"]).all()
        assert (other["norm.0.running_mean"] != first["norm.0.running_mean"]).any()
