"""The compiled engine of a stack: its runs one after the other, a block of steps in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.training.batches import TensorData
from restudy.training.compiled import layout, steps
from restudy.training.dropout import StackDropout
from restudy.training.network import StackedNetwork
from restudy.training.norms import BatchNorm
from restudy.training.penalties import l2_gradient_factor

_ACTIVATIONS = {
    "identity": steps.IDENTITY,
    "relu": steps.RELU,
    "sigmoid": steps.SIGMOID,
    "tanh": steps.TANH,
}
_NORMS = {"none": steps.NO_NORM, "batch": steps.BATCH, "layer": steps.LAYER}
_BIASES = {"none": steps.NO_BIAS, "per_neuron": steps.PER_NEURON, "shared": steps.SHARED}
_LOSSES = {
    "cross_entropy": steps.CROSS_ENTROPY,
    "double_softmax": steps.DOUBLE_SOFTMAX,
    "mse": steps.SQUARED,
}
_RULES = {
    "sgd": steps.MOMENTUM_RULE,
    "momentum": steps.MOMENTUM_RULE,
    "dampened_momentum": steps.MOMENTUM_RULE,
    "nesterov": steps.NESTEROV,
    "adam": steps.ADAM,
}


class CompiledEngine:
    """Takes the optimiser steps of L runs, each run's arithmetic by itself.

    The parameters are copied from the network at the beginning of an epoch, and back whenever
    :meth:`write_back` is called.

    Attributes:
        parameters, first, second: (L, parameters): trainable numbers and the optimiser's state, as
            :func:`restudy.training.compiled.steps.train_steps` has them.
        statistics: (L, statistics): running mean and variance.
    """

    def __init__(
        self,
        network: StackedNetwork,
        recipes: Sequence[Recipe],
        data: TensorData,
        targets: Tensor,
        dropout: StackDropout | None,
    ) -> None:
        """Prepare for the runs of a network.

        Args:
            network: of which the parameters are.
            recipes: one per run, for which :func:`restudy.training.stack.can_compile` holds.
            data: on the CPU.
            targets: (L, n).
            dropout: the runs' random streams of masks, if any drops units.
        """
        self.network, self.recipes, self.dropout = network, list(recipes), dropout
        shared = recipes[0]
        self.x = data.train.x.numpy()
        kind = self.x.dtype
        self.targets = targets.numpy()
        widths = [self.x.shape[1], *network.widths]
        self.layout = layout.make_layout(widths, shared.n_batch, kind.itemsize)
        runs = len(recipes)
        self.parameters = layout.aligned(runs, self.layout.parameters, kind)
        self.first = layout.aligned(runs, self.layout.parameters, kind)
        adam = shared.optimiser == "adam"
        self.second = layout.aligned(runs, self.layout.parameters, kind) if adam else self.first
        self.statistics = layout.aligned(runs, self.layout.statistics, kind)
        self.work = layout.aligned(1, self.layout.work, kind)[0]
        self.shape = steps.Shape(
            self.layout.layers, self.layout.places, self.layout.lanes, self.layout.weights
        )
        self.options = np.array(
            [
                _ACTIVATIONS[shared.activation],
                _NORMS[shared.norm],
                shared.norm_position == "after",
                _BIASES[shared.bias],
                _LOSSES[shared.loss],
                _RULES[shared.optimiser],
                shared.l1_form == "without_abs",
                dropout is not None,
                False,
            ],
            np.int64,
        )
        self.numbers = np.zeros((runs, 9))
        self.rates = np.zeros(runs)
        self._set_rates(0)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates of an epoch, and take the parameters from the network.

        What was trained before must have been written back to it.
        """
        before = self.rates.copy()
        self._set_rates(epoch)
        if self.recipes[0].optimiser != "adam":
            self.first *= (self.rates / before)[:, None].astype(self.first.dtype)
        self._read()

    def train(self, block: Tensor, done: int, watched: bool) -> Tensor:
        """Take one step for each batch of a block.

        Args:
            block: sample numbers, int64 (steps, L, batch).
            done: steps that were taken before.
            watched: whether the losses are wanted.

        Returns:
            mean loss of each batch before its step, (steps, L); zeros unless watched.
        """
        count, _, batch = block.shape
        orders = block.transpose(0, 1).contiguous().numpy()
        losses = np.zeros((len(self.recipes), count), self.x.dtype)
        self.options[steps.WATCHED] = watched
        classes = self.options[steps.LOSS] != steps.SQUARED
        no_labels, no_values = np.zeros(0, np.int64), np.zeros(0, self.x.dtype)
        for run, order in enumerate(orders):
            memory = steps.Memory(
                self.parameters[run],
                self.first[run],
                self.second[run],
                self.statistics[run],
                self.work,
                self._masks(run, count, batch),
            )
            steps.train_steps(
                self.x,
                self.targets[run] if classes else no_labels,
                no_values if classes else self.targets[run],
                order,
                memory,
                self.shape,
                self.options,
                self.numbers[run],
                done,
                losses[run],
            )
        return torch.from_numpy(losses.T.copy())

    def _masks(self, run: int, count: int, batch: int) -> NDArray[np.floating]:
        """Return a run's dropout masks of a block, (steps, units of all hidden layers * batch)."""
        if self.dropout is None:
            return np.zeros((0, 0), self.x.dtype)
        hidden = self.network.widths[:-1]
        masks = torch.empty(count, sum(hidden) * batch, dtype=self.network.vector.dtype)
        for row in masks:
            for part, units in zip(row.split([n * batch for n in hidden]), hidden, strict=True):
                self.dropout.fill(part.view(units, batch), run)
        return masks.numpy()

    def _read(self) -> None:
        """Copy the network's parameters and statistics."""
        for i, weights in enumerate(self.network.weights):
            for own, values in zip(self.parameters, weights.detach().numpy(), strict=True):
                panels = self.layout.panels(own, i)
                blocks, inputs, columns = panels.shape
                padded = np.zeros((blocks * columns, inputs), own.dtype)
                padded[: len(values)] = values
                panels[...] = padded.reshape(blocks, columns, inputs).swapaxes(1, 2)
        for place, tensor in self._vectors():
            place[...] = tensor.detach().numpy()

    def write_back(self) -> None:
        """Copy parameters and statistics to the network."""
        for i, weights in enumerate(self.network.weights):
            for own, values in zip(self.parameters, weights.detach().numpy(), strict=True):
                panels = self.layout.panels(own, i)
                rows = panels.swapaxes(1, 2).reshape(-1, panels.shape[1])
                values[...] = rows[: len(values)]
        for place, tensor in self._vectors():
            own = tensor.detach().numpy()
            own[...] = place[:, : own.shape[1]]

    def _vectors(self) -> Iterator[tuple[NDArray[np.floating], Tensor]]:
        """Yield each vector of parameters or statistics, (L, units), and the network's tensor.

        The tensor is (L, units), or (L, 1) if the units share the number.
        """
        network, table = self.network, self.layout.layers
        small = network.small
        for i, units in enumerate(network.widths):
            for column, tensors in (
                (layout.BIAS, small.biases),
                (layout.SCALE, small.scales),
                (layout.SHIFT, small.shifts),
            ):
                if i < len(tensors):
                    start = table[i, column]
                    yield self.parameters[:, start : start + units], tensors[i][:, :, 0]
        for i, norm in enumerate(network.norms):
            if isinstance(norm, BatchNorm):
                units, padded = network.widths[i], table[i, layout.PADDED]
                for number, tensor in enumerate((norm.mean, norm.var)):
                    start = table[i, layout.STATISTICS] + number * padded
                    yield self.statistics[:, start : start + units], tensor

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that training goes on from, by name."""
        own = {"rates": self.rates, "first": self.first}
        if self.second is not self.first:
            own["second"] = self.second
        return {name: torch.from_numpy(values) for name, values in own.items()}

    def _set_rates(self, epoch: int) -> None:
        """Set the learning rates of an epoch, and what depends on them."""
        for run, recipe in enumerate(self.recipes):
            rate = recipe.learning_rate * recipe.learning_rate_decay**epoch
            if recipe.optimiser == "dampened_momentum":
                rate *= 1 - recipe.momentum
            penalty = 1.0 if recipe.optimiser == "adam" else rate
            self.rates[run] = rate
            self.numbers[run] = (
                rate,
                0.0 if recipe.optimiser == "sgd" else recipe.momentum,
                penalty * recipe.lambda1,
                penalty * l2_gradient_factor(recipe),
                recipe.norm_eps,
                recipe.norm_momentum,
                recipe.adam_beta1,
                recipe.adam_beta2,
                recipe.adam_eps,
            )
