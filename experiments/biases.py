"""Biases that change nothing: one for all classes, and those before batch norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from experiments.torch_nets import accuracy, network, tensors, train, with_norm
from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.experiments.training import TrainedNetwork, train_all
from restudy.mlp import losses
from restudy.training.rng import generator

MODELS: Mapping[str, list[int]] = {"softmax": [], "one hidden layer": [32]}
BIASES = {"one": "shared", "one a unit": "per_neuron"}
"""Level -> a recipe's ``bias``."""
_STEPS = 200
_UNITS = 64


@Experiment(
    name="shared-bias",
    title="S4's networks with one bias for a whole layer, or one for each unit",
    factors={"model": MODELS, "bias": BIASES},
    numbers={
        "bias_gradient": "|gradient of the last layer's bias|, in units of sum |gradient of a "
        "score|, after training",
        "test_accuracy": "share of 5,000 test samples",
    },
    datasets=("fashion_mnist",),
)
def shared_bias(data: Data) -> Rows:
    """Train S4's networks with one bias a layer, or one a unit, on 500 images all at once.

    All seeds have the same images; the seed draws the weights.
    """
    drawn = draw(data["fashion_mnist"], generator(0, "shared bias"), 500, 5000)
    runs = train_all(
        {
            (model, bias, seed): {
                "hidden": hidden,
                "bias": BIASES[bias],
                "weight_init": "normal",
                "init_scale": 0.05,
                "optimiser": "adam",
                "learning_rate": 0.001,
                "batch_size": "full",
                "steps": _STEPS,
                "evaluate_every": _STEPS,
                "seed": seed,
            }
            for model, hidden in MODELS.items()
            for bias in BIASES
            for seed in range(SEEDS)
        },
        drawn,
    )
    train_part = scaled(drawn).train
    for (model, bias, seed), run in runs.items():
        yield model, bias, seed, output_bias_gradient(run, train_part), run.last("test", "accuracy")


def output_bias_gradient(run: TrainedNetwork, part: Part) -> float:
    """Return |gradient of the last layer's bias| in units of sum |gradient of a score|.

    A bias is added to the scores of its classes, so its gradient is the sum of theirs, (p - y) / n;
    over all classes these add up to 0, as p and y both add up to 1.
    """
    scores = run.outputs(part.x)
    _, gradients = losses.cross_entropy(scores, part.y)
    by_class = gradients.sum(axis=0)
    found = by_class.sum(keepdims=True) if run.recipe.bias == "shared" else by_class
    return float(np.sqrt(np.sum(found**2)) / np.abs(gradients).sum())


@Experiment(
    name="redundant-bias",
    title="A hidden layer with a bias or without, before batch norm or straight before its ReLU",
    factors={"norm": ("batch", "none"), "bias": ("kept", "left out")},
    numbers={
        "bias_gradient": "|gradient of the bias| / |that of the weights|, after training; 0 "
        "without a bias",
        "test_accuracy": "share of 5,000 test samples",
    },
    datasets=("mnist",),
)
def redundant_bias(data: Data) -> Rows:
    """Train a network with a bias in its hidden layer or without, before batch norm or ReLU."""
    for seed in range(SEEDS):
        parts = scaled(draw(data["mnist"], generator(seed, "redundant bias"), 1000, 5000))
        for norm in ("batch", "none"):
            for bias in ("kept", "left out"):
                model = _network(parts.train, norm, bias, seed)
                optimiser = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
                order = generator(seed, "redundant bias: batches")
                train(model, parts.train, optimiser, epochs=4, batch_size=50, random=order)
                tested = accuracy(model, parts.test)
                yield norm, bias, seed, hidden_bias_gradient(model, parts.train), tested


def hidden_bias_gradient(model: nn.Sequential, part: Part) -> float:
    """Return |gradient of the first layer's bias| / |that of its weights|, 0 without a bias.

    On all samples as one batch, in training mode and float64; the model is left in that type.
    """
    first: Any = model[0]
    if first.bias is None:
        return 0.0
    x, y = tensors(part)
    model.double().train()
    model.zero_grad()
    torch.autograd.backward(cross_entropy(model(x.double()), y))
    return float(first.bias.grad.norm() / first.weight.grad.norm())


def _network(part: Part, norm: str, bias: str, seed: int) -> nn.Sequential:
    random = generator(seed, "redundant bias: weights")
    model = network([part.x.shape[1], _UNITS, 10], random, with_norm(norm == "batch"))
    first: Any = model[0]
    with torch.no_grad():  # like torch's own first biases not zero
        first.bias.copy_(torch.from_numpy(random.uniform(-0.1, 0.1, _UNITS)))
    if bias == "left out":
        first.bias = None
    return model
