"""Large numbers, both float types, and the arithmetic that is the same everywhere."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.mlp import fused
from restudy.mlp.activations import ACTIVATIONS
from restudy.mlp.batch_norm import RunningAverages, batch_norm_backward, batch_norm_forward
from restudy.mlp.losses import cross_entropy, cross_entropy_of_probabilities, softmax
from restudy.mlp.network import FullyConnectedNet

TYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_large_numbers(name, dtype):
    x = np.array([-1e4, -104, -88.8, -88, -1, 0, 1, 88.8, 1e4], dtype)
    out, cache = ACTIVATIONS[name].forward(x)
    dx = ACTIVATIONS[name].backward(np.ones_like(x), cache)
    assert out.dtype == dx.dtype == dtype
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()
    if name == "sigmoid":
        exact = [1 / (1 + math.exp(-v)) if v > -700 else 0 for v in x.tolist()]
        np.testing.assert_allclose(out, exact, rtol=1e-5, atol=1e-38)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", [1e2, 1e4])
def test_the_softmax_loss_of_large_scores(size, dtype):
    scores = np.array([[size, 0, -size], [-size, size, size], [size, size, size]], dtype)
    y = np.array([2, 0, 1])
    p = softmax(scores)
    assert p.dtype == dtype
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    loss, gradient = cross_entropy(scores, y)
    expected = (2 * size + 2 * size + math.log(2) + math.log(3)) / 3
    assert loss == pytest.approx(expected, rel=1e-6)
    assert gradient.dtype == dtype
    assert np.isfinite(gradient).all()


def test_the_loss_by_way_of_probabilities_is_infinite_where_they_vanish():
    scores = np.array([[1e4, 0.0]], np.float32)
    loss, gradient = cross_entropy_of_probabilities(scores, np.array([1]))
    assert loss == math.inf
    np.testing.assert_array_equal(gradient, [[1, -1]])
    assert cross_entropy(scores, np.array([1]))[0] == 1e4


@pytest.mark.parametrize("dtype", TYPES)
def test_the_type_goes_through_batch_norm(dtype):
    x = np.array([[1e4, -3], [-1e4, -3], [5, -3]], dtype)
    averages = RunningAverages.start(2, dtype)
    for training in (True, False):
        out, cache = batch_norm_forward(
            x, np.ones(2, dtype), np.zeros(2, dtype), averages, training=training
        )
        assert out.dtype == averages.mean.dtype == averages.var.dtype == dtype
        assert np.isfinite(out).all()
        assert all(g.dtype == dtype for g in batch_norm_backward(np.ones_like(x), cache))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_the_type_goes_through_the_network(loss, dtype):
    random = np.random.default_rng(0)
    network = FullyConnectedNet(
        4,
        [5, 3],
        2,
        init_scale=0.1,
        random=random,
        loss=loss,
        penalty="elastic_net",
        lambda1=0.1,
        lambda2=0.1,
        batch_norm=True,
        dropout=0.2,
        dtype=dtype,
    )
    x = random.standard_normal((6, 4))
    y = random.standard_normal((6, 2)) if loss == "mse" else random.integers(0, 2, 6)
    value, gradients = network.loss_and_gradients(x, y, random)
    assert type(value) is float
    assert {g.dtype for g in gradients.values()} == {np.dtype(dtype)}
    assert network.outputs(x).dtype == dtype
    assert network.data_loss(x, y) > 0


def test_float32_is_close_to_float64():
    def loss(dtype):
        random = np.random.default_rng(3)
        network = FullyConnectedNet(
            4, [50, 50], 3, init_scale=0.3, random=random, dtype=dtype, lambda2=0.1
        )
        return network.loss_and_gradients(random.standard_normal((20, 4)), np.arange(20) % 3)

    (value, gradients), (reference, references) = loss(np.float32), loss(np.float64)
    assert value == pytest.approx(reference, rel=1e-6)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, references[name], rtol=1e-3, atol=1e-6)


def exact_chain(a, b):
    """In-order products with one exact rounding a term, one element at a time."""
    out = np.empty((len(a), b.shape[1]))
    for i, j in np.ndindex(*out.shape):
        total = 0.0
        for x, y in zip(a[i].tolist(), b[:, j].tolist(), strict=True):
            total = float(Fraction(x) * Fraction(y) + Fraction(total))
        out[i, j] = total
    return out


# Few bits and many, large and small: sums that cancel, and sums halfway between two numbers.
nasty = st.one_of(
    st.floats(-4, 4, allow_subnormal=False).filter(lambda x: abs(x) > 1e-9),
    st.sampled_from([0.0, 1.0, -1.0, 1 + 2**-52, 1 - 2**-53, 2.0**-53, -(2.0**-53), 2.0**53, 3.0]),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data(), st.integers(1, 3), st.integers(1, 9), st.integers(1, 3))
def test_fused_products_are_rounded_once_a_term(data, n, k, m):
    draw = lambda size: data.draw(st.lists(nasty, min_size=size, max_size=size))  # noqa: E731
    a, b = np.array(draw(n * k)).reshape(n, k), np.array(draw(k * m)).reshape(k, m)
    np.testing.assert_array_equal(fused.in_order(a, b), exact_chain(a, b))
    parts = [exact_chain(a[:, i::8], b[i::8]) if i < k else np.zeros((n, m)) for i in range(8)]
    halves = [parts[i] + parts[i + 4] for i in range(4)]
    expected = (halves[0] + halves[1]) + (halves[2] + halves[3])
    np.testing.assert_array_equal(fused.in_eight_parts(a, b), expected)


def test_a_sum_that_ends_halfway_between_two_numbers_goes_the_slow_way():
    # 1 + 2^-53 - 2^-113: just below the middle between 1 and the next number.
    a = np.array([[1.0, 2.0**-53 * (1 - 2**-30)]])
    b = np.array([[1.0], [1 + 2**-30]])
    assert fused.in_order(a, b) == 1.0
    assert fused.in_order(a, -b) == -1.0
    a[0, 1] *= 1 + 2**-29
    assert fused.in_order(a, b) == 1 + 2**-52


def test_few_rows_by_a_transposed_matrix_are_added_up_in_eight_parts():
    random = np.random.default_rng(0)
    a, w = random.standard_normal((5, 30)), random.standard_normal((20, 30))
    np.testing.assert_array_equal(fused.product(a, w.T), fused.in_order(a, w.T))
    np.testing.assert_array_equal(fused.product(a[:3], w.T), fused.in_eight_parts(a[:3], w.T))
    in_order = fused.in_order(a[:3], w.T.copy())
    np.testing.assert_array_equal(fused.product(a[:3], w.T.copy()), in_order)
    assert (in_order != fused.in_eight_parts(a[:3], w.T)).any()
    np.testing.assert_allclose(fused.product(a, w.T), a @ w.T, rtol=1e-12, atol=1e-12)


def test_the_fused_arithmetic_is_for_float64():
    with pytest.raises(ValueError, match="float64 is needed, not float32"):
        fused.in_order(np.ones((1, 1), np.float32), np.ones((1, 1)))
