"""Clocks with a made-up time, and what is timed against torch and what can be worked out."""

import gc

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info
from torch import nn

from experiments import cpu_timer, step_times, time_to_accuracy
from experiments.time_to_accuracy import Side, Trained
from experiments.torch_nets import ACTIVATIONS, descend, network, with_norm
from restudy.mlp.network import FullyConnectedNet

from ..recipes import images


class FakeTime:
    """A timer that moves only when something is called that takes time."""

    def __init__(self, monkeypatch):
        self.now, self.called = 100.0, []
        monkeypatch.setattr(cpu_timer, "process_time", lambda: self.now)

    def call(self, name, seconds):
        def one():
            self.now += seconds
            self.called.append(name)

        return one


@pytest.fixture
def time(monkeypatch):
    return FakeTime(monkeypatch)


def test_seconds_are_those_of_one_call_and_sides_take_turns(time):
    sides = {"slow": time.call("slow", 0.05), "quick": time.call("quick", 0.003)}
    found = cpu_timer.in_turns(sides, 3)
    assert next(found) == pytest.approx({"slow": 0.05, "quick": 0.003})
    del time.called[:]
    assert next(found) == pytest.approx({"slow": 0.05, "quick": 0.003})
    # 0.02 seconds are one call of the one side and eight, a power of two, of the other; the second
    # repetition begins with the second side, the third with the first one again.
    assert time.called == ["quick"] * 8 + ["slow"]
    del time.called[:]
    next(found)
    assert time.called == ["slow"] + ["quick"] * 8


def test_a_stopwatch_counts_only_while_it_runs(time):
    watch, work = cpu_timer.Stopwatch(), time.call("work", 2.0)
    with watch.running():
        work()
    work()
    with watch.running():
        work()
    assert watch.seconds == 4.0


def test_one_thread_and_no_collection_for_a_while():
    before = torch.get_num_threads(), gc.isenabled()
    small = torch.tensor(1e-38)
    with cpu_timer.one_thread():
        assert torch.get_num_threads() == 1
        assert {one["num_threads"] for one in threadpool_info()} <= {1}
        assert not gc.isenabled()
        assert float(small / 10) == 0
    assert (torch.get_num_threads(), gc.isenabled()) == before
    assert float(small / 10) > 0


@pytest.mark.parametrize("way", step_times.PASSES.values(), ids=step_times.PASSES)
def test_both_ways_of_a_pass_are_softmax_regression(way):
    random = np.random.default_rng(0)
    w, b = random.normal(size=(5, 3)), random.normal(size=3)
    x, y = random.normal(size=(7, 5)), random.integers(0, 3, 7)
    weights, biases = (torch.tensor(one, requires_grad=True) for one in (w, b))
    reference = nn.functional.cross_entropy(torch.tensor(x) @ weights + biases, torch.tensor(y))
    reference.backward()
    loss, dw, db = way(w, b, x, y)
    assert loss == pytest.approx(reference.item())
    assert dw == pytest.approx(weights.grad.numpy())
    assert db == pytest.approx(biases.grad.numpy())


@pytest.mark.parametrize("name", ["fused", "separate"])
def test_both_ways_of_a_loss_are_that_of_autograd(name):
    random = np.random.default_rng(0)
    scores, y = random.normal(0, 3, (7, 5)), random.integers(0, 5, 7)
    leaf = torch.tensor(scores, requires_grad=True)
    nn.functional.cross_entropy(leaf, torch.tensor(y)).backward()
    reference = nn.functional.cross_entropy(leaf, torch.tensor(y)).item()
    loss, gradient = step_times.LOSSES_BY_HAND[name](scores, y)
    assert loss == pytest.approx(reference, rel=1e-12)
    assert gradient == pytest.approx(leaf.grad.numpy(), abs=1e-14)
    of_torch, slope = step_times.differentiated(
        step_times.TORCH_LOSSES[name], leaf, torch.tensor(y)
    )
    assert of_torch.item() == pytest.approx(reference, rel=1e-12)
    assert slope.numpy() == pytest.approx(leaf.grad.numpy(), abs=1e-14)


