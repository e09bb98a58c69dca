"""Small networks with one hidden layer and batch norm or none, for a look inside."""

from __future__ import annotations

from restudy.data.load import PreparedData, ScaledSplit
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.mlp.layers import affine_forward
from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.solver import shuffled, train
from restudy.training.rng import generator

CLASSES = 10
_SAMPLES = 2000
_UNITS = 32
_WEIGHT_SCALE = 0.05  # sqrt(2 / 784): of He et al. 2015


def samples(data: PreparedData, seed: int, stream: str) -> ScaledSplit:
    """Return 2,000 training samples that the seed draws, and all test samples, in [0, 1]."""
    return scaled(draw(data, generator(seed, f"{stream}: samples"), _SAMPLES))


def untrained(parts: ScaledSplit, seed: int, stream: str, *, batch_norm: bool) -> FullyConnectedNet:
    """Return a 784-32-10 ReLU network; with batch norm or without it has the same weights."""
    return FullyConnectedNet(
        parts.train.x.shape[1],
        [_UNITS],
        CLASSES,
        init_scale=_WEIGHT_SCALE,
        random=generator(seed, f"{stream}: weights"),
        batch_norm=batch_norm,
    )


def trained(parts: ScaledSplit, seed: int, stream: str, *, batch_norm: bool) -> FullyConnectedNet:
    """Return the same network after two epochs of momentum in batches of 50."""
    network = untrained(parts, seed, stream, batch_norm=batch_norm)
    train(network, parts.train.x, parts.train.y, shuffled(len(parts.train), 50, 2, seed), 0.05)
    return network


def pre_activations(network: FullyConnectedNet, x: Array) -> Array:
    """Return what the hidden layer computes before norm and ReLU, shape (n, units)."""
    out, _ = affine_forward(x.astype(network.dtype), network.params["W1"], network.params["b1"])
    return out
