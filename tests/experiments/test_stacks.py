"""Stacks of networks and what is trained with them, against torch.nn, torch.optim and by hand."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.linear_model import Lasso
from torch import nn

from experiments import (
    bootstrap,
    collinearity,
    loss_drops,
    loss_functions,
    noisy_norm,
    stacks,
    very_deep,
    weight_decay,
)
from restudy.experiments.samples import draw, held_out, scaled
from tests.experiments.tables import tabulate

from ..recipes import houses, images


def randoms(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


def alone(layers, i, activation=nn.ReLU):
    """Return network i of a stack, in torch.nn."""
    modules = []
    for w, b in layers:
        linear = nn.Linear(w.shape[1], w.shape[2])
        linear.weight.data, linear.bias.data = w[i].detach().T.clone(), b[i, 0].detach().clone()
        modules += [linear, activation()]
    return nn.Sequential(*modules[:-1])


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        ("momentum", lambda w, rate: torch.optim.SGD(w, rate, momentum=0.9)),
        ("adam", torch.optim.Adam),
    ],
)
def test_a_network_in_a_stack_trains_as_if_alone(rule, make):
    rates = [0.01, 0.03, 0.002]
    layers = stacks.he_layers([6, 5, 4, 3], randoms(0, 1, 2), [1.0, 0.5, 2.0])
    networks = [alone(layers, i) for i in range(3)]
    x, y = torch.randn(3, 20, 6), torch.randint(3, (3, 20))
    optimiser = stacks.Optimiser(rule, layers, rates)
    orders = list(stacks.batches(randoms(3, 4, 5), 20, 8, 7))
    for rows in orders:
        scores = stacks.outputs(layers, stacks.pick(x, rows))
        optimiser.step(stacks.cross_entropy(scores, stacks.pick(y, rows)))
    for i, network in enumerate(networks):
        own = make(network.parameters(), rates[i])
        for rows in orders:
            own.zero_grad()
            nn.functional.cross_entropy(network(x[i][rows[i]]), y[i][rows[i]]).backward()
            own.step()
        found = stacks.outputs(layers, x)[i].detach().numpy()
        assert found == pytest.approx(network(x[i]).detach().numpy(), abs=1e-5)


def test_weights_have_the_deviation_of_he():
    ((w, b), _) = stacks.he_layers([400, 300, 2], randoms(0, 0), [1.0, 3.0])
    assert w[0].std().item() == pytest.approx(math.sqrt(2 / 400), rel=0.01)
    assert (w[1] / w[0]).detach().numpy() == pytest.approx(3, rel=1e-5)
    assert not b.any()


def test_an_epoch_has_every_sample_once():
    found = torch.stack(list(stacks.batches(randoms(0, 1), 12, 4, 6, each=2)))
    assert found.shape == (6, 4, 4)
    for network in range(4):
        for epoch in (found[:3, network], found[3:, network]):
            assert sorted(epoch.ravel().tolist()) == list(range(12))
    assert (found[:, 0] == found[:, 1]).all()
    assert (found[:, 0] != found[:, 2]).any()


def test_accuracy_is_a_share():
    scores = torch.eye(3).expand(2, 3, 3)
    assert stacks.accuracy(scores, torch.tensor([0, 1, 0])).tolist() == pytest.approx([2 / 3] * 2)


# Losses


def test_losses_are_those_of_torch_network_by_network():
    scores, y = torch.randn(2, 7, 4), torch.randint(4, (2, 7))
    one_hot = nn.functional.one_hot(y, 4).float()
    for i in range(2):
        squares = nn.functional.mse_loss(scores[i], one_hot[i], reduction="sum") / 7 / 2
        found = loss_functions.squared_error_of_classes(scores, y)[i]
        assert found.item() == pytest.approx(squares.item())
        assert stacks.cross_entropy(scores, y)[i].item() == pytest.approx(
            nn.functional.cross_entropy(scores[i], y[i]).item()
        )
    predicted, targets = torch.randn(2, 9, 1), 3 * torch.randn(2, 9)
    wanted = {"mse": nn.MSELoss(), "mae": nn.L1Loss(), "huber": nn.HuberLoss()}
    for name, loss in loss_functions.PRICE_LOSSES.items():
        for i in range(2):
            expected = wanted[name](predicted[i, :, 0], targets[i]).item()
            assert loss(predicted, targets)[i].item() == pytest.approx(expected)


def test_looks_until_a_target():
    assert loss_functions.steps_to(np.array([0.1, 0.8, 0.7, 0.9]), 0.8) == 2
    assert loss_functions.steps_to(np.array([0.1, 0.2]), 0.8) == 3


def test_the_best_rate_counts(monkeypatch):
    """Of a rate that is far too small and one that is right."""
    monkeypatch.setattr(loss_functions, "SEEDS", 2)
    monkeypatch.setattr(loss_functions, "HOUSE_RATES", (1e-7, 0.02))
    monkeypatch.setattr(loss_functions, "HOUSE_STEPS", 100)
    table = tabulate(loss_functions.price_losses, {"california_housing": houses(rows=200)})
    assert (table["learning_rate"] == 0.02).all()
    assert (table["test_mae"] <= table["test_rmse"]).all()


def test_held_out_samples_are_the_last_and_do_not_scale():
    drawn = draw(houses(rows=90), np.random.default_rng(0), 60)
    parts = held_out(drawn, 10, "standard", "standard")
    assert (len(parts.train), len(parts.validation)) == (50, 10)
    assert parts.train.x.mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-5)
    first = drawn.x_train[:50].astype(float)
    expected = (drawn.x_train[50:] - first.mean(axis=0)) / first.std(axis=0)
    assert parts.validation.x == pytest.approx(expected, abs=1e-5)
    assert len(held_out(drawn, 500, "standard").validation) == 20


# Penalties


def adam_alone(w, strength):
    """Descend (strength / 2) w^2 by Adam (Kingma and Ba 2015, algorithm 1), rate 0.001."""
    w, m, v = w.copy(), 0.0, 0.0
    for t in range(1, weight_decay.STEPS + 1):
        g = strength * w
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w -= 0.001 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


@pytest.mark.parametrize("name", ["in plain descent", "beside Adam", "in Adam"])
def test_decay_of_weights_that_the_data_say_nothing_about(name, monkeypatch):
    """Pixels that are always 0: times 0.999 at each step, but in Adam by its own recurrence."""
    train = scaled(images(rows=40)).train
    train.x[:, :100] = 0
    rule = weight_decay.RULES[name]
    drawn = np.random.default_rng(5).standard_normal((32, 784), np.float32)
    first = 0.05 * drawn[:, :100].astype(np.float64)
    monkeypatch.setattr(weight_decay, "generator", lambda *_: np.random.default_rng(5))
    plain, shrunk = (
        weight_decay.trained(train, rule, a, 0)[0][:, :100] for a in (0, rule.strength)
    )
    assert plain == pytest.approx(first, rel=1e-6)
    if name == "in Adam":
        assert shrunk == pytest.approx(adam_alone(first, rule.strength), abs=1e-5)
    else:
        assert shrunk == pytest.approx(first * 0.999**weight_decay.STEPS, rel=1e-4)


def test_ratios_by_decile():
    plain = np.arange(1.0, 21) * (-1) ** np.arange(20)
    assert weight_decay.decile_ratios(plain, 0.5 * plain) == pytest.approx(np.full(10, 0.5))
    soft = np.sign(plain) * np.maximum(np.abs(plain) - 1, 0)
    pairs = [(2 * k - 1, 2 * k) for k in range(1, 11)]
    expected = [(a + b - 2) / (a + b) for a, b in pairs]
    assert weight_decay.decile_ratios(plain, soft) == pytest.approx(expected)


def test_weights_that_only_differ_have_no_trend():
    """Two networks of one kind that went different ways: 1 in every decile."""
    one, other = np.random.default_rng(0).standard_normal((2, 200_000))
    assert weight_decay.decile_ratios(one, other) == pytest.approx(np.ones(10), abs=0.03)


def test_removed_weights():
    plain = [np.array([3.0, -4.0]), np.array([1.0, 1.0])]
    assert weight_decay.removed(plain, [np.array([0.03, -4.0]), np.array([0.5, 0.02])]) == 0.25
    assert weight_decay.removed(plain, plain) == 0


def test_penalties_minimise_what_they_say():
    """Orthogonal inputs: ridge w / (1 + a), lasso w less a, elastic net both by halves."""
    n, a = 64, 0.3
    x = np.linalg.qr(np.random.default_rng(0).standard_normal((n, 4)))[0] * np.sqrt(n)
    y = x @ np.array([2.0, -1.0, 0.2, 0.0])
    least = x.T @ y / n
    soft = {
        "L1": np.sign(least) * np.maximum(np.abs(least) - a, 0),
        "L2": least / (1 + a),
        "elastic net": np.sign(least) * np.maximum(np.abs(least) - a / 2, 0) / (1 + a / 2),
    }
    for name, make in collinearity.PENALTIES.items():
        model = make(a, n).set_params(fit_intercept=False).fit(x, y)
        assert model.coef_ == pytest.approx(soft[name], abs=1e-3)


def test_equal_copies_get_equal_coefficients_but_from_l1():
    random = np.random.default_rng(1)
    x = collinearity.copies(random.standard_normal((200, 3)), 0.0, random)
    assert (x[:, :3] == x[:, 3:6]).all()
    y = x[:, :3] @ np.array([1.0, -2.0, 0.0])
    for name in ("L2", "elastic net"):
        groups = collinearity.PENALTIES[name](0.1, 200).fit(x, y).coef_.reshape(3, -1)
        assert collinearity.unevenness(groups) == pytest.approx(0, abs=1e-4)
        assert collinearity.split_groups(groups) == 0
    groups = Lasso(0.1).fit(x, y).coef_.reshape(3, -1)
    groups = np.where(abs(groups) < 1e-9, 0, groups)  # copies differ by rounding, as BLAS sums
    assert collinearity.unevenness(groups) == pytest.approx(2 / 3)
    assert collinearity.split_groups(groups) == pytest.approx(2 / 3)  # the third is out as a whole


def test_unevenness_by_hand():
    assert collinearity.unevenness(np.array([[1.0], [2.0], [3.0]])) == pytest.approx(2 / 14)
    assert collinearity.unevenness(np.zeros((3, 2))) == 0


def test_the_first_within_the_bound():
    errors = np.array([3.0, 2.0, 1.01, 1.0, 1.2])
    assert collinearity.first_within(errors, 1.02) == 2
    assert collinearity.first_within(errors, 2.5) == 1
    assert collinearity.first_within(errors, 0.9) == 3


def test_disagreement_by_hand():
    classes = np.array([[0, 1, 2, 3], [0, 1, 2, 0], [0, 1, 1, 0]])
    assert bootstrap.disagreement(classes) == pytest.approx((1 + 2 + 1) / 4 / 3)


def test_the_penalty_of_a_stack_is_that_of_weight_decay(monkeypatch):
    """torch's weight_decay adds lambda2 w to the gradient; biases have none."""
    monkeypatch.setattr(bootstrap, "STEPS", 5)
    monkeypatch.setattr(bootstrap, "RESAMPLES", 2)
    train = scaled(images(rows=60)).train
    layers = bootstrap._trained(train, "test", 3)
    rows = torch.from_numpy(bootstrap.generator(3, "test: resamples").integers(60, size=(2, 60)))
    orders = stacks.batches([bootstrap.generator(3, "test: batches")], 60, 50, 5)
    weights = bootstrap.generator(3, "test: weights")
    network = alone(stacks.he_layers([784, 32, 10], [weights]), 0)
    strengths = [float(one) for one in bootstrap.STRENGTHS]
    matrices = [w for w in network.parameters() if w.dim() == 2]
    biases = [w for w in network.parameters() if w.dim() == 1]
    groups = [{"params": matrices, "weight_decay": strengths[-1]}, {"params": biases}]
    own = torch.optim.SGD(groups, bootstrap._RATE, momentum=0.9)
    x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
    for batch in orders:
        some = rows[1][batch[0]]
        own.zero_grad()
        nn.functional.cross_entropy(network(x[some]), y[some]).backward()
        own.step()
    found = stacks.outputs(layers, x.expand(8, *x.shape))[-1].detach().numpy()
    assert found == pytest.approx(network(x).detach().numpy(), abs=1e-4)


