"""Training: the same each time, able to fit, and honest about which parameters are which."""

import math

import numpy as np
import pytest

from restudy.numpy_net.network import FullyConnectedNet
from restudy.numpy_net.solver import Schedule, accuracy, train


def digits(n=50, seed=0):
    """Made-up images of ten classes in 64 pixels, noisy enough not to be trivial."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 10, n)
    x = random.standard_normal((n, 8, 8))
    return x, y


def network(seed=0, **options):
    fields = {"inputs": 64, "hidden": [40], "outputs": 10, "weight_scale": 0.1} | options
    return FullyConnectedNet(random=np.random.default_rng(seed), **fields)


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_norm": True}, {"activation": "tanh", "dtype": np.float32}, {"dropout": 0.2}],
)
@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "averaging_momentum", "nesterov"])
def test_fifty_samples_are_learnt_by_heart(options, optimiser):
    rate = {"sgd": 0.5, "averaging_momentum": 0.5}.get(optimiser, 0.05)
    schedule = Schedule(epochs=80, batch_size=10, learning_rate=rate, optimiser=optimiser)
    net = network(**options)
    found = train(net, digits(), digits(seed=1), schedule)
    assert found.history[-1].train_accuracy == 1
    assert accuracy(net, *digits()) == 1
    assert found.diverged_at is None


def test_regression_finds_a_line():
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 3))
    y = x @ [1.0, -2.0, 0.5] + 4
    net = FullyConnectedNet(3, [], 1, weight_scale=0.1, random=random, loss="mse")
    found = train(net, (x[:150], y[:150]), (x[150:], y[150:]), Schedule(60, 30, 0.05))
    assert found.history[-1].validation_loss < 1e-10
    assert math.isnan(found.history[-1].train_accuracy)
    np.testing.assert_allclose(net.params["W1"][:, 0], [1, -2, 0.5], atol=1e-5)


def arrays_equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def test_the_same_seeds_give_the_same_bits_and_others_do_not():
    def run(seed):
        net = network(batch_norm=True, dropout=0.3)
        return train(net, digits(), digits(seed=1), Schedule(4, 16, 0.1, seed=seed))

    first, again, other = run(0), run(0), run(1)
    assert first.history == again.history
    assert arrays_equal(first.last, again.last)
    assert arrays_equal(first.best, again.best)
    assert not arrays_equal(first.last, other.last)


def test_the_order_of_samples_does_not_depend_on_dropout(monkeypatch):
    seen = []
    true = FullyConnectedNet.loss_and_gradients

    def spy(self, x, y, random=None):
        seen.append(y.tolist())
        return true(self, x, y, random)

    monkeypatch.setattr(FullyConnectedNet, "loss_and_gradients", spy)
    for p in (0.0, 0.5):
        train(network(dropout=p), digits(), digits(seed=1), Schedule(2, 16, 0.1))
    without, with_dropout = seen[:8], seen[8:]
    assert without == with_dropout
    assert [len(batch) for batch in without] == 2 * [16, 16, 16, 2]
    assert sorted(label for batch in without[:4] for label in batch) == sorted(digits()[1])
    assert without[:4] != without[4:]


def test_best_and_last_are_both_kept():
    net = network()
    held_out = digits(3, seed=1)
    found = train(net, digits(), held_out, Schedule(30, 10, 0.05))
    accuracies = [epoch.validation_accuracy for epoch in found.history]
    assert accuracies.count(max(accuracies)) > 1  # the first of equals is kept
    assert found.best_epoch == 1 + accuracies.index(max(accuracies))
    assert found.best_epoch < 30
    assert accuracy(net, *held_out) == accuracies[-1]
    assert arrays_equal(net.state(), found.last)
    net.load_state(found.best)
    assert accuracy(net, *held_out) == max(accuracies)
    assert net.data_loss(*held_out) == found.history[found.best_epoch - 1].validation_loss


def test_metrics_are_those_of_the_full_sets_at_inference():
    net = network(batch_norm=True, dropout=0.4, lambda2=0.01)
    training, held_out = digits(), digits(30, seed=1)
    last = train(net, training, held_out, Schedule(3, 16, 0.1, learning_rate_decay=0.5)).history[-1]
    assert last.epoch == 3
    assert last.learning_rate == 0.1 * 0.25
    assert last.penalty == net.penalty_value() > 0
    for part, loss, share in [
        (training, last.train_loss, last.train_accuracy),
        (held_out, last.validation_loss, last.validation_accuracy),
    ]:
        scores = net.outputs(part[0])
        assert share == np.mean(scores.argmax(axis=1) == part[1])
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        assert loss == pytest.approx(-np.log(p[np.arange(len(p)), part[1]]).mean())


def test_inference_moves_nothing():
    net = network(batch_norm=True)
    before = net.state()
    net.outputs(digits()[0])
    net.data_loss(*digits())
    assert arrays_equal(before, net.state())


@pytest.mark.filterwarnings("error")
def test_a_run_that_diverges_ends_and_keeps_what_was_best():
    x = np.random.default_rng(0).standard_normal((40, 3))
    net = FullyConnectedNet(3, [10], 1, weight_scale=1, random=np.random.default_rng(1), loss="mse")
    start = net.state()
    found = train(net, (x, x[:, 0]), (x, x[:, 0]), Schedule(50, 10, 1e3))
    assert found.diverged_at == len(found.history) < 50
    assert not math.isfinite(found.history[-1].train_loss)
    assert all(np.isfinite(array).all() for array in found.best.values())
    if found.best_epoch == 0:
        assert arrays_equal(found.best, start)


def test_a_larger_penalty_makes_smaller_weights():
    def size(strength):
        net = network(lambda2=strength)
        train(net, digits(), digits(seed=1), Schedule(20, 10, 0.05))
        return np.linalg.norm(net.params["W1"])

    assert size(0.0) > size(0.1) > size(1.0)