def test_batch_norm_or_none_have_the_same_weights():
    plain = network([6, 5, 4, 3], np.random.default_rng(0))
    normed = network([6, 5, 4, 3], np.random.default_rng(0), with_norm(True))
    kinds = [type(layer).__name__ for layer in normed]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear"]
    weights = [
        [layer.weight.detach().numpy() for layer in net if isinstance(layer, nn.Linear)]
        for net in (plain, normed)
    ]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    drawn = np.random.default_rng(0).normal(0, np.sqrt(2 / 6), (5, 6))
    assert weights[0][0] == pytest.approx(drawn, rel=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_by_hand_is_that_of_torch(name):
    random = np.random.default_rng(0)
    x, dout = (random.normal(size=(4, 3)).astype(np.float32) for _ in range(2))
    by_hand = step_times.activate_by_hand(name, x, dout)
    (by_torch,) = step_times._torch_activation(name, x, dout)()
    assert by_hand == pytest.approx(by_torch.numpy(), rel=1e-5)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_step_by_hand_is_that_of_torch(batch_norm):
    train = step_times._batches(images(rows=64), "test")
    x, y = train.x.astype(np.float32), train.y
    of_torch = network([784, 6, 10], np.random.default_rng(0), with_norm(batch_norm))
    by_hand = FullyConnectedNet(
        784, [6], 10, init_scale=0.1, random=np.random.default_rng(0), batch_norm=batch_norm
    )
    first, last = of_torch[0], of_torch[-1]
    by_hand.params["W1"][:] = first.weight.detach().numpy().T
    by_hand.params["W2"][:] = last.weight.detach().numpy().T
    rule = torch.optim.SGD(of_torch.parameters(), lr=step_times.RATE)
    for _ in range(3):
        descend(of_torch, rule, torch.from_numpy(x), torch.from_numpy(y))
        step_times.descend_by_hand(by_hand, x, y)
    for layer, name in ((first, "1"), (last, "2")):
        weights, biases = layer.weight.detach().numpy().T, layer.bias.detach().numpy()
        assert by_hand.params[f"W{name}"] == pytest.approx(weights, rel=1e-3, abs=1e-6)
        assert by_hand.params[f"b{name}"] == pytest.approx(biases, rel=1e-3, abs=1e-6)


def test_steps_take_one_batch_after_the_other():
    rows = step_times._rows(130)
    assert [next(rows) for _ in range(3)] == [slice(0, 64), slice(64, 128), slice(0, 64)]


def side(target, batch=16):
    return Side(time_to_accuracy._images(images(rows=600)), (16,), False, batch, target)


def test_training_ends_at_the_target_or_when_it_is_given_up(monkeypatch):
    monkeypatch.setattr(time_to_accuracy, "_CHECK", 64)
    reached = time_to_accuracy.train(side(0.6), 0.03, 0, "test")
    assert reached.reached
    assert reached.samples % 64 == 0
    assert reached.samples < 5000
    assert reached.seconds > 0
    # No network is right more often than always.
    given_up = time_to_accuracy.train(side(1.1), 0.03, 0, "test", most=200)
    assert (given_up.samples, given_up.reached) == (256, False)


def test_the_looks_at_the_accuracy_are_not_timed(monkeypatch, time):
    monkeypatch.setattr(time_to_accuracy, "_CHECK", 64)
    spend = time.call("look", 1000.0)
    monkeypatch.setattr(time_to_accuracy, "accuracy", lambda *_: spend() or 0.0)
    assert time_to_accuracy.train(side(0.5), 0.03, 0, "test", most=128).seconds == 0
    assert len(time.called) == 2


def test_batches_are_whole_and_go_round():
    batches = time_to_accuracy._batches(10, 4, 0, "test")
    first = [next(batches) for _ in range(2)]
    assert len(set(torch.cat(first).tolist())) == 8
    assert [len(next(batches)) for _ in range(4)] == [4] * 4


@pytest.mark.parametrize(
    ("needed", "wanted"),
    [
        ({0.01: 900, 0.03: 500, 0.1: 700}, 0.03),
        ({0.01: 900, 0.03: 500, 0.1: 500}, 0.03),  # of equals the first
        ({1.0: 300}, 1.0),
        ({}, 0.01),
    ],
)
def test_the_rate_is_that_which_needs_the_fewest_samples(monkeypatch, needed, wanted):
    given = []

    def train(one, rate, seed, stream, most):
        given.append(most)
        samples = needed.get(rate, 10**9)
        return Trained(1.0, min(samples, most), samples <= most)

    monkeypatch.setattr(time_to_accuracy, "train", train)
    assert time_to_accuracy.best_rate(side(0.9)) == wanted
    assert given == sorted(given, reverse=True)  # no more than the best so far


def test_samples_for_choosing_rates_are_held_out_of_training():
    train, validation = time_to_accuracy._images(images(rows=600))
    assert (len(train), len(validation)) == (500, 100)
    rows = {one.tobytes() for one in train.x}
    assert not any(one.tobytes() in rows for one in validation.x)
