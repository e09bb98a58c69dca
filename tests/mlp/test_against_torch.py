"""Layers, losses, penalties, networks and update rules agree with PyTorch's in float64."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from restudy.mlp.activations import ACTIVATIONS
from restudy.mlp.batch_norm import RunningAverages, batch_norm_backward, batch_norm_forward
from restudy.mlp.dropout import dropout_backward, dropout_forward
from restudy.mlp.layers import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
)
from restudy.mlp.losses import cross_entropy, cross_entropy_of_probabilities, mse, softmax
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.optimisers import OPTIMISERS
from restudy.mlp.penalties import elastic_net, l1, l2

TOLERANCE = 1e-10


def draws(*shapes, seed=0):
    random = np.random.default_rng(seed)
    return [random.standard_normal(shape) for shape in shapes]


def leaves(*arrays):
    return [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]


def assert_equal(ours, theirs):
    if isinstance(theirs, torch.Tensor):
        theirs = theirs.detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE, strict=True)


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 2), (1, 4)])
def test_affine(shape):
    x, w, b, dout = draws(shape, (4, 3), (3,), (shape[0], 3))
    tx, tw, tb = leaves(x, w, b)
    expected = tx.flatten(1) @ tw + tb
    expected.backward(torch.from_numpy(dout))
    out, cache = affine_forward(x, w, b)
    assert_equal(out, expected)
    for ours, theirs in zip(affine_backward(dout, cache), (tx, tw, tb), strict=True):
        assert_equal(ours, theirs.grad)


def test_affine_relu():
    x, w, b, dout = draws((6, 4), (4, 3), (3,), (6, 3))
    tx, tw, tb = leaves(x, w, b)
    expected = (tx @ tw + tb).relu()
    expected.backward(torch.from_numpy(dout))
    out, cache = affine_relu_forward(x, w, b)
    assert_equal(out, expected)
    for ours, theirs in zip(affine_relu_backward(dout, cache), (tx, tw, tb), strict=True):
        assert_equal(ours, theirs.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_also_at_zero_and_far_out(name):
    x, dout = draws((5, 7), (5, 7))
    x[0] = [0.0, -0.0, 40.0, -40.0, 700.0, -700.0, -800.0]
    (tx,) = leaves(x)
    expected = getattr(torch, name)(tx)
    expected.backward(torch.from_numpy(dout))
    out, cache = ACTIVATIONS[name].forward(x)
    assert_equal(out, expected)
    assert_equal(ACTIVATIONS[name].backward(dout, cache), tx.grad)


@pytest.mark.parametrize("loss", [cross_entropy, cross_entropy_of_probabilities])
def test_cross_entropy(loss):
    (scores,) = draws((9, 4))
    y = np.random.default_rng(1).integers(0, 4, 9)
    (leaf,) = leaves(3 * scores)
    expected = functional.cross_entropy(leaf, torch.from_numpy(y))
    expected.backward()
    value, gradient = loss(3 * scores, y)
    assert value == pytest.approx(expected.item(), rel=TOLERANCE)
    assert_equal(gradient, leaf.grad)
    assert_equal(softmax(3 * scores), leaf.softmax(1))


@pytest.mark.parametrize("shape", [(8,), (8, 1), (8, 3)])
def test_mse(shape):
    predictions, targets = draws(shape, shape)
    (leaf,) = leaves(predictions)
    expected = functional.mse_loss(leaf, torch.from_numpy(targets))
    expected.backward()
    value, gradient = mse(predictions, targets)
    assert value == pytest.approx(expected.item(), rel=TOLERANCE)
    assert_equal(gradient, leaf.grad)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda w: l1(w, 0.3), lambda w: 0.3 * w.abs().sum()),
        (lambda w: l2(w, 0.3), lambda w: 0.3 / 2 * w.square().sum()),
        (
            lambda w: elastic_net(w, 0.3, 0.2),
            lambda w: 0.3 * w.abs().sum() + 0.2 * w.square().sum(),
        ),
    ],
)
def test_penalties(ours, theirs):
    (w,) = draws((4, 3))
    w[0, 0] = 0
    (leaf,) = leaves(w)
    theirs(leaf).backward()
    value, gradient = ours(w)
    assert value == pytest.approx(theirs(leaf).item(), rel=TOLERANCE)
    assert_equal(gradient, leaf.grad)


def test_batch_norm_training_then_inference():
    gamma, beta = draws((3,), (3,), seed=1)
    averages = RunningAverages.start(3)
    theirs = torch.nn.BatchNorm1d(3, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.from_numpy(gamma))
        theirs.bias.copy_(torch.from_numpy(beta))
    for step in range(6):
        training = step < 4
        theirs.train(training)
        theirs.zero_grad()
        x, dout = draws((7, 3), (7, 3), seed=step)
        x = 2 * x + 1
        (leaf,) = leaves(x)
        expected = theirs(leaf)
        expected.backward(torch.from_numpy(dout))
        out, cache = batch_norm_forward(x, gamma, beta, averages, training=training)
        assert_equal(out, expected)
        assert_equal(averages.mean, theirs.running_mean)
        assert_equal(averages.var, theirs.running_var)
        dx, dgamma, dbeta = batch_norm_backward(dout, cache)
        assert_equal(dx, leaf.grad)
        assert_equal(dgamma, theirs.weight.grad)
        assert_equal(dbeta, theirs.bias.grad)


def test_dropout_with_the_same_mask():
    x, dout = draws((6, 5), (6, 5))
    mask = (np.random.default_rng(3).random((6, 5)) >= 0.4) / 0.6
    (leaf,) = leaves(x)
    expected = leaf * torch.from_numpy(mask)
    expected.backward(torch.from_numpy(dout))
    out, cache = dropout_forward(x, 0.4, np.random.default_rng(3))
    assert_equal(out, expected)
    assert_equal(dropout_backward(dout, cache), leaf.grad)


NETWORKS = [
    {},
    {"activation": "sigmoid", "penalty": "l1", "lambda1": 0.01},
    {"activation": "tanh", "penalty": "elastic_net", "lambda1": 0.01, "lambda2": 0.02},
    {"batch_norm": True, "lambda2": 0.1},
    {"dropout": 0.4},
    {"batch_norm": True, "dropout": 0.3, "activation": "tanh", "penalty": "l1", "lambda1": 0.02},
    {"loss": "mse"},
    {"loss": "mse", "batch_norm": True, "dropout": 0.5, "lambda2": 0.3},
    {"loss": "cross_entropy_of_probabilities", "lambda2": 0.1},
]


def in_torch(network, leaf, x, masks):
    """The same network's outputs, by PyTorch's functions; also its batch norms, by layer."""
    activation = next(getattr(torch, n) for n, a in ACTIVATIONS.items() if a is network.activation)
    norms = []
    for i in range(1, network.layers):
        x = functional.linear(x, leaf[f"W{i}"].T, leaf[f"b{i}"])
        if network.batch_norm:
            units = x.shape[1]
            mean, var = torch.zeros(units).double(), torch.ones(units).double()
            x = functional.batch_norm(
                x, mean, var, leaf[f"gamma{i}"], leaf[f"beta{i}"], training=True
            )
            norms.append((mean, var))
        x = activation(x) * masks[i - 1]
    last = network.layers
    return functional.linear(x, leaf[f"W{last}"].T, leaf[f"b{last}"]), norms


@pytest.mark.parametrize("options", NETWORKS)
@pytest.mark.parametrize("hidden", [[], [5], [6, 4]])
def test_network_loss_and_gradients(options, hidden):
    outputs = 2 if options.get("loss") == "mse" else 4
    random = np.random.default_rng(7)
    network = FullyConnectedNet(3, hidden, outputs, init_scale=0.7, random=random, **options)
    for name, parameter in network.params.items():
        if name[0] != "W":  # biases, scales and shifts that are not zeros and ones
            parameter += 0.3 * random.standard_normal(parameter.shape)
    x = random.standard_normal((8, 3))
    y = random.standard_normal((8, 2)) if outputs == 2 else random.integers(0, 4, 8)
    drawn, p = np.random.default_rng(9), network.dropout
    masks = [torch.from_numpy((drawn.random((8, n)) >= p) / (1 - p)) for n in hidden if p]
    masks = masks or [torch.ones(1)] * len(hidden)

    leaf = dict(zip(network.params, leaves(*network.params.values()), strict=True))
    found, norms = in_torch(network, leaf, torch.from_numpy(x), masks)
    target = torch.from_numpy(y)
    data_loss = functional.mse_loss if network.task == "regression" else functional.cross_entropy
    total = data_loss(found, target)
    half = 1 if options.get("penalty") == "elastic_net" else 0.5
    for name, w in leaf.items():
        if name[0] == "W":
            total = total + options.get("lambda1", 0) * w.abs().sum()
            total = total + half * options.get("lambda2", 0) * w.square().sum()
    total.backward()

    loss, gradients = network.loss_and_gradients(x, y, np.random.default_rng(9))
    assert loss == pytest.approx(total.item(), rel=TOLERANCE)
    assert gradients.keys() == leaf.keys()
    for name, gradient in gradients.items():
        assert_equal(gradient, leaf[name].grad)
    for ours, (mean, var) in zip(network.averages, norms, strict=True):
        assert_equal(ours.mean, mean)
        assert_equal(ours.var, var)


def trajectory(rule, rate, momentum, steps=30):
    w, target = draws((4, 3), (4, 3))
    v = np.zeros_like(w)
    for _ in range(steps):
        w, v = OPTIMISERS[rule](w, 2 * (w - target), v, rate, momentum)
        yield w


@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov"])
def test_update_rules(rule):
    w, target = draws((4, 3), (4, 3))
    (leaf,) = leaves(w)
    momentum = 0.0 if rule == "sgd" else 0.8
    theirs = torch.optim.SGD([leaf], 0.03, momentum, nesterov=rule == "nesterov")
    for ours in trajectory(rule, 0.03, 0.8):
        theirs.zero_grad()
        (leaf - torch.from_numpy(target)).square().sum().backward()
        theirs.step()
        assert_equal(ours, leaf)


def test_dampened_momentum_is_dampened_momentum():
    # PyTorch's dampening leaves the first gradient whole, so its first step is taken by hand.
    w, target = draws((4, 3), (4, 3))
    (leaf,) = leaves(w)
    theirs = torch.optim.SGD([leaf], 0.1, 0.8, dampening=0.8)
    for step, ours in enumerate(trajectory("dampened_momentum", 0.1, 0.8)):
        theirs.zero_grad()
        (leaf - torch.from_numpy(target)).square().sum().backward()
        if step == 0:
            leaf.grad *= 0.2
        theirs.step()
        assert_equal(ours, leaf)


def test_dampened_momentum_by_its_closed_form():
    g, rate, beta = np.array([2.0, -1.0]), 0.1, 0.9
    w, v = np.zeros(2), np.zeros(2)
    for t in range(1, 40):
        w, v = OPTIMISERS["dampened_momentum"](w, g, v, rate, beta)
        assert_equal(v, (1 - beta**t) * g)
        # w_t = -eta sum of v_1 to v_t = -eta g (t - beta (1 - beta^t) / (1 - beta))
        assert_equal(w, -rate * g * (t - beta * (1 - beta**t) / (1 - beta)))


def test_classical_momentum_with_changing_rates_is_sutskever_s():
    rates, gradients = [0.1, 0.05, 0.2], draws((2,), (2,), (2,))
    w, v = np.zeros(2), np.zeros(2)
    for rate, g in zip(rates, gradients, strict=True):
        w, v = OPTIMISERS["momentum"](w, g, v, rate, 0.5)
    steps = [-rate * g for rate, g in zip(rates, gradients, strict=True)]
    expected = itertools.accumulate(steps, lambda v, step: 0.5 * v + step)
    assert_equal(w, sum(expected))
