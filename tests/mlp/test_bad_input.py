"""Bad input is named."""

import numpy as np
import pytest

from restudy.mlp.activations import relu_backward
from restudy.mlp.batch_norm import RunningAverages, batch_norm_backward, batch_norm_forward
from restudy.mlp.dropout import dropout_backward, dropout_forward
from restudy.mlp.gradient_check import (
    check_layer,
    max_relative_error,
    norm_relative_error,
    numerical_gradient,
)
from restudy.mlp.layers import affine_backward, affine_forward, affine_relu_backward
from restudy.mlp.layers import affine_relu_forward as sandwich
from restudy.mlp.losses import cross_entropy, mse
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.penalties import elastic_net, l1, l2
from restudy.mlp.solver import train

ones = np.ones


def network(**fields):
    known = {"inputs": 3, "hidden": [4], "outputs": 2, "init_scale": 1.0}
    return FullyConnectedNet(random=np.random.default_rng(0), **(known | fields))


def solve(y=(0, 1), rate=0.1, **options):
    train(network(), ones((2, 3)), y, [slice(None)], rate, **options)


def norm(x, *, scales=3, averages=3, eps=1e-5):
    started = RunningAverages.start(averages)
    return batch_norm_forward(x, ones(scales), ones(3), started, training=True, eps=eps)


CASES = [
    (
        lambda: affine_forward(ones((2, 4)), ones((3, 5)), ones(5)),
        r"4 numbers \(4,\), but w takes 3",
    ),
    (lambda: affine_forward(ones((2, 3)), ones(3), ones(5)), r"w needs the shape \(D, M\)"),
    (lambda: affine_forward(ones((2, 3)), ones((3, 5)), ones(3)), r"b needs the shape \(5,\)"),
    (lambda: affine_forward(ones(3), ones((3, 5)), ones(5)), "x needs samples"),
    (
        lambda: affine_backward(
            ones((2, 4)), affine_forward(ones((2, 3)), ones((3, 5)), ones(5))[1]
        ),
        r"dout needs the shape of the output, \(2, 5\), not \(2, 4\)",
    ),
    (
        lambda: affine_relu_backward(
            ones((1, 5)), sandwich(ones((2, 3)), ones((3, 5)), ones(5))[1]
        ),
        r"\(2, 5\), not \(1, 5\)",
    ),
    (lambda: relu_backward(ones(3), ones(4)), r"\(4,\), not \(3,\)"),
    (lambda: cross_entropy(ones(3), np.array([0])), r"scores need the shape \(n, classes\)"),
    (lambda: cross_entropy(ones((0, 3)), np.array([], int)), "at least one sample"),
    (lambda: cross_entropy(ones((2, 3)), np.array([0])), "2 rows of scores"),
    (lambda: cross_entropy(ones((2, 3)), ones(2)), "labels are integers, not float64"),
    (lambda: cross_entropy(ones((2, 3)), np.array([0, 3])), "between 0 and 2, not between 0 and 3"),
    (lambda: cross_entropy(ones((2, 3)), np.array([-1, 0])), "not between -1 and 0"),
    (lambda: mse(ones((2, 1)), ones(2)), r"one shape, not \(2, 1\) and \(2,\)"),
    (lambda: mse(ones(0), ones(0)), "at least one sample"),
    (lambda: l1(ones(2), -1), "lambda1 must be 0 or more, not -1"),
    (lambda: l2(ones(2), -0.5), "lambda2 must be 0 or more, not -0.5"),
    (lambda: l2(ones(2), np.nan), "not nan"),
    (lambda: elastic_net(ones(2), 0, -1), "lambda2 must be 0 or more, not -1"),
    (lambda: dropout_forward(ones(2), 1.0, None), r"must lie in \[0, 1\), not 1.0"),
    (lambda: dropout_forward(ones(2), -0.1, None), r"must lie in \[0, 1\), not -0.1"),
    (lambda: dropout_backward(ones(2), ones(3)), r"\(3,\), not \(2,\)"),
    (lambda: norm(ones((1, 3))), "cannot train on a batch of 1"),
    (lambda: norm(ones((2, 3)), eps=0), "eps must be above 0, not 0"),
    (lambda: norm(ones(3)), r"x needs the shape \(n, units\), not \(3,\)"),
    (lambda: norm(ones((2, 3)), scales=2), r"gamma needs the shape \(3,\), not \(2,\)"),
    (lambda: norm(ones((2, 3)), averages=4), "running mean needs the shape"),
    (lambda: batch_norm_backward(ones((3, 3)), norm(ones((2, 3)))[1]), r"\(2, 3\), not \(3, 3\)"),
    (lambda: RunningAverages(ones(3), ones(3), 0), r"momentum must lie in \(0, 1\], not 0"),
    (lambda: RunningAverages(ones(3), ones(2)), "mean and var need one shape"),
    (lambda: network(loss="crossentropy"), "loss: 'crossentropy' .*did you mean 'cross_entropy'"),
    (lambda: network(activation="relo"), "activation: 'relo' .*did you mean 'relu'"),
    (lambda: network(penalty="l3"), "penalty: 'l3' is none of l1, l2, elastic_net"),
    (lambda: network(dropout=1), r"dropout must lie in \[0, 1\), not 1"),
    (lambda: network(lambda2=-1), "lambda2 must be 0 or more"),
    (lambda: network(init_scale=-1), "init_scale must be 0 or more"),
    (lambda: network(hidden=[4, 0]), "widths must be 1 or more"),
    (lambda: network(dtype=np.float16), "float32 or float64, not float16"),
    (lambda: network().outputs(ones((2, 4))), r"4 numbers \(4,\), but w takes 3"),
    (lambda: network().loss(ones((2, 3)), [0]), "2 rows of scores"),
    (lambda: network(loss="mse").loss(ones((2, 3)), [0.0, 1.0]), r"\(2, 2\) and \(2,\)"),
    (lambda: network(dropout=0.5).loss(ones((2, 3)), [0, 1]), "dropout needs a random generator"),
    (lambda: network().load_state({"W1": ones(2)}), "a state of .* is needed"),
    (lambda: solve(momentum=1.0), "momentum must lie in"),
    (lambda: solve(optimiser="adam"), "optimiser: 'adam' is none of sgd, momentum"),
    (lambda: solve(rate=-0.1), "learning rate must be above 0"),
    (lambda: solve(y=[0]), "2 inputs, but 1 targets"),
    (lambda: numerical_gradient(lambda: 0, ones(2, np.float32)), "need float64, not float32"),
    (lambda: numerical_gradient(lambda: 0, ones(2), h=0), "step must be above 0, not 0"),
    (lambda: max_relative_error(ones(2), ones((2, 1))), "gradients of one shape"),
    (lambda: norm_relative_error(ones(2), ones(3)), "gradients of one shape"),
    (
        lambda: check_layer(lambda: (ones(2), None), lambda d, c: (d, d), {"x": ones(2)}, ones(2)),
        "2 gradients for 1 inputs",
    ),
]


@pytest.mark.parametrize(("call", "message"), CASES, ids=[message for _, message in CASES])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
