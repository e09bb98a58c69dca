"""Initial weights and biases of one run."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from restudy.config.recipe import Recipe
from restudy.training.rng import generator

Layer = tuple[NDArray[np.float64], NDArray[np.float64] | None]


def widths(recipe: Recipe, inputs: int, outputs: int) -> list[int]:
    """Return the widths of all layers, from the inputs to the outputs."""
    return [inputs, *recipe.hidden, outputs]


def initial_layers(recipe: Recipe, inputs: int, outputs: int) -> list[Layer]:
    """Draw the weights and biases a run starts from.

    The draws depend on the seed and the layer's shape alone, so recipes that differ in anything
    else (batch norm, penalty, batch size) start from the same weights.

    Returns:
        for each layer the weights, shape (outputs, inputs), and the biases, shape (outputs, 1),
        (1, 1) when shared by the layer, or None.

    The schemes are PyTorch's default for ``nn.Linear``; He et al. 2015 (normal, fan-in, gain of
    ReLU); Glorot and Bengio 2010 (uniform), Keras' default; and a plain normal distribution.
    """
    layers = []
    sizes = itertools.pairwise(widths(recipe, inputs, outputs))
    for number, (fan_in, fan_out) in enumerate(sizes):
        random = generator(recipe.seed, "weights", number)
        shape = (fan_out, fan_in)
        if recipe.weight_init == "torch":
            weights = random.uniform(-1, 1, shape) / math.sqrt(fan_in)
        elif recipe.weight_init == "normal":
            weights = random.standard_normal(shape)
        elif recipe.weight_init == "he":
            weights = random.standard_normal(shape) * math.sqrt(2 / fan_in)
        else:
            weights = random.uniform(-1, 1, shape) * math.sqrt(6 / (fan_in + fan_out))
        layers.append((weights * recipe.init_scale, _biases(recipe, number, fan_in, fan_out)))
    return layers


def _biases(recipe: Recipe, number: int, fan_in: int, fan_out: int) -> NDArray[np.float64] | None:
    if recipe.bias == "none":
        return None
    shape = (1, 1) if recipe.bias == "shared" else (fan_out, 1)
    if recipe.weight_init != "torch":
        return np.zeros(shape)
    return generator(recipe.seed, "biases", number).uniform(-1, 1, shape) / math.sqrt(fan_in)
