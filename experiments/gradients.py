"""Gradients written by hand, against centred differences in float64 (S1's unit tests)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.activations import relu_backward, relu_forward, sigmoid_backward, sigmoid_forward
from restudy.mlp.arithmetic import Array
from restudy.mlp.gradient_check import (
    Disagreement,
    check_layer,
    check_network,
    disagreement,
    numerical_gradient,
)
from restudy.mlp.layers import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
)
from restudy.mlp.losses import cross_entropy, mse
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

LAYERS = ("affine", "relu", "sigmoid", "affine_relu", "mse", "softmax")
STRENGTHS = {"0": 0.0, "3.14": 3.14}
"""Of the penalty: label -> lambda, S1's two."""
_LEAST = 1e-16
"""Below any error of float64, so that the logarithm of an exact result is a number."""
_OFF_THE_KINK = 0.01
_WEIGHT_SCALE = 0.3
"""Large enough that steps of 1e-5 hardly ever carry a unit over the kink of its ReLU."""


@Experiment(
    name="layer-gradients",
    title="Gradients of layers and losses written by hand, against centred differences",
    factors={"layer": LAYERS},
    numbers={
        "norm_relative_error": "|hand - numerical| / |numerical|, of the worst input",
        "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
        "log10_norm_relative_error": "its decimal logarithm, -16 or more",
    },
)
def layer_gradients(data: Data) -> Rows:
    """Check each layer with inputs of a shape and numbers that the seed draws."""
    for layer in LAYERS:
        for seed in range(SEEDS):
            yield layer, seed, *_errors(_check(layer, seed)).values()


@Experiment(
    name="network-gradients",
    title="Gradients of the whole network, with and without an L2 penalty",
    factors={"reg": STRENGTHS, "parameter": ("W1", "b1", "W2", "b2", "W3", "b3")},
    numbers={
        "norm_relative_error": "|hand - numerical| / |numerical|",
        "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
        "log10_norm_relative_error": "its decimal logarithm, -16 or more",
    },
)
def network_gradients(data: Data) -> Rows:
    """Check a network of three affine layers, whose widths, weights and batch the seed draws."""
    for reg, strength in STRENGTHS.items():
        for seed in range(SEEDS):
            for parameter, found in _check_network(strength, seed).items():
                yield reg, parameter, seed, *_errors([found]).values()


@Experiment(
    name="mse-gradient",
    title="The gradient of the squared error, each prediction's own or added up over the batch",
    factors={"gradient": ("summed", "own")},
    numbers={
        "norm_relative_error": "|written - numerical| / |numerical|",
        "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
        "log10_norm_relative_error": "decimal logarithm of the first, -16 or more",
    },
)
def mse_gradients(data: Data) -> Rows:
    """Check the gradient of the squared error: one for each prediction, or added up over the batch.

    The sum stands in the place of each prediction's own, as it has no shape of its own to stand in.
    """
    for seed in range(SEEDS):
        random = generator(seed, "gradients of mse")
        shape = random.integers(2, 10, 2)
        x, targets = random.standard_normal((2, *shape))
        own, numerical = mse(x, targets)[1], _numerical_mse(x, targets)
        for gradient, found in {"summed": np.full_like(own, own.sum()), "own": own}.items():
            errors = _errors([disagreement(found, numerical)])
            yield gradient, seed, *errors.values()


def _check(layer: str, seed: int) -> Iterable[Disagreement]:
    """Return how far the gradient of each input of a layer is from the numerical one."""
    random = generator(seed, f"gradients of {layer}")
    n, d, m = random.integers(2, 10, 3).tolist()
    x, w, b = (random.standard_normal(shape) for shape in ((n, d), (d, m), (m,)))
    dout = random.standard_normal((n, m))
    inputs = {"x": x, "w": w, "b": b}
    match layer:
        case "affine":
            return check_layer(
                lambda: affine_forward(x, w, b), affine_backward, inputs, dout
            ).values()
        case "affine_relu":
            return check_layer(
                lambda: affine_relu_forward(x, w, b), affine_relu_backward, inputs, dout
            ).values()
        case "relu":
            # A difference that steps over the kink is no derivative.
            z = dout + _OFF_THE_KINK * np.sign(dout)
            upper = random.standard_normal(z.shape)
            return check_layer(lambda: relu_forward(z), relu_backward, {"x": z}, upper).values()
        case "sigmoid":
            upper = random.standard_normal(x.shape)
            return check_layer(
                lambda: sigmoid_forward(x), sigmoid_backward, {"x": x}, upper
            ).values()
        case "mse":
            targets = random.standard_normal(x.shape)
            return [disagreement(mse(x, targets)[1], _numerical_mse(x, targets))]
        case "softmax":
            y = random.integers(d, size=n)
            found = cross_entropy(x, y)[1]
            return [disagreement(found, numerical_gradient(lambda: cross_entropy(x, y)[0], x))]
    raise ValueError(layer)


def _numerical_mse(x: Array, targets: Array) -> Array:
    return numerical_gradient(lambda: mse(x, targets)[0], x)


def _check_network(strength: float, seed: int) -> dict[str, Disagreement]:
    random = generator(seed, "gradients of a network")
    n, inputs, first, second, classes = (
        int(random.integers(low, high)) for low, high in ((2, 6), (8, 16), *2 * [(6, 13)], (5, 11))
    )
    network = FullyConnectedNet(
        inputs,
        [first, second],
        classes,
        weight_scale=_WEIGHT_SCALE,
        random=random,
        lambda2=strength,
    )
    x = random.standard_normal((n, inputs))
    return check_network(network, x, random.integers(classes, size=n))


def _errors(found: Iterable[Disagreement]) -> dict[str, float]:
    """Return the worst errors of some gradients."""
    errors = list(found)
    norm = max(error.norm_relative for error in errors)
    return {
        "norm_relative_error": norm,
        "max_relative_error": max(error.max_relative for error in errors),
        "log10_norm_relative_error": math.log10(max(norm, _LEAST)),
    }
