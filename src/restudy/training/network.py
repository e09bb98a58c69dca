"""The stacked network: L fully connected networks of one shape, forward and backward.

Activations are laid out (L, units, batch): a layer is then one batched matrix product with a
contiguous result, and the statistics of batch norm are taken over contiguous rows. The backward
pass is written out, because what it computes is known: it hands each layer's part of the gradient
to the optimiser as the two factors of a product, so that no gradient of a weight need ever be
stored, and it skips what is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from restudy.config.recipe import Recipe
from restudy.training.activations import ACTIVATIONS
from restudy.training.init import initial_layers
from restudy.training.norms import NORMS, BatchNorm, LayerNorm, Saved

Mask = Callable[[Tensor, int], Tensor]
See = Callable[[Literal["input", "output", "next"], Tensor], None]


class Learner(Protocol):
    """What the backward pass tells its gradients to."""

    def product(self, layer: int, g: Tensor, h: Tensor) -> None:
        """Take the gradient of a layer's weights, g @ h^T, g (L, out, batch), h (L, in, batch)."""

    def small(self, gradient: Tensor) -> None:
        """Take the gradient of the vector of all other parameters."""


@dataclass
class Hidden:
    """What the backward pass needs of a hidden layer.

    Attributes:
        saved: of its norm, if it has one.
        activated: the activation's output.
        mask: of its dropout, if any.
    """

    saved: Saved | None
    activated: Tensor
    mask: Tensor | None


@dataclass
class Tape:
    """What the backward pass needs: each layer's input (L, units, batch), and the hidden layers."""

    inputs: list[Tensor] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)


@dataclass
class Small:
    """Views of a vector as the parameters that are no weights, each (L, units or 1, 1)."""

    biases: list[Tensor]
    scales: list[Tensor]
    shifts: list[Tensor]

    def all(self) -> list[Tensor]:
        """Return them in the order they have in the vector."""
        return [*self.biases, *self.scales, *self.shifts]


