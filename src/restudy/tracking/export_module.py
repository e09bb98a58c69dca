"""A trained network as a plain ``torch.nn`` module that takes data as they are.

Nothing of the training code is in it: linear layers, norms and activations of ``torch.nn`` in a
row, the scaling of the inputs in front, and behind it, for a regression, the way back to the units
of the data. So whoever loads it needs neither this package nor the training samples.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from restudy.data.load import Split, _input_scaling, scale

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "identity": nn.Identity,
}


class Scaler(nn.Module):
    """(x - shift) / divisor, in float64 and rounded once, as training had its inputs."""

    shift: Tensor
    divisor: Tensor

    def __init__(self, shift: Any, divisor: Any) -> None:
        """Take one number for all features, or one for each, shape (features,)."""
        super().__init__()
        self.register_buffer("shift", torch.as_tensor(shift, dtype=torch.float64))
        self.register_buffer("divisor", torch.as_tensor(divisor, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Scale inputs, (n, features), float32."""
        return ((x.double() - self.shift) / self.divisor).float()


class Unscaler(nn.Module):
    """Scaled predictions in the units of the data: y * sd + mean."""

    def __init__(self, mean: float, sd: float) -> None:
        """Take the mean and standard deviation of the training targets."""
        super().__init__()
        self.mean, self.sd = mean, sd

    def forward(self, y: Tensor) -> Tensor:
        """Return predictions, (n, 1), float32."""
        return (y.double() * self.sd + self.mean).float()


def rebuild(
    weights: Mapping[str, NDArray[Any]], recipe: Mapping[str, Any], split: Split
) -> nn.Sequential:
    """Return a trained network in evaluation mode.

    Args:
        weights: the run's parameters by name, as ``weights.safetensors`` has them (see
            :func:`restudy.results.predictions.predict`).
        recipe: the run's row of its group's summary: ``scaling, target_scaling, activation, norm,
            norm_position`` and ``norm_eps`` are used.
        split: the data that it was trained on, unscaled.

    Returns:
        a module from inputs in the units of the data, float32 (n, features), to logits, or to
        predictions in the units of the data, (n, outputs).
    """
    layers: list[tuple[str, nn.Module]] = [
        ("scale", Scaler(*_input_scaling(split, recipe["scaling"])))
    ]
    last = sum(name.startswith("linear.") and name.endswith(".weight") for name in weights) - 1
    for i in range(last + 1):
        layers.append((f"linear_{i}", _linear(weights, i)))
        if i < last:
            activation = (f"activation_{i}", _ACTIVATIONS[recipe["activation"]]())
            norm = [] if recipe["norm"] == "none" else [(f"norm_{i}", _norm(weights, recipe, i))]
            before = recipe["norm_position"] == "before"
            layers += [*norm, activation] if before else [activation, *norm]
    if recipe["target_scaling"] != "none":
        mean, sd = _target_statistics(split, recipe["target_scaling"])
        layers.append(("unscale", Unscaler(mean, sd)))
    network = nn.Sequential(OrderedDict(layers)).eval()
    return network.requires_grad_(requires_grad=False)


def _linear(weights: Mapping[str, NDArray[Any]], layer: int) -> nn.Linear:
    weight, bias = weights[f"linear.{layer}.weight"], weights.get(f"linear.{layer}.bias")
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    _fill(linear, weight=weight, bias=bias)
    return linear


def _norm(
    weights: Mapping[str, NDArray[Any]], recipe: Mapping[str, Any], layer: int
) -> nn.BatchNorm1d | nn.LayerNorm:
    own = {
        name.rpartition(".")[2]: array
        for name, array in weights.items()
        if name.startswith(f"norm.{layer}.")
    }
    kind = nn.BatchNorm1d if recipe["norm"] == "batch" else nn.LayerNorm
    norm = kind(len(own["weight"]), eps=float(recipe["norm_eps"]))
    _fill(norm, **own)
    return norm


def _fill(module: nn.Module, **arrays: NDArray[Any] | None) -> None:
    """Copy arrays into a module's parameters and buffers of those names."""
    with torch.no_grad():
        for name, array in arrays.items():
            if array is not None:
                getattr(module, name).copy_(torch.from_numpy(np.asarray(array)))


def _target_statistics(split: Split, target_scaling: str) -> tuple[float, float]:
    """Return mean and standard deviation of the training targets."""
    scaled = scale(split, "raw", target_scaling)
    return scaled.target_mean, scaled.target_sd
