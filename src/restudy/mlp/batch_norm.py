"""Batch norm, forward and backward, while training and at inference.

Epsilon and the rule for inference are those of PyTorch:

* epsilon is added to the variance, under the root;
* running averages move by running = (1 - momentum) running + momentum batch, momentum 0.1: it is
  the weight of the newest batch (others write 1 - momentum for it). They start at mean 0 and
  variance 1;
* the output is made with the biased variance of the batch (divided by n), the running average is
  made of the unbiased one (divided by n - 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from restudy.mlp.arithmetic import Array
from restudy.mlp.checks import require, same_shape

EPS = 1e-5


@dataclass
class RunningAverages:
    """The statistics that inference uses, shape (units,) each.

    Attributes:
        mean, var: the averages.
        momentum: weight of the newest batch, in (0, 1].

    Raises:
        ValueError: the momentum is out of its range, or the shapes differ.
    """

    mean: Array
    var: Array
    momentum: float = 0.1

    def __post_init__(self) -> None:
        require(0 < self.momentum <= 1, f"momentum must lie in (0, 1], not {self.momentum}")
        shapes = self.mean.shape, self.var.shape
        require(shapes[0] == shapes[1], f"mean and var need one shape, not {shapes}")

    @classmethod
    def start(cls, units: int, dtype: DTypeLike = np.float64) -> RunningAverages:
        """Return averages that have seen no batch: mean 0, variance 1."""
        mean: np.ndarray[Any, Any] = np.zeros(units, dtype)
        return cls(mean, np.ones(units, dtype))

    def move(self, mean: Array, unbiased_var: Array) -> None:
        """Take a batch's statistics into the averages."""
        self.mean += self.momentum * (mean - self.mean)
        self.var += self.momentum * (unbiased_var - self.var)


class BatchNormCache(NamedTuple):
    """What :func:`batch_norm_backward` needs."""

    normed: Array
    gamma: Array
    deviation: Array
    training: bool


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    averages: RunningAverages,
    *,
    training: bool,
    eps: float = EPS,
) -> tuple[Array, BatchNormCache]:
    """Return gamma (x - mean) / sqrt(var + eps) + beta (Ioffe and Szegedy 2015, algorithm 1).

    Args:
        x: shape (n, units).
        gamma: scale, shape (units,).
        beta: shift, shape (units,).
        averages: moved by this call while training; used as they are at inference.
        training: mean and variance of the batch, over its samples; else the running averages.
        eps: epsilon, above 0: a unit that is the same for all samples gives beta.

    Returns:
        the output, shape (n, units), and the cache.

    Raises:
        ValueError: shapes do not fit, ``eps`` is not above 0, or a training batch has less than
            two samples: it has no unbiased variance.
    """
    require(eps > 0, f"eps must be above 0, not {eps}")
    require(x.ndim == 2, f"x needs the shape (n, units), not {x.shape}")
    for name, array in {"gamma": gamma, "beta": beta, "running mean": averages.mean}.items():
        require(
            array.shape == x.shape[1:], f"{name} needs the shape {x.shape[1:]}, not {array.shape}"
        )
    n = len(x)
    if training:
        require(n > 1, f"batch norm cannot train on a batch of {n}")
        mean, var = x.mean(axis=0), x.var(axis=0)
        averages.move(mean, var * (n / (n - 1)))
    else:
        mean, var = averages.mean, averages.var
    deviation = np.sqrt(var + eps)
    normed = (x - mean) / deviation
    return gamma * normed + beta, BatchNormCache(normed, gamma, deviation, training)


def batch_norm_backward(dout: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """Return the gradients of input, scale and shift.

    dbeta = sum dout, dgamma = sum dout xhat over the samples, with xhat the normalised input. With
    g = dout gamma: at inference, where mean and variance are constants, dx = g / sqrt(var + eps);
    while training, dx = (g - mean(g) - xhat mean(g xhat)) / sqrt(var + eps), which is what the
    chain rule of Ioffe and Szegedy 2015, section 3, comes to.

    Args:
        dout: shape (n, units).
        cache: from :func:`batch_norm_forward`.

    Returns:
        dx, shape (n, units); dgamma and dbeta, shape (units,).

    Raises:
        ValueError: ``dout`` has not the shape of the output.
    """
    normed, gamma, deviation, training = cache
    same_shape(dout.shape, normed.shape)
    dbeta, dgamma = dout.sum(axis=0), (dout * normed).sum(axis=0)
    g = dout * gamma
    if training:
        g = g - g.mean(axis=0) - normed * (g * normed).mean(axis=0)
    return g / deviation, dgamma, dbeta