class StackedNetwork(nn.Module):
    """L networks of equal shape, one per recipe.

    Attributes:
        weights: for each layer (L, outputs, inputs).
        vector: all other parameters; they are few, and updated as one.
        small: views of it: biases (L, outputs, 1) or (L, 1, 1) when shared, none without; scales
            and shifts (L, units, 1) of each normalised layer.
        norms: of each normalised layer, with the running statistics.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        inputs: int,
        outputs: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> None:
        """Draw the initial weights of all runs.

        Args:
            recipes: one per run, equal in everything that shapes the network.
            inputs: number of features.
            outputs: number of classes, or of regression targets.
            dtype: of all parameters.
            device: that they are on.
        """
        super().__init__()
        shape = recipes[0]
        self.runs, self.widths = len(recipes), [*shape.hidden, outputs]
        self.bias, self.norm, self.place = shape.bias, shape.norm, shape.norm_position
        self.activation = ACTIVATIONS[shape.activation]
        drawn = [initial_layers(recipe, inputs, outputs) for recipe in recipes]

        def stack(arrays: Sequence[np.ndarray | None]) -> Tensor:
            return torch.from_numpy(np.stack(arrays)).to(device, dtype)  # type: ignore[arg-type]

        self.weights = [
            nn.Parameter(stack([run[i][0] for run in drawn]), requires_grad=False)
            for i in range(len(self.widths))
        ]
        vector = torch.zeros(self._small_size(), device=device, dtype=dtype)
        self.vector = nn.Parameter(vector, requires_grad=False)
        self.small = self.split(self.vector)
        for i, bias in enumerate(self.small.biases):
            bias.copy_(stack([run[i][1] for run in drawn]))
        for scale in self.small.scales:
            scale.fill_(1)
        self.norms: list[BatchNorm | LayerNorm] = [
            NORMS[self.norm](recipes, scale, shift)
            for scale, shift in zip(self.small.scales, self.small.shifts, strict=True)
        ]
        # What makes them known to PyTorch, whose lists have no types.
        self.weight_list, self.norm_list = nn.ParameterList(self.weights), nn.ModuleList(self.norms)
        self.gradient = torch.zeros_like(vector)
        self.small_gradients = self.split(self.gradient)

    def split(self, vector: Tensor) -> Small:
        """Return views of a vector as long as ``self.vector`` as the parameters in it."""
        sizes = [self.runs * units for units in self._small_units()]
        views = [part.view(self.runs, -1, 1) for part in torch.split(vector, sizes)]
        biases = len(self.widths) if self.bias != "none" else 0
        norms = (len(views) - biases) // 2
        return Small(views[:biases], views[biases : biases + norms], views[biases + norms :])

    def _small_units(self) -> list[int]:
        """Return how many numbers of one run each part of the vector has."""
        biases = {"per_neuron": self.widths, "shared": [1] * len(self.widths), "none": []}[
            self.bias
        ]
        return [*biases, *([] if self.norm == "none" else 2 * self.widths[:-1])]

    def _small_size(self) -> int:
        return self.runs * sum(self._small_units())

    def forward(self, x: Tensor, see: See | None = None) -> Tensor:
        """Run all runs in evaluation mode.

        Args:
            x: inputs, (L, batch, features); may be one batch expanded over the runs.
            see: is shown, hidden layer by hidden layer, input and output of the activation and
                what the next layer takes, (L, units, batch). What it is shown is written over
                later.

        Returns:
            the outputs (logits or predictions), shape (L, outputs, batch).
        """
        h = x.transpose(1, 2)
        for i, weights in enumerate(self.weights):
            h = weights @ h
            bias = self.small.biases[i] if self.small.biases else None
            if i == len(self.weights) - 1:
                break
            if self.norm != "none" and self.place == "before":
                h = self.norms[i](h, bias)
            elif bias is not None:
                h.add_(bias)
            if see is not None:
                see("input", h)
            h = self.activation.forward(h)
            if see is not None:
                see("output", h)
            if self.norm != "none" and self.place == "after":
                h = self.norms[i](h, None)
            if see is not None:
                see("next", h)
        return h if bias is None else h.add_(bias)

    def step(self, x: Tensor, mask: Mask | None = None) -> tuple[Tensor, Tape]:
        """Run all runs in training mode.

        Args:
            x: inputs, (L, batch, features).
            mask: makes the dropout mask of a hidden layer's output, given that output, (L, units,
                batch), and the layer's number; None to drop nothing.

        Returns:
            the outputs, shape (L, outputs, batch), and what :meth:`backward` needs.
        """
        tape = Tape()
        h = x.transpose(1, 2)
        for i, weights in enumerate(self.weights):
            tape.inputs.append(h)
            h = weights @ h
            bias = self.small.biases[i] if self.small.biases else None
            if i == len(self.weights) - 1:
                break
            saved = None
            if self.norm != "none" and self.place == "before":
                h, saved = self.norms[i].step(h, bias)
            elif bias is not None:
                h.add_(bias)
            h = activated = self.activation.forward(h)
            if self.norm != "none" and self.place == "after":
                h, saved = self.norms[i].step(h, None)
            drop = None if mask is None else mask(h, i)
            h = h if drop is None else h * drop
            tape.hidden.append(Hidden(saved, activated, drop))
        return h if bias is None else h.add_(bias), tape

    def backward(self, g: Tensor, tape: Tape, learner: Learner) -> None:
        """Hand the gradients of all parameters to the learner, last layer first.

        The learner may change a layer's weights at once: nothing needs them any more.

        Args:
            g: gradient of the outputs, (L, outputs, batch).
            tape: of the step.
            learner: what takes the gradients.
        """
        last = len(self.weights) - 1
        for i in range(last, -1, -1):
            # A bias in front of batch norm is taken out by it again: its gradient is zero.
            idle = i < last and self.norm == "batch" and self.place == "before"
            if self.small.biases and not idle:
                total = g.sum(2, keepdim=True)
                own = self.small_gradients.biases[i]
                own.copy_(total if self.bias == "per_neuron" else total.sum(1, keepdim=True))
            below = self.weights[i].transpose(1, 2) @ g if i else None
            learner.product(i, g, tape.inputs[i])
            if below is not None:
                g = self._hidden_backward(i - 1, below, tape.hidden[i - 1])
        learner.small(self.gradient)

    def _hidden_backward(self, layer: int, g: Tensor, hidden: Hidden) -> Tensor:
        """Return the gradient of a hidden layer's product, given that of its output."""
        if hidden.mask is not None:
            g = g.mul_(hidden.mask)
        if self.place == "after":
            g = self._norm_backward(layer, g, hidden.saved)
        g = self.activation.backward(g, hidden.activated)
        if self.place == "before":
            g = self._norm_backward(layer, g, hidden.saved)
        return g

    def _norm_backward(self, layer: int, g: Tensor, saved: Saved | None) -> Tensor:
        if saved is None:
            return g
        below, scale, shift = self.norms[layer].backward(g, saved)
        self.small_gradients.scales[layer].copy_(scale)
        self.small_gradients.shifts[layer].copy_(shift)
        return below

    def run_state(self, run: int) -> dict[str, Tensor]:
        """Return one run's parameters and statistics under the names ``nn.Sequential`` has.

        Layer i's ``linear.{i}.weight`` has shape (outputs, inputs) and ``linear.{i}.bias``
        (outputs,); its norm's ``norm.{i}.weight``, ``.bias``, ``.running_mean``, ``.running_var``
        have shape (units,).
        """
        state = {}
        for i, weights in enumerate(self.weights):
            state[f"linear.{i}.weight"] = weights[run]
            if self.small.biases:
                bias = self.small.biases[i][run]
                state[f"linear.{i}.bias"] = bias.expand(weights.shape[1], 1)[:, 0]
        for i, norm in enumerate(self.norms):
            state[f"norm.{i}.weight"] = norm.scale[run, :, 0]
            state[f"norm.{i}.bias"] = norm.shift[run, :, 0]
            if isinstance(norm, BatchNorm):
                state[f"norm.{i}.running_mean"] = norm.mean[run]
                state[f"norm.{i}.running_var"] = norm.var[run]
        return {name: value.detach().cpu().clone() for name, value in state.items()}

    def run_states(self) -> Iterator[dict[str, Tensor]]:
        """Yield :meth:`run_state` of each run."""
        return (self.run_state(run) for run in range(self.runs))

    def trainable(self) -> int:
        """Number of trainable parameters of one run."""
        return sum(p.numel() for p in self.parameters()) // self.runs
