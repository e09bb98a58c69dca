"""Seconds of a training step, and of an activation alone, in NumPy by hand and in PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.cpu_timer import in_turns
from experiments.torch_nets import ACTIVATIONS as TORCH
from experiments.torch_nets import descend, network, with_norm
from restudy.data.load import Part, PreparedData
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.activations import ACTIVATIONS as BY_HAND
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

LIBRARIES = ("numpy", "torch")
_CLASSES = 10
_BATCH = 64
_BATCHES = 16
"""A step takes the next of so many batches, over and over."""
RATE = 0.01
_WEIGHT_SCALE = 0.05  # about sqrt(2 / fan-in) of He et al. 2015
_UNITS = 512

Levels = tuple[str, ...]
Step = Callable[[], object]


@Experiment(
    name="activation-speed",
    title="What ReLU, sigmoid and tanh cost, alone and in a step of a network",
    factors={
        "library": LIBRARIES,
        "work": ("function alone", "step of a network"),
        "activation": ("relu", "sigmoid", "tanh"),
    },
    numbers={
        "seconds": "of the processor: forward and backward on 64 x 512 values, or a step of a "
        "784-512-512-10 network, batch of 64",
    },
    datasets=("mnist",),
    timed=True,
)
def activation_speed(data: Data) -> Rows:
    """Time each activation, forward and backward: alone, and in a step of a 784-512-512-10 network.

    Alone it works on 64 x 512 values drawn from normal(0, 1), as many as in a layer of the network.
    """
    train = _batches(data["mnist"], "activation speed")
    values = generator(0, "activation speed: values")
    x, dout = (values.normal(size=(_BATCH, _UNITS)).astype(np.float32) for _ in range(2))
    sides: dict[Levels, Step] = {}
    for activation in BY_HAND:
        alone = "function alone", activation
        sides[("numpy", *alone)] = _numpy_activation(activation, x, dout)
        sides[("torch", *alone)] = _torch_activation(activation, x, dout)
        for library, make in _STEPS.items():
            step = make(train, (_UNITS, _UNITS), activation, False)
            sides[library, "step of a network", activation] = step
    return by_levels(sides)


@Experiment(
    name="norm-step",
    title="What a training step costs, with batch norm and without it",
    factors={"library": LIBRARIES, "norm": ("batch", "none")},
    numbers={"seconds": "of the processor, for a step of a 784-512-256-10 network, batch of 64"},
    datasets=("mnist",),
    timed=True,
)
def norm_step(data: Data) -> Rows:
    """Time a step of S3's 784-512-256-10 network, with batch norm and without it."""
    train = _batches(data["mnist"], "norm step")
    sides: dict[Levels, Step] = {
        (library, norm): make(train, (512, 256), "relu", norm == "batch")
        for library, make in _STEPS.items()
        for norm in ("none", "batch")
    }
    return by_levels(sides)


def by_levels(sides: Mapping[Levels, Step]) -> Rows:
    """Time all sides in turns.

    Args:
        sides: the level of each factor -> what is timed.

    Yields:
        for each side and repetition the levels, the seed, seconds.
    """
    by_name = {", ".join(levels): step for levels, step in sides.items()}
    for seed, found in enumerate(in_turns(by_name, SEEDS)):
        for levels, seconds in zip(sides, found.values(), strict=True):
            yield *levels, seed, seconds


def _batches(data: PreparedData, stream: str) -> Part:
    return scaled(draw(data, generator(0, f"{stream}: samples"), _BATCH * _BATCHES)).train


def _numpy_activation(name: str, x: NDArray[Any], dout: NDArray[Any]) -> Step:
    function = BY_HAND[name]

    def step() -> object:
        _, cache = function.forward(x)
        return function.backward(dout, cache)

    return step


def _torch_activation(name: str, x: NDArray[Any], dout: NDArray[Any]) -> Step:
    function = TORCH[name]()
    inputs, gradient = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dout)

    def step() -> object:
        return torch.autograd.grad(function(inputs), inputs, gradient)

    return step


def _numpy_step(train: Part, hidden: Sequence[int], activation: str, batch_norm: bool) -> Step:
    """Return a step of plain gradient descent on the network by hand, float32."""
    x, y = train.x.astype(np.float32), train.y
    net = FullyConnectedNet(
        x.shape[1],
        hidden,
        _CLASSES,
        weight_scale=_WEIGHT_SCALE,
        random=generator(0, "step: weights"),
        activation=activation,
        batch_norm=batch_norm,
        dtype=np.float32,
    )
    rows = _rows(len(x))

    def step() -> None:
        batch = next(rows)
        descend_by_hand(net, x[batch], y[batch])

    return step


def descend_by_hand(net: FullyConnectedNet, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Take a step of plain gradient descent on a batch."""
    _, gradients = net.loss_and_gradients(x, y)
    for name, gradient in gradients.items():
        net.params[name] -= np.float32(RATE) * gradient


def _torch_step(train: Part, hidden: Sequence[int], activation: str, batch_norm: bool) -> Step:
    """Return the same step in PyTorch."""
    x, y = torch.from_numpy(train.x.astype(np.float32)), torch.from_numpy(train.y)
    widths = [x.shape[1], *hidden, _CLASSES]
    net = network(widths, generator(0, "step: weights"), with_norm(batch_norm, activation))
    descent = torch.optim.SGD(net.parameters(), lr=RATE)
    rows = _rows(len(x))

    def step() -> None:
        batch = next(rows)
        descend(net, descent, x[batch], y[batch])

    return step


def _rows(samples: int) -> Iterator[slice]:
    starts = range(0, max(samples - _BATCH, 0) + 1, _BATCH)
    return itertools.cycle([slice(start, start + _BATCH) for start in starts])


_STEPS: Mapping[str, Callable[[Part, Sequence[int], str, bool], Step]] = {
    "numpy": _numpy_step,
    "torch": _torch_step,
}
