"""Seconds of a training step, an activation, a loss or a pass, in NumPy by hand and in PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, nll_loss

from experiments.cpu_timer import in_turns
from experiments.softmax import CLASSES, through_softmax
from experiments.torch_nets import ACTIVATIONS as TORCH_ACTIVATIONS
from experiments.torch_nets import descend, network, with_norm
from restudy.data.load import Part, PreparedData
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.activations import ACTIVATIONS
from restudy.mlp.arithmetic import Array
from restudy.mlp.losses import Labels
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

LIBRARIES = ("numpy", "torch")
RATE = 0.01
_BATCH = 64
_BATCHES = 16
"""A step takes the next of so many batches, over and over."""
_WEIGHT_SCALE = 0.05  # about sqrt(2 / fan-in) of He et al. 2015
_UNITS = 512
_SAMPLES = 1000

Levels = tuple[str, ...]
Step = Callable[[], object]


def by_levels(sides: Mapping[Levels, Step]) -> Rows:
    """Time all sides in turns; yield levels, seed and seconds.

    Args:
        sides: the level of each factor -> what is timed.
    """
    by_name = {", ".join(levels): step for levels, step in sides.items()}
    for seed, found in enumerate(in_turns(by_name, SEEDS)):
        for levels, seconds in zip(sides, found.values(), strict=True):
            yield *levels, seed, seconds


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
    for activation in ACTIVATIONS:
        alone = "function alone", activation
        sides["numpy", *alone] = partial(activate_by_hand, activation, x, dout)
        sides["torch", *alone] = _torch_activation(activation, x, dout)
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
    return by_levels(
        {
            (library, norm): make(train, (512, 256), "relu", norm == "batch")
            for library, make in _STEPS.items()
            for norm in ("none", "batch")
        }
    )


def _batches(data: PreparedData, stream: str) -> Part:
    return scaled(draw(data, generator(0, f"{stream}: samples"), _BATCH * _BATCHES)).train


def activate_by_hand(name: str, x: NDArray[Any], dout: NDArray[Any]) -> Array:
    """Return the gradient of an activation's input, after a forward and a backward pass."""
    _, cache = ACTIVATIONS[name].forward(x)
    return ACTIVATIONS[name].backward(dout, cache)


def _torch_activation(name: str, x: NDArray[Any], dout: NDArray[Any]) -> Step:
    function = TORCH_ACTIVATIONS[name]()
    inputs, gradient = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dout)
    return lambda: torch.autograd.grad(function(inputs), inputs, gradient)


def _numpy_step(train: Part, hidden: Sequence[int], activation: str, batch_norm: bool) -> Step:
    """Return a step of plain gradient descent on the network by hand, float32."""
    x, y = train.x.astype(np.float32), train.y
    net = FullyConnectedNet(
        x.shape[1],
        hidden,
        CLASSES,
        init_scale=_WEIGHT_SCALE,
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
    widths = [x.shape[1], *hidden, CLASSES]
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


def fused(scores: Array, y: Labels) -> tuple[float, Array]:
    """Return the mean loss of a batch by log-sum-exp, and (p - onehot(y)) / n."""
    rows = np.arange(len(y))
    below = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(below)
    sums = p.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - below[rows, y]))
    p /= sums
    p[rows, y] -= 1
    p /= len(y)
    return loss, p


def separate(scores: Array, y: Labels) -> tuple[float, Array]:
    """Return the same by softmax, then -log p_y, and back through one after the other.

    The greatest score is subtracted as in the other, so that the steps are all that differs.
    """
    rows = np.arange(len(y))
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    right = p[rows, y]
    loss = -float(np.mean(np.log(right)))
    g = np.zeros_like(p)
    g[rows, y] = -1 / (len(y) * right)
    return loss, through_softmax(p, g)


LOSSES_BY_HAND = {"fused": fused, "separate": separate}
TORCH_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "fused": cross_entropy,
    "separate": lambda scores, y: nll_loss(torch.log(torch.softmax(scores, dim=1)), y),
}


@Experiment(
    name="softmax-speed",
    title="What softmax and cross-entropy cost, fused or in separate steps",
    factors={"library": LIBRARIES, "computation": LOSSES_BY_HAND},
    numbers={"seconds": "of the processor: loss and gradient of 64 x 10 scores"},
    timed=True,
)
def softmax_speed(data: Data) -> Rows:
    """Time loss and gradient of 64 x 10 scores, normal(0, 1) and float32, each way."""
    random = generator(0, "softmax speed")
    scores = random.standard_normal((_BATCH, CLASSES)).astype(np.float32)
    y = random.integers(CLASSES, size=_BATCH)
    leaf, classes = torch.from_numpy(scores).requires_grad_(), torch.from_numpy(y)
    sides: dict[Levels, Step] = {}
    for name, loss in LOSSES_BY_HAND.items():
        sides["numpy", name] = partial(loss, scores, y)
    for name, torch_loss in TORCH_LOSSES.items():
        sides["torch", name] = partial(differentiated, torch_loss, leaf, classes)
    return by_levels(sides)


def differentiated(
    loss_of: Callable[[Tensor, Tensor], Tensor], scores: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the mean loss of a batch, and its gradient with respect to the scores."""
    loss = loss_of(scores, y)
    (gradient,) = torch.autograd.grad(loss, scores)
    return loss, gradient


Pass = tuple[float, Array, Array]
"""The loss, and its gradients with respect to weights and biases."""


def by_matrices(w: Array, b: Array, x: Array, y: Labels) -> Pass:
    """Return mean softmax cross-entropy and gradients, all samples at once.

    Args:
        w: weights, shape (features, classes).
        b: biases, shape (classes,).
        x: samples, shape (n, features).
        y: their classes, shape (n,).
    """
    loss, p = fused(x @ w + b, y)
    return loss, x.T @ p, p.sum(axis=0)


def by_samples(w: Array, b: Array, x: Array, y: Labels) -> Pass:
    """Return the same as :func:`by_matrices`, sample by sample."""
    loss, dw, db = 0.0, np.zeros_like(w), np.zeros_like(b)
    for sample, label in zip(x, y, strict=True):
        scores = sample @ w + b
        powers = np.exp(scores - scores.max())
        p = powers / powers.sum()
        loss -= float(np.log(p[label]))
        p[label] -= 1
        dw += np.outer(sample, p)
        db += p
    return loss / len(x), dw / len(x), db / len(x)


PASSES = {"matrix product": by_matrices, "loop over samples": by_samples}


@Experiment(
    name="vectorised-pass",
    title="One pass over 1,000 images: one product of matrices, or a loop over the images",
    factors={"computation": PASSES},
    numbers={"seconds": "of the processor, for loss and gradient of softmax regression"},
    datasets=("fashion_mnist",),
    timed=True,
)
def vectorised_pass(data: Data) -> Rows:
    """Time forward and backward pass of softmax regression, both ways, float32."""
    random = generator(0, "vectorised pass")
    train = scaled(draw(data["fashion_mnist"], random, _SAMPLES)).train
    x, y = train.x.astype(np.float32), train.y
    weights = random.normal(0, 0.01, (x.shape[1], CLASSES)).astype(np.float32)
    biases = np.zeros(CLASSES, np.float32)
    return by_levels({(name,): partial(way, weights, biases, x, y) for name, way in PASSES.items()})
