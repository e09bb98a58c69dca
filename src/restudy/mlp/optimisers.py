"""Update rules: from a parameter, its gradient and its velocity to the next ones.

Every rule takes (w, g, v, learning_rate, momentum) and returns (w, v), new arrays of one shape. The
velocity is zero at first. Where a rule has no use for velocity or momentum it leaves them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from restudy.mlp.arithmetic import Array

Update: TypeAlias = Callable[[Array, Array, Array, float, float], tuple[Array, Array]]


def sgd(
    w: Array, g: Array, v: Array, learning_rate: float, momentum: float = 0.0
) -> tuple[Array, Array]:
    """Return w - eta g, and v as it was."""
    return w - learning_rate * g, v


def classical_momentum(
    w: Array, g: Array, v: Array, learning_rate: float, momentum: float
) -> tuple[Array, Array]:
    """Return w + v with v = mu v - eta g (Polyak 1964; Sutskever et al. 2013, equations 1 and 2).

    PyTorch keeps -v / eta instead of v; the two differ where the learning rate changes while
    training.
    """
    v = momentum * v - learning_rate * g
    return w + v, v


def dampened_momentum(
    w: Array, g: Array, v: Array, learning_rate: float, momentum: float
) -> tuple[Array, Array]:
    """Return w - eta v with v = beta v + (1 - beta) g.

    v is a mean of past gradients: after t steps with one and the same g it is (1 - beta^t) g.
    """
    v = momentum * v + (1 - momentum) * g
    return w - learning_rate * v, v


def nesterov(
    w: Array, g: Array, v: Array, learning_rate: float, momentum: float
) -> tuple[Array, Array]:
    """Return w + mu v - eta g with v = mu v - eta g (Nesterov 1983).

    Sutskever et al. 2013, equations 3 and 4, take the gradient at theta + mu v. Here w stands for
    that point itself, so that the gradient is taken at w (Bengio et al. 2013, "Advances in
    optimizing recurrent networks"); PyTorch does the same.
    """
    v = momentum * v - learning_rate * g
    return w + momentum * v - learning_rate * g, v


OPTIMISERS: dict[str, Update] = {
    "sgd": sgd,
    "momentum": classical_momentum,
    "dampened_momentum": dampened_momentum,
    "nesterov": nesterov,
}
