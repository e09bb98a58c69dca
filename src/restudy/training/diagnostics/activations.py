"""Activations of the hidden units on a block of rows: dead, saturated, large, drifting."""

from __future__ import annotations

import torch
from torch import Tensor

from restudy.training.activations import Activation
from restudy.training.diagnostics.common import block, deviation, measures
from restudy.training.stack import Stack

DEAD, SATURATED = 0.01, 0.05
"""Slopes of an activation, as shares of its steepest, below which a value counts as such."""

_METRICS = (
    *("dead_units", "saturation", "activation_max", "activation_kurtosis"),
    *("layer_mean_shift", "layer_sd_shift"),
)


@measures("activations")
def activations(stack: Stack) -> dict[str, Tensor]:
    """Return what the hidden units do on the block, in evaluation mode, over all hidden layers.

    With z an activation's input, a = f(z), and its slope f'(z) / max f' (ReLU's: 0 where a is 0,
    else 1):

    ``dead_units``: share of units whose slope is below ``DEAD`` on every row.
    ``saturation``: share of values with a slope below ``SATURATED``.
    ``activation_max``: largest |a|.
    ``activation_kurtosis``: mean over the units of E (z - E z)^4 / var(z)^2, 3 for a normal
    distribution; units whose z never varies are left out.
    ``layer_mean_shift``, ``layer_sd_shift``: with m and s mean and standard deviation of what the
    next layer takes from a unit, and m' and s' those at the evaluation before: mean over the units
    of |m - m'| / s' and of |s - s'| / s'. Units with s' = 0 are left out; NaN at the first
    evaluation. It is how far layers' inputs drift, the internal covariate shift of Ioffe and
    Szegedy 2015.

    All are NaN without hidden layers, and in a run whose activations are not finite.
    """
    inputs, outputs, handed_on = [], [], []

    def see(place: str, h: Tensor) -> None:
        # Put into numbers at once: the next operation writes over h.
        if place == "input":
            inputs.append(_kurtosis(h.double()))
        elif place == "output":
            outputs.append(_slopes_and_sizes(stack.network.activation, h))
        else:
            handed_on.append(_mean_and_sd(h.double()))

    x, _ = block(stack)
    stack.network(x, see)
    if not inputs:
        unknown = x.new_full((len(x),), torch.nan, dtype=torch.float64)
        return dict.fromkeys(_METRICS, unknown)
    dead, saturated, sizes = torch.cat(outputs, 2).unbind(1)
    largest = sizes.amax(1)
    kurtosis = torch.cat(inputs, 1).nanmean(1)
    shift = _shift(stack.unit_statistics, torch.cat(handed_on, 2))
    values = dead.mean(1), saturated.mean(1), largest, kurtosis, *shift.unbind(1)
    bad = torch.where(largest.isfinite(), 0.0, torch.nan)
    return {metric: value + bad for metric, value in zip(_METRICS, values, strict=True)}


def _slopes_and_sizes(activation: Activation, a: Tensor) -> Tensor:
    """Return of each unit whether it is dead, its share of saturated values and its largest |a|.

    Args:
        activation: what a is the output of.
        a: (L, units, rows).

    Returns:
        shape (L, 3, units), float64.
    """
    slope = activation.backward(torch.ones_like(a), a) / activation.steepest
    dead, saturated = (slope < DEAD).all(2), (slope < SATURATED).double().mean(2)
    return torch.stack([dead.double(), saturated, a.abs().amax(2).double()], 1)


def _kurtosis(z: Tensor) -> Tensor:
    """Return E (z - E z)^4 / var(z)^2 over rows of (L, units, rows), NaN where z is constant."""
    squares = (z - z.mean(2, keepdim=True)).square()
    return squares.square().mean(2) / squares.mean(2).square()


def _mean_and_sd(h: Tensor) -> Tensor:
    """Return mean and standard deviation over the rows of (L, units, rows), (L, 2, units)."""
    return torch.stack([h.mean(2), deviation(h)], 1)


def _shift(before: Tensor, now: Tensor) -> Tensor:
    """Return how far the units' statistics moved, (L, 2), and keep them for the next time.

    Args:
        before: mean and standard deviation of each unit, (L, 2, units); NaN if unknown. Written
            over.
        now: the same.
    """
    sd = before[:, 1:]
    change = (now - before).abs() / torch.where(sd > 0, sd, torch.nan)
    before.copy_(now)
    return change.nanmean(2)
