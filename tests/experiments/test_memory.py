"""Bytes that are counted, against those that the shapes give."""

import itertools

import numpy as np
import pytest

from experiments import memory
from experiments.torch_nets import network, with_norm
from tests.experiments.tables import tabulate

FLOAT, LONG = 4, 8


def by_shapes(widths, batch, *, batch_norm):
    """Return what the backward pass needs: of each layer its input, of the loss log p and labels.

    ReLU needs its output, which is the next layer's input. Batch norm needs its own input, and the
    batch's mean and 1/sd of each unit. Cross-entropy also keeps the sum of the labels' weights.
    """
    hidden = widths[1:-1]
    values = batch * (widths[0] + sum(hidden) + widths[-1]) + 1
    if batch_norm:
        values += (batch + 2) * sum(hidden)
    return FLOAT * values + LONG * batch


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(("hidden", "batch"), [((32,), 8), ((64, 16, 32), 50)])
def test_activations_are_counted_once(hidden, batch, batch_norm):
    widths = [784, *hidden, 10]
    net = network(widths, np.random.default_rng(0), with_norm(batch_norm))
    wanted = by_shapes(widths, batch, batch_norm=batch_norm)
    assert memory.kept_bytes(net, batch) == wanted


def test_what_a_network_keeps():
    table = tabulate(memory.norm_memory, {}).set_index(["norm", "seed"])
    for seed in range(3):
        widths, batch = memory.draw_shape(seed, "norm memory")
        plain = sum((n + 1) * m for n, m in itertools.pairwise(widths))
        units = sum(widths[1:-1])
        for norm, parameters, averages in (
            ("none", plain, 0),
            ("batch", plain + 2 * units, 2 * units),
        ):
            found = table.loc[(norm, seed)]
            activations = by_shapes(widths, batch, batch_norm=norm == "batch")
            assert found["state_values"] == parameters + averages
            assert found["activation_bytes"] == activations
            values = 2 * parameters + averages  # with a gradient for each parameter
            assert found["training_bytes"] == FLOAT * values + activations


def test_bytes_by_batch_size():
    table = tabulate(memory.batch_memory, {}).set_index(["batch_size", "seed"])
    widths, _ = memory.draw_shape(4, "batch memory")
    parameters = sum((n + 1) * m for n, m in itertools.pairwise(widths))
    found = table.loc[("256", 4)]
    activations = by_shapes(widths, 256, batch_norm=False)
    assert found["gradient_bytes"] == FLOAT * parameters
    assert found["bytes"] == activations + FLOAT * parameters
    assert found["activation_bytes_per_sample"] == activations / 256


def test_drawn_networks_differ_and_stay_in_their_range():
    shapes = [memory.draw_shape(seed, "test") for seed in range(200)]
    assert {len(widths) - 2 for widths, _ in shapes} == {1, 2, 3, 4}
    hidden = {width for widths, _ in shapes for width in widths[1:-1]}
    assert hidden == {32, 64, 128, 256, 512, 1024}
    assert {batch for _, batch in shapes} == {8, 16, 32, 64, 128, 256, 512}
