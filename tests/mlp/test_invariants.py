"""What holds whatever the numbers are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from restudy.mlp.activations import ACTIVATIONS, sigmoid_forward
from restudy.mlp.batch_norm import EPS, RunningAverages, batch_norm_backward, batch_norm_forward
from restudy.mlp.dropout import dropout_backward, dropout_forward
from restudy.mlp.gradient_check import (
    check_layer,
    check_network,
    cosine,
    max_relative_error,
    norm_relative_error,
    numerical_gradient,
)
from restudy.mlp.layers import affine_backward, affine_forward
from restudy.mlp.losses import cross_entropy, cross_entropy_of_probabilities, softmax
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.optimisers import OPTIMISERS
from restudy.mlp.penalties import PENALTIES, elastic_net, l1, l2

same_each_time = settings(max_examples=25, deadline=None, derandomize=True)
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
moderate = st.floats(-50, 50, allow_subnormal=False)
matrices = hnp.arrays(np.float64, st.tuples(sizes, sizes), elements=moderate)
strengths = st.floats(0, 10, allow_subnormal=False)


@same_each_time
@given(matrices, st.floats(-1e3, 1e3))
def test_softmax_adds_up_to_one_and_does_not_see_a_shift(scores, shift):
    p = softmax(scores)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(softmax(scores + shift), p, atol=1e-12)


@same_each_time
@given(matrices, seeds)
def test_both_forms_of_cross_entropy_agree_and_their_gradient_adds_up_to_zero(scores, seed):
    y = np.random.default_rng(seed).integers(0, scores.shape[1], len(scores))
    loss, gradient = cross_entropy(scores, y)
    other, other_gradient = cross_entropy_of_probabilities(scores, y)
    assert loss >= 0
    assert other == pytest.approx(loss, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(gradient, other_gradient, atol=1e-14)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-14)


@same_each_time
@given(sizes, st.integers(2, 12))
def test_equal_scores_cost_the_logarithm_of_the_number_of_classes(n, classes):
    loss, _ = cross_entropy(np.zeros((n, classes)), np.zeros(n, int))
    assert loss == pytest.approx(math.log(classes), rel=1e-14)


@same_each_time
@given(matrices)
def test_sigmoids_of_opposite_numbers_add_up_to_one(x):
    np.testing.assert_allclose(sigmoid_forward(x)[0] + sigmoid_forward(-x)[0], 1, rtol=1e-15)


@same_each_time
@given(matrices, strengths)
def test_elastic_net_reduces_to_l1_and_to_l2(w, strength):
    assert elastic_net(w, strength, 0)[0] == l1(w, strength)[0]
    np.testing.assert_array_equal(elastic_net(w, strength, 0)[1], l1(w, strength)[1])
    assert elastic_net(w, 0, strength)[0] == l2(w, 2 * strength)[0]
    np.testing.assert_array_equal(elastic_net(w, 0, strength)[1], l2(w, 2 * strength)[1])


@same_each_time
@given(matrices, strengths, strengths)
def test_penalties_are_never_negative_and_nothing_at_strength_zero(w, lambda1, lambda2):
    for penalty in PENALTIES.values():
        assert penalty(w, lambda1, lambda2)[0] >= 0
        value, gradient = penalty(w, 0.0, 0.0)
        assert value == 0
        assert not gradient.any()


@same_each_time
@given(st.integers(2, 8), sizes, seeds)
def test_batch_norm_gives_mean_beta_and_variance_gamma_squared(n, units, seed):
    random = np.random.default_rng(seed)
    x = 3 * random.standard_normal((n, units)) + 5
    gamma, beta = random.standard_normal(units), random.standard_normal(units)
    averages = RunningAverages.start(units)
    out, _ = batch_norm_forward(x, gamma, beta, averages, training=True)
    np.testing.assert_allclose(out.mean(axis=0), beta, atol=1e-10)
    of_x = x.var(axis=0)
    np.testing.assert_allclose(out.var(axis=0), gamma**2 * of_x / (of_x + EPS), atol=1e-10)


def test_batch_norm_of_a_unit_that_never_changes_is_its_shift():
    x, averages = np.full((4, 1), 7.0), RunningAverages.start(1)
    out, cache = batch_norm_forward(x, np.ones(1), np.full(1, 0.5), averages, training=True)
    assert (out == 0.5).all()
    assert all(np.isfinite(g).all() for g in batch_norm_backward(np.ones((4, 1)), cache))


def test_running_averages_come_to_the_statistics_of_the_data():
    random = np.random.default_rng(0)
    averages = RunningAverages.start(2)
    for _ in range(3000):
        x = random.normal([3, -1], [2, 0.5], (50, 2))
        batch_norm_forward(x, np.ones(2), np.zeros(2), averages, training=True)
    # An average over about 19 batches of 50: known to about 3% of a standard deviation.
    np.testing.assert_allclose(averages.mean, [3, -1], atol=0.3)
    np.testing.assert_allclose(averages.var, [4, 0.25], rtol=0.25)


@same_each_time
@given(st.floats(0, 0.95), seeds)
def test_dropout_keeps_the_mean_and_drops_its_share(p, seed):
    n = 40_000
    out, mask = dropout_forward(np.full(n, 2.0), p, np.random.default_rng(seed))
    share = np.mean(mask == 0)
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / n) + 1e-12
    np.testing.assert_allclose(out[mask != 0], 2 / (1 - p))
    assert abs(out.mean() - 2) < 10 * math.sqrt(p / (1 - p) / n) + 1e-12
    np.testing.assert_array_equal(dropout_backward(np.ones(n), mask), mask)


def test_dropout_does_nothing_at_inference():
    x = np.ones((2, 3))
    out, mask = dropout_forward(x, 0.5, None)
    assert out is x
    assert dropout_backward(x, mask) is x


@same_each_time
@given(sizes, sizes, sizes, seeds)
def test_gradient_check_of_layers(n, inputs, outputs, seed):
    random = np.random.default_rng(seed)
    x, w, b = (random.standard_normal(s) for s in [(n, inputs), (inputs, outputs), (outputs,)])
    dout = random.standard_normal((n, outputs))
    found = check_layer(
        lambda: affine_forward(x, w, b), affine_backward, {"x": x, "w": w, "b": b}, dout
    )
    for one in ACTIVATIONS.values():
        away_from_kinks = x + 0.1 * np.sign(x)
        found |= check_layer(
            lambda one=one, z=away_from_kinks: one.forward(z),
            one.backward,
            {f"{one}": away_from_kinks},
            random.standard_normal(x.shape),
        )
    assert max(errors.norm_relative for errors in found.values()) < 1e-7


@same_each_time
@given(st.integers(3, 7), sizes, st.booleans(), seeds)
def test_gradient_check_of_batch_norm(n, units, training, seed):
    random = np.random.default_rng(seed)
    x, gamma, beta = (random.standard_normal(s) for s in [(n, units), (units,), (units,)])
    averages = RunningAverages(random.standard_normal(units), random.random(units) + 0.5)

    def forward():
        fresh = RunningAverages(averages.mean.copy(), averages.var.copy())
        return batch_norm_forward(x, gamma, beta, fresh, training=training)

    found = check_layer(
        forward,
        batch_norm_backward,
        {"x": x, "gamma": gamma, "beta": beta},
        random.standard_normal((n, units)),
    )
    assert max(errors.norm_relative for errors in found.values()) < 1e-5


networks = st.fixed_dictionaries(
    {
        "hidden": st.sampled_from([[], [4], [5, 3]]),
        "loss": st.sampled_from(["cross_entropy", "cross_entropy_of_probabilities", "mse"]),
        "activation": st.sampled_from(["sigmoid", "tanh"]),  # without kinks
        "penalty": st.sampled_from(["l1", "l2", "elastic_net"]),
        "lambda1": st.sampled_from([0.0, 0.1]),
        "lambda2": st.sampled_from([0.0, 3.14]),
        "batch_norm": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.4]),
    }
)


@settings(parent=same_each_time, max_examples=40)
@given(networks, seeds)
def test_gradient_check_of_networks(options, seed):
    random = np.random.default_rng(seed)
    network = FullyConnectedNet(3, outputs=2, init_scale=0.5, random=random, **options)
    for name, parameter in network.params.items():
        if name[0] == "W":  # away from the kink of L1
            parameter += 0.01 * np.sign(parameter)
    x = random.standard_normal((6, 3))
    y = random.standard_normal((6, 2)) if options["loss"] == "mse" else random.integers(0, 2, 6)
    found = check_network(network, x, y, seed=1)
    _, gradients = network.loss_and_gradients(x, y, np.random.default_rng(1))
    largest = max(np.abs(g).max() for g in gradients.values())
    for name, errors in found.items():
        # A bias that batch norm takes out again has no gradient: only rounding is left of it.
        nothing = np.abs(gradients[name]).max() < 1e-9 * largest
        assert errors.norm_relative < 1e-6 or nothing


def test_a_check_leaves_the_network_as_it_was():
    random = np.random.default_rng(0)
    network = FullyConnectedNet(
        3, [4], 2, init_scale=1, random=random, batch_norm=True, dropout=0.2
    )
    before = network.state()
    check_network(network, random.standard_normal((5, 3)), random.integers(0, 2, 5))
    for name, array in network.state().items():
        np.testing.assert_array_equal(array, before[name])


@same_each_time
@given(seeds, st.integers(-300, 300).map(lambda n: n / 100))
def test_the_measures_of_disagreement_tell_a_factor(seed, factor):
    right = np.random.default_rng(seed).standard_normal((4, 3))
    assert norm_relative_error(factor * right, right) == pytest.approx(abs(factor - 1), abs=1e-12)
    if factor <= 0:  # one measure for all wrong signs
        assert max_relative_error(factor * right, right) == 1
    if factor:
        assert cosine(factor * right, right) == pytest.approx(math.copysign(1, factor))


def test_the_measures_of_zeros():
    nothing, something = np.zeros(3), np.ones(3)
    assert max_relative_error(nothing, nothing) == norm_relative_error(nothing, nothing) == 0
    assert (cosine(nothing, nothing), cosine(something, nothing)) == (1, 0)
    assert max_relative_error(np.array([1e-12]), np.array([0.0])) == pytest.approx(1e-4)


def test_the_numerical_gradient_of_a_square():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    np.testing.assert_allclose(numerical_gradient(lambda: np.sum(x**2), x), 2 * x, rtol=1e-9)
    dout = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(numerical_gradient(lambda: x**2, x, dout), 2 * x * dout, rtol=1e-9)


@same_each_time
@given(st.sampled_from(sorted(OPTIMISERS)), st.floats(0, 0.95), seeds)
def test_update_rules_change_neither_their_arguments_nor_the_type(rule, momentum, seed):
    w, g, v = (
        np.random.default_rng(seed).standard_normal((3, 4)).astype(np.float32) for _ in "abc"
    )
    copies = [array.copy() for array in (w, g, v)]
    for new in OPTIMISERS[rule](w, g, v, 0.1, momentum):
        assert new.dtype == np.float32
    for array, copied in zip((w, g, v), copies, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_every_rule_finds_the_minimum_of_an_ill_conditioned_bowl():
    curvature = np.array([1.0, 30.0])
    for rule, update in OPTIMISERS.items():
        w, v = np.array([5.0, 5.0]), np.zeros(2)
        for _ in range(2000):
            w, v = update(w, curvature * w, v, 0.02, 0.9)
        assert np.abs(w).max() < 1e-6, rule
