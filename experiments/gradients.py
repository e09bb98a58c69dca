"""Gradients written by hand, against centred differences in float64 (S1's unit tests)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.mlp.activations import ACTIVATIONS
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

_AFFINE: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "affine": (affine_forward, affine_backward),
    "affine_relu": (affine_relu_forward, affine_relu_backward),
}
LAYERS = ("affine", "relu", "sigmoid", "affine_relu", "mse", "softmax")
_MEASURES = {
    "max_relative_error": "S1's measure: largest |a - b| / (|a| + |b|) of an element",
    "log10_norm_relative_error": "decimal logarithm of the first, -16 or more",
}
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
        **_MEASURES,
    },
)
def layer_gradients(data: Data) -> Rows:
    """Check each layer with inputs of a shape and numbers that the seed draws."""
    for layer in LAYERS:
        for seed in range(SEEDS):
            yield layer, seed, *_errors(_check(layer, seed))


@Experiment(
    name="network-gradients",
    title="Gradients of the whole network, with and without an L2 penalty",
    factors={"reg": STRENGTHS, "parameter": ("W1", "b1", "W2", "b2", "W3", "b3")},
    numbers={"norm_relative_error": "|hand - numerical| / |numerical|", **_MEASURES},
)
def network_gradients(data: Data) -> Rows:
    """Check a network of three affine layers, whose widths, weights and batch the seed draws."""
    for reg, strength in STRENGTHS.items():
        for seed in range(SEEDS):
            for parameter, found in _check_network(strength, seed).items():
                yield reg, parameter, seed, *_errors([found])


@Experiment(
    name="mse-gradient",
    title="The gradient of the squared error, each prediction's own or added up over the batch",
    factors={"gradient": ("summed", "own")},
    numbers={"norm_relative_error": "|written - numerical| / |numerical|", **_MEASURES},
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
            yield gradient, seed, *_errors([disagreement(found, numerical)])


def _check(layer: str, seed: int) -> Iterable[Disagreement]:
    """Return how far the gradient of each input of a layer is from the numerical one."""
    random = generator(seed, f"gradients of {layer}")
    n, d, m = random.integers(2, 10, 3).tolist()
    x, w, b = (random.standard_normal(shape) for shape in ((n, d), (d, m), (m,)))
    dout = random.standard_normal((n, m))
    if layer in _AFFINE:
        forward, backward = _AFFINE[layer]
        return check_layer(
            lambda: forward(x, w, b), backward, {"x": x, "w": w, "b": b}, dout
        ).values()
    if layer in ("relu", "sigmoid"):
        # Of ReLU: a difference that steps over the kink is no derivative.
        z = x if layer == "sigmoid" else dout + _OFF_THE_KINK * np.sign(dout)
        upper, function = random.standard_normal(z.shape), ACTIVATIONS[layer]
        return check_layer(lambda: function.forward(z), function.backward, {"x": z}, upper).values()
    if layer == "mse":
        targets = random.standard_normal(x.shape)
        return [disagreement(mse(x, targets)[1], _numerical_mse(x, targets))]
    y = random.integers(d, size=n)
    found = cross_entropy(x, y)[1]
    return [disagreement(found, numerical_gradient(lambda: cross_entropy(x, y)[0], x))]


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
        init_scale=_WEIGHT_SCALE,
        random=random,
        lambda2=strength,
    )
    x = random.standard_normal((n, inputs))
    return check_network(network, x, random.integers(classes, size=n))


def _errors(found: Iterable[Disagreement]) -> tuple[float, float, float]:
    """Return the worst errors of some gradients: by norm, by element, log10 of the first."""
    errors = list(found)
    worst = max(error.norm_relative for error in errors)
    elements = max(error.max_relative for error in errors)
    return worst, elements, math.log10(max(worst, _LEAST))
