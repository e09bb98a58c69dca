"""Training: the same each time, and able to fit."""

import numpy as np
import pytest

from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.solver import shuffled, train


def digits(n=50, seed=0):
    """Made-up images of ten classes in 64 pixels, noisy enough not to be trivial."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 10, n)
    x = random.standard_normal((n, 8, 8))
    return x, y


def network(seed=0, **options):
    fields = {"inputs": 64, "hidden": [40], "outputs": 10, "init_scale": 0.1} | options
    return FullyConnectedNet(random=np.random.default_rng(seed), **fields)


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_norm": True}, {"activation": "tanh", "dtype": np.float32}, {"dropout": 0.2}],
)
@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "dampened_momentum", "nesterov"])
def test_fifty_samples_are_learnt_by_heart(options, optimiser):
    rate = {"sgd": 0.5, "dampened_momentum": 0.5}.get(optimiser, 0.05)
    net = network(**options)
    x, y = digits()
    masks = np.random.default_rng(5)
    train(net, x, y, shuffled(len(y), 10, 80, 0), rate, optimiser=optimiser, masks=masks)
    assert (net.outputs(x).argmax(axis=1) == y).all()


def test_regression_finds_a_line():
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 3))
    y = x @ [1.0, -2.0, 0.5] + 4
    net = FullyConnectedNet(3, [], 1, init_scale=0.1, random=random, loss="mse")
    train(net, x[:150], y[:150], shuffled(150, 30, 60, 0), 0.05)
    assert net.data_loss(x[150:], y[150:]) < 1e-10
    np.testing.assert_allclose(net.params["W1"][:, 0], [1, -2, 0.5], atol=1e-5)


def arrays_equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def test_the_same_seeds_give_the_same_bits_and_others_do_not():
    def run(seed):
        net, masks = network(batch_norm=True, dropout=0.3), np.random.default_rng(seed)
        train(net, *digits(), shuffled(50, 16, 4, seed), 0.1, masks=masks)
        return net.state()

    first, again, other = run(0), run(0), run(1)
    assert arrays_equal(first, again)
    assert not arrays_equal(first, other)


def test_batches_have_every_sample_once_an_epoch():
    batches = [batch.tolist() for batch in shuffled(50, 16, 2, 0)]
    assert [len(batch) for batch in batches] == 2 * [16, 16, 16, 2]
    for epoch in (batches[:4], batches[4:]):
        assert sorted(row for batch in epoch for row in batch) == list(range(50))
    assert batches[:4] != batches[4:]


def test_inference_moves_nothing():
    net = network(batch_norm=True)
    before = net.state()
    net.outputs(digits()[0])
    net.data_loss(*digits())
    assert arrays_equal(before, net.state())


@pytest.mark.filterwarnings("error")
def test_a_run_may_diverge():
    x = np.random.default_rng(0).standard_normal((40, 3))
    net = FullyConnectedNet(3, [10], 1, init_scale=1, random=np.random.default_rng(1), loss="mse")
    train(net, x, x[:, 0], shuffled(40, 10, 50, 0), 1e3)
    assert not np.isfinite(net.params["W1"]).all()


def test_a_larger_penalty_makes_smaller_weights():
    def size(strength):
        net = network(lambda2=strength)
        train(net, *digits(), shuffled(50, 10, 20, 0), 0.05)
        return np.linalg.norm(net.params["W1"])

    assert size(0.0) > size(0.1) > size(1.0)
