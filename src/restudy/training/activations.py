"""Activations, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """An activation a = f(z).

    Attributes:
        forward: (z) -> a, written over z.
        backward: (g, a) -> g * f'(z) written over g, with f' put in terms of a.
        steepest: the largest f'(z).
    """

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]
    steepest: float = 1.0


_aten = torch.ops.aten

ACTIVATIONS = {
    "relu": Activation(
        torch.relu_, lambda g, a: _aten.threshold_backward.grad_input(g, a, 0, grad_input=g)
    ),
    "sigmoid": Activation(
        torch.sigmoid_, lambda g, a: _aten.sigmoid_backward.grad_input(g, a, grad_input=g), 0.25
    ),
    "tanh": Activation(
        torch.tanh_, lambda g, a: _aten.tanh_backward.grad_input(g, a, grad_input=g)
    ),
    "identity": Activation(lambda z: z, lambda g, a: g),
}
