"""Biases, running variances, learned statistics and scores with dropout, against closed forms."""

import numpy as np
import pytest
import torch

from experiments import batch_norm, biases, dropout_scores, learned_bn_stats, torch_nets
from restudy.data.load import Part
from restudy.experiments.samples import scaled
from restudy.experiments.training import train_all
from tests.experiments.tables import tabulate

from ..recipes import images


@pytest.fixture(scope="module")
def data():
    return images(rows=200)


@pytest.fixture(scope="module")
def parts(data):
    return scaled(data)


# Biases


@pytest.mark.parametrize("hidden", [[], [6]])
@pytest.mark.parametrize("bias", ["shared", "per_neuron"])
def test_the_gradient_of_the_last_bias_is_that_of_autograd(data, parts, hidden, bias):
    fields = {"hidden": hidden, "bias": bias, "learning_rate": 0.1, "batch_size": 50, "epochs": 1}
    run = train_all({"": fields}, data)[""]
    h = torch.tensor(parts.train.x).double()
    for i in range(len(hidden)):
        weight, b = (torch.tensor(run.weights[f"linear.{i}.{n}"]) for n in ("weight", "bias"))
        h = torch.relu(h @ weight.T.double() + b)
    weight, b = (torch.tensor(run.weights[f"linear.{len(hidden)}.{n}"]) for n in ("weight", "bias"))
    free = b.double()[: 1 if bias == "shared" else 10].clone().requires_grad_()
    scores = h @ weight.T.double() + free
    scores.retain_grad()
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(parts.train.y))
    torch.autograd.backward(loss)
    expected = float(free.grad.norm() / scores.grad.abs().sum())
    found = biases.output_bias_gradient(run, parts.train)
    assert found == pytest.approx(expected, abs=1e-15)
    assert (found < 1e-15) == (bias == "shared")


def test_batch_norm_takes_away_what_a_bias_adds(parts):
    """So the gradient is rounding; without batch norm it is not."""
    gradients = {}
    for norm in ("batch", "none"):
        model = biases._network(parts.train, norm, "kept", 0)
        x, _ = torch_nets.tensors(parts.train)
        model.double().train()
        before = model(x.double())
        gradients[norm] = biases.hidden_bias_gradient(model, parts.train)
        with torch.no_grad():
            model[0].bias += 3
        assert torch.allclose(model(x.double()), before) == (norm == "batch")
    assert gradients["batch"] < 1e-12 < 1e-3 < gradients["none"]


def test_the_gradient_of_a_hidden_bias_is_a_centred_difference(parts):
    model = biases._network(parts.train, "none", "kept", 1).double()
    x, y = torch_nets.tensors(parts.train)
    found = biases.hidden_bias_gradient(model, parts.train)

    def slope(parameter, place):
        with torch.no_grad():
            losses = []
            for step in (1e-6, -2e-6):
                parameter[place] += step
                losses.append(float(torch.nn.functional.cross_entropy(model(x.double()), y)))
            parameter[place] += 1e-6
        return (losses[0] - losses[1]) / 2e-6

    bias = [slope(model[0].bias, i) for i in range(len(model[0].bias))]
    assert np.linalg.norm(bias) / model[0].weight.grad.norm() == pytest.approx(found, rel=1e-4)


def test_without_a_bias_all_else_is_the_same(parts):
    kept, left_out = (
        biases._network(parts.train, "batch", bias, 2) for bias in ("kept", "left out")
    )
    assert left_out[0].bias is None
    assert torch.equal(kept[0].weight, left_out[0].weight)
    assert torch.equal(kept[-1].weight, left_out[-1].weight)
    assert biases.hidden_bias_gradient(left_out, parts.train) == 0


# Running variances