# Norms and curves


def test_deep_networks_are_those_of_torch():
    layers = stacks.he_layers([9, 5, 5, 5, 3], randoms(0, 1))
    x = torch.randn(2, 16, 9)
    norm = nn.BatchNorm1d(5, affine=False)
    for i in range(2):
        linears = [module for module in alone(layers, i) if isinstance(module, nn.Linear)]
        plain = skipped = x[i]
        for place, linear in enumerate(linears[:-1]):
            plain = norm(linear(plain)).relu()
            added = norm(linear(skipped)).relu()
            skipped = skipped + added if place else added
        for variant, h in (("batch norm", plain), ("batch norm and skips", skipped)):
            found = very_deep.scores(layers, x, variant)[i].detach().numpy()
            assert found == pytest.approx(linears[-1](h).detach().numpy(), abs=1e-5)
        none = very_deep.scores(layers, x, "none")[i].detach().numpy()
        assert none == pytest.approx(alone(layers, i)(x[i]).detach().numpy(), abs=1e-5)


def test_noise_moves_batch_means_by_what_it_is_drawn_from():
    """Means after batch norm are b, so they move by |b - b'|: 2 sd / sqrt(pi) on average."""
    h = torch.randn(1, 50, 2000)
    for sd in (0.0, 0.5):
        hidden = noisy_norm.HiddenLayers(sd, [np.random.default_rng(0)], 1)
        outs = [hidden.noisy(0, h) for _ in range(2)]
        _, deviation = hidden.before[0]
        assert (outs[0] == outs[1]).all() == (sd == 0)
        means = np.random.default_rng(0).standard_normal((2, 2, 2000), np.float32)
        scale, offset = sd * means[:, 0], sd * means[:, 1]
        assert deviation.numpy()[0] == pytest.approx(np.abs(1 + scale[1]), abs=1e-3)
        moved = np.abs(offset[1] - offset[0]) / (np.abs(1 + scale[0]) + 1e-6)
        expected = np.mean(moved) / len(noisy_norm._HIDDEN)
        assert hidden.shift.item() == pytest.approx(expected, rel=1e-2, abs=1e-5)
        assert np.abs(offset[1] - offset[0]).mean() == pytest.approx(
            2 * sd / math.sqrt(math.pi), rel=0.1
        )


