"""The stacked network: L fully connected networks of one shape as one module.

Activations are laid out (L, units, batch). That way a layer is one batched matrix product whose
result is contiguous, and batch norm over all lanes is one call of PyTorch's own kernel with
L x units channels: each lane's statistics are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from restudy.config.recipe import Recipe
from restudy.lanes.initial import initial_layers

Dropout = Callable[[Tensor, int], Tensor]

_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "identity": lambda x: x,
}


class StackedNetwork(nn.Module):
    """L networks of equal shape, one per recipe.

    Attributes:
        weights: for each layer (L, outputs, inputs).
        biases: for each layer (L, outputs, 1), or (L, 1, 1) when shared; empty when there is none.
        scales, shifts: gamma and beta of each normalised layer, (L, units, 1).
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        inputs: int,
        outputs: int,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Draw the initial weights of all lanes.

        Args:
            recipes: one per lane, equal in everything that shapes the network.
            inputs: number of features.
            outputs: number of classes, or of regression targets.
            dtype: of all parameters.
        """
        super().__init__()
        shape = recipes[0]
        self.activation = _ACTIVATIONS[shape.activation]
        self.norm, self.norm_place = shape.norm, shape.norm_place
        self.norm_eps, self.norm_momentum = shape.norm_eps, shape.norm_momentum
        lanes = [initial_layers(recipe, inputs, outputs) for recipe in recipes]

        def stack(arrays: Sequence[np.ndarray | None]) -> nn.Parameter:
            return nn.Parameter(torch.from_numpy(np.stack(arrays)).to(dtype))  # type: ignore[arg-type]

        depth = len(lanes[0])
        self.weights = nn.ParameterList(stack([lane[i][0] for lane in lanes]) for i in range(depth))
        self.biases = nn.ParameterList(
            stack([lane[i][1] for lane in lanes]) for i in range(depth) if shape.bias != "none"
        )
        self.scales, self.shifts = nn.ParameterList(), nn.ParameterList()
        if self.norm != "none":
            for units in shape.hidden:
                self.scales.append(torch.ones(len(recipes), units, 1, dtype=dtype))
                self.shifts.append(torch.zeros(len(recipes), units, 1, dtype=dtype))
        if self.norm == "batch":
            for i, units in enumerate(shape.hidden):
                self.register_buffer(f"mean_{i}", torch.zeros(len(recipes), units, dtype=dtype))
                self.register_buffer(f"var_{i}", torch.ones(len(recipes), units, dtype=dtype))

    def forward(self, x: Tensor, dropout: Dropout | None = None) -> Tensor:
        """Run all lanes.

        Args:
            x: inputs, (L, batch, features); may be one batch expanded over the lanes.
            dropout: called with the activations of each hidden layer, (L, units, batch), and the
                layer's number; None to drop nothing.

        Returns:
            the outputs (logits or predictions), shape (L, outputs, batch).
        """
        h = x.transpose(1, 2)
        for i, weights in enumerate(self.weights):
            h = torch.baddbmm(self.biases[i], weights, h) if self.biases else weights @ h
            if i < len(self.weights) - 1:
                if self.norm == "none":
                    h = self.activation(h)
                elif self.norm_place == "before":
                    h = self.activation(self._normalise(h, i))
                else:
                    h = self._normalise(self.activation(h), i)
                if dropout is not None:
                    h = dropout(h, i)
        return h

    def _normalise(self, h: Tensor, layer: int) -> Tensor:
        if self.norm == "layer":
            normed = functional.layer_norm(h.transpose(1, 2), h.shape[1:2], eps=self.norm_eps)
            return torch.addcmul(self.shifts[layer], normed.transpose(1, 2), self.scales[layer])
        lanes, units, batch = h.shape
        return functional.batch_norm(
            h.reshape(1, lanes * units, batch),
            getattr(self, f"mean_{layer}").view(-1),
            getattr(self, f"var_{layer}").view(-1),
            self.scales[layer].view(-1),
            self.shifts[layer].view(-1),
            self.training,
            self.norm_momentum,
            self.norm_eps,
        ).view(lanes, units, batch)

    def lane_state(self, lane: int) -> dict[str, Tensor]:
        """Return one lane's parameters and statistics under the names ``nn.Sequential`` has.

        Layer i's ``linear.{i}.weight`` has shape (outputs, inputs) and ``linear.{i}.bias``
        (outputs,); its norm's ``norm.{i}.weight``, ``.bias``, ``.running_mean``, ``.running_var``
        have shape (units,).
        """
        state = {}
        for i, weights in enumerate(self.weights):
            state[f"linear.{i}.weight"] = weights[lane]
            if self.biases:
                state[f"linear.{i}.bias"] = self.biases[i][lane].expand(weights.shape[1], 1)[:, 0]
        for i, scale in enumerate(self.scales):
            state[f"norm.{i}.weight"] = scale[lane, :, 0]
            state[f"norm.{i}.bias"] = self.shifts[i][lane, :, 0]
            if self.norm == "batch":
                state[f"norm.{i}.running_mean"] = getattr(self, f"mean_{i}")[lane]
                state[f"norm.{i}.running_var"] = getattr(self, f"var_{i}")[lane]
        return {name: value.detach().cpu().contiguous() for name, value in state.items()}

    def trainable(self) -> int:
        """Number of trainable parameters of one lane."""
        return sum(p.numel() // p.shape[0] for p in self.parameters())