def test_the_mean_of_biased_variances_is_m_less_one_mth(data, monkeypatch):
    monkeypatch.setattr(batch_norm, "SEEDS", 2)
    table = tabulate(batch_norm.running_variance, {"mnist": data})
    m = table["batch_size"].astype(int)
    expected = np.where(table["divisor"] == "biased", (m - 1) / m, 1)
    assert table["variance_ratio"].to_numpy() == pytest.approx(expected, rel=0.03)
    # Normalised values go with 1 / sqrt(variance).
    twos = table[(table["batch_size"] == "2") & (table["divisor"] == "biased")]
    assert twos["output_difference"].to_numpy() == pytest.approx(2**0.5 - 1, rel=0.03)


# Learned statistics


def test_learned_statistics_start_as_the_identity_and_are_learned():
    layer = learned_bn_stats.LearnedStatistics(3)
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(layer(x), x, atol=1e-4)
    torch.autograd.backward(layer(x).square().sum())
    # d/dbeta sum (x - beta)^2 = -2 sum x, d/dgamma sum (x / gamma)^2 = -2 sum x^2 at 0 and 1.
    assert torch.allclose(layer.beta.grad, -2 * x.sum(0), rtol=1e-3, atol=1e-4)
    assert torch.allclose(layer.gamma.grad, -2 * x.square().sum(0), rtol=1e-3)


@pytest.mark.parametrize("norm", learned_bn_stats.NORMS)
def test_only_batch_norm_normalises(parts, norm):
    sds = []
    for sd in (0.05, 0.5):
        model = learned_bn_stats.network(784, norm, sd, 0)
        sds.append(learned_bn_stats.unit_sd(model, parts.train))
        # Looking moves no running average.
        assert all(
            float(v.float().sum()) == 0 for n, v in model.state_dict().items() if "mean" in n
        )
    # ReLUs without biases: three layers of weights ten times as large.
    expected = [1, 1] if norm == "batch" else [sds[0], 1000 * sds[0]]
    assert sds == pytest.approx(expected, rel=0.01)


# Dropout, and the loop


def test_while_nothing_changes_both_scores_are_one(parts):
    """At rate 0 and without dropout the batches are scored by the same network."""
    model = dropout_scores.network(784, 0.0, 0)
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    random = np.random.default_rng(0)
    seen = torch_nets.train(model, parts.train, still, epochs=1, batch_size=30, random=random)
    assert seen == pytest.approx(torch_nets.accuracy(model, parts.train))
    x = parts.train.x.astype(np.float64)
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            x = np.maximum(x, 0) @ layer.weight.detach().numpy().T.astype(np.float64)
    assert torch_nets.accuracy(model, parts.train) == pytest.approx(
        np.mean(x.argmax(axis=1) == parts.train.y)
    )


def test_dropout_is_on_while_training_and_off_afterwards(parts):
    model = dropout_scores.network(784, 0.3, 0)
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        random = np.random.default_rng(0)
        seen = [
            torch_nets.train(model, parts.train, still, epochs=1, batch_size=30, random=random)
            for _ in range(2)
        ]
    assert seen[0] != seen[1]
    assert not model.training
    assert torch_nets.accuracy(model, parts.train) == torch_nets.accuracy(model, parts.train)


def test_a_step_of_the_loop_is_that_of_gradient_descent():
    """Softmax regression from zero weights: the first step is -rate (p - y) x / n."""
    random = np.random.default_rng(1)
    part = Part(random.random((12, 4)).astype(np.float32), random.integers(0, 3, 12))
    layer = torch_nets.linear(4, 3, random, sd=0.0)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.5)
    torch_nets.train(layer, part, optimiser, epochs=1, batch_size=12, random=random)
    errors = 1 / 3 - np.eye(3)[part.y]
    expected = -0.5 * errors.T @ part.x / 12
    assert layer.weight.detach().numpy() == pytest.approx(expected, abs=1e-7)


def test_initial_weights_go_by_fan_in():
    drawn = torch_nets.linear(400, 500, np.random.default_rng(2))
    assert float(drawn.weight.detach().std()) == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert not drawn.bias.any()