def test_seeds_have_noise_of_their_own_and_rates_have_not():
    h = torch.randn(1, 50, 3).expand(4, 50, 3)
    hidden = noisy_norm.HiddenLayers(0.5, [np.random.default_rng(seed) for seed in range(2)], 2)
    out = hidden.noisy(0, h)
    assert (out[0] == out[1]).all()
    assert (out[2] == out[3]).all()
    assert not (out[0] == out[2]).all()


def test_without_noise_or_norm_layers_are_plain():
    h = torch.randn(2, 30, 4)
    none = noisy_norm.HiddenLayers(None, [np.random.default_rng(0)], 2)
    assert (none.noisy(0, h) == h.relu()).all()
    assert (none.quiet(0, h) == h.relu()).all()
    batch = noisy_norm.HiddenLayers(0.0, [np.random.default_rng(0)], 2)
    assert (batch.noisy(0, h) == batch.quiet(0, h)).all()


def test_the_steepest_fall_of_a_curve():
    curves = np.array([[10.0, 8.0, 2.0, 1.0, 1.5], [10.0, 9.0, 8.0, 7.0, 6.0], [1, 2, 3, 4, 5]]).T
    found = loss_drops.drops(curves)
    assert found.sharpness == pytest.approx([6 / 9, 1 / 4, 0])
    assert found.later == pytest.approx([math.log(2 / 1), math.log(9 / 6), 0])
    assert found.final.tolist() == [1.5, 6, 5]


def test_the_correlation_is_spearman_s():
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 12))
    assert loss_drops._rho(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert loss_drops._rho(a, np.zeros(12)) == 0
