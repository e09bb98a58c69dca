"""A stack: the runs that are trained together, and one step of training them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.training.batches import EpochBatches, Part, TensorData, run_targets
from restudy.training.dropout import StackDropout
from restudy.training.evaluation import evaluate
from restudy.training.losses import loss_gradients, sample_losses
from restudy.training.network import StackedNetwork
from restudy.training.optimisers import make_optimiser
from restudy.training.penalties import penalties

if TYPE_CHECKING:
    from restudy.training.compiled.engine import CompiledEngine

Engine = Literal["auto", "compiled", "torch"]

# Rows of a full batch that are taken at a time: their activations fit into the cache.
_ROWS = 500


# From so many samples a batch on, the stacked engine is as fast as the compiled one.
_LARGE_BATCH = 1024


def choose_engine(
    engine: Engine, recipe: Recipe, device: torch.device
) -> Literal["compiled", "torch"]:
    """Return the engine that trains by a recipe.

    The compiled engine computes on the CPU, and takes no batch of all samples. ``auto`` stands for
    it where it is faster.
    """
    if engine == "torch" or device.type != "cpu" or recipe.batch_size == "full":
        return "torch"
    return "compiled" if engine == "compiled" or recipe.n_batch < _LARGE_BATCH else "torch"


class Stack:
    """L runs trained at once. No run's numbers depend on the others.

    Attributes:
        recipes: one per run.
        network: their parameters.
        optimiser: theirs, with its state.
        batches: the sample numbers of every step, an epoch at a time.
        epochs: how many there are.
        epoch: the one that is trained, counted from 0.
        steps_done: optimiser steps so far.
        losses: each run's data loss on batches of the epoch, before their steps, (L,) each: on
            every batch with the diagnostic ``smoothness``; with ``batch_loss`` on the last of each
            block at least, which the epoch's last batch is; else on none.
        unit_statistics: mean and standard deviation of each hidden unit at the last evaluation,
            (L, 2, units), NaN before; kept by the diagnostic ``activations``, empty without it.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        data: TensorData,
        classes: int,
        engine: Engine = "auto",
    ) -> None:
        """Set up a stack.

        Args:
            recipes: one per run, equal in everything that shapes network and schedule.
            data: the data, on the device that the stack trains on and of the type it computes in.
            classes: number of classes; 0 for regression.
            engine: what takes the steps, see :func:`choose_engine`.
        """
        x = data.train.x
        self.recipes, self.data, self.loss = list(recipes), data, recipes[0].loss
        self.targets = run_targets(data.train.y, recipes, classes)
        self._network = StackedNetwork(recipes, x.shape[1], classes or 1, x.dtype, x.device)
        drops = any(recipe.dropout for recipe in recipes)
        self.dropout = StackDropout(recipes, x.device) if drops else None
        self.compiled: CompiledEngine | None = None
        if choose_engine(engine, recipes[0], x.device) == "compiled":
            # Numba is slow to import, and the stacked engine does without.
            from restudy.training.compiled.engine import CompiledEngine

            network = self._network
            self.compiled = CompiledEngine(network, recipes, data, self.targets, self.dropout)
        else:
            self.optimiser = make_optimiser(self._network, recipes)
        self.batches = EpochBatches(recipes, x.device)
        self.epochs = recipes[0].total_epochs
        self.epoch = 0
        self.steps_done = 0
        self._ahead = False
        diagnostics = recipes[0].diagnostics
        self.watches_every_loss = "smoothness" in diagnostics
        self.watches_loss = self.watches_every_loss or "batch_loss" in diagnostics
        self.losses: list[Tensor] = []
        units = sum(recipes[0].hidden) if "activations" in diagnostics else 0
        shape = len(recipes), 2, units
        self.unit_statistics = x.new_full(shape, torch.nan, dtype=torch.float64)

    @property
    def network(self) -> StackedNetwork:
        """The runs' parameters as they are now."""
        if self.compiled:
            self._write_back(self.compiled)
        return self._network

    def _write_back(self, engine: CompiledEngine) -> None:
        """Copy the compiled engine's parameters to the network, if they have moved on."""
        if self._ahead:
            engine.write_back()
            self._ahead = False

    def start_epoch(self, epoch: int) -> None:
        """Set batch order, dropout and learning rates to an epoch, counted from 0."""
        self.epoch = self.batches.epoch = epoch
        self.losses.clear()
        if self.compiled:
            self._write_back(self.compiled)
            self.compiled.start_epoch(epoch)
        else:
            self.optimiser.start_epoch(epoch)
        if self.dropout:
            self.dropout.start_epoch(epoch)

    @torch.inference_mode()
    def train(self, block: Tensor) -> None:
        """Take one optimiser step for each batch of a block, int64 (steps, L, batch)."""
        if self.compiled:
            self._train_compiled(self.compiled, block)
            return
        for step, batch in enumerate(block, start=1):
            losses = self._watched(last=step == len(block))
            if self.batches.whole:
                self._train_whole(losses)
            else:
                x = self.data.train.x.index_select(0, batch.reshape(-1)).view(*batch.shape, -1)
                self._train_rows(x, self.targets.gather(1, batch), batch.shape[1], losses)
        self.steps_done += len(block)

    def _train_compiled(self, engine: CompiledEngine, block: Tensor) -> None:
        """Take a block's steps by the compiled engine."""
        losses = engine.train(block, self.steps_done, self.watches_loss)
        if self.watches_every_loss:
            self.losses += losses.unbind()
        elif self.watches_loss:
            self.losses.append(losses[-1])
        self.steps_done += len(block)
        self._ahead = True

    def _watched(self, *, last: bool) -> Tensor | None:
        """Return what a step adds its losses to, (L,), if they are kept."""
        if not (self.watches_every_loss or (self.watches_loss and last)):
            return None
        self.losses.append(self.data.train.x.new_zeros(len(self.recipes)))
        return self.losses[-1]

    def _train_whole(self, losses: Tensor | None) -> None:
        """Take a step on all training samples, a block of rows at a time.

        The gradients of the blocks add up to that of the batch; batch norm alone needs all rows at
        once.
        """
        x, n = self.data.train.x.expand(len(self.recipes), -1, -1), len(self.data.train.x)
        rows = n if self.recipes[0].norm == "batch" else _ROWS
        for start in range(0, n, rows):
            some = slice(start, start + rows)
            self.optimiser.begin(first=start == 0, last=start + rows >= n)
            self._train_rows(x[:, some], self.targets[:, some], n, losses)

    def _train_rows(self, x: Tensor, y: Tensor, n: int, losses: Tensor | None) -> None:
        """Hand the optimiser the gradients of some rows of a batch of n."""
        outputs, tape = self.network.step(x, self.dropout)
        if losses is not None:
            losses += sample_losses(outputs, y, self.loss).sum(1) / n
        g = loss_gradients(outputs, y, self.loss)
        # Each run's loss is the mean over its batch.
        g.mul_(self.optimiser.scale / n)
        self.network.backward(g, tape, self.optimiser)

    def evaluate(self, part: Part) -> dict[str, Tensor]:
        """Return the metrics of all runs on a part of the data, see :func:`evaluate`."""
        return evaluate(self.network, part, self.loss, self.data.target_sd)

    def penalties(self) -> Tensor:
        """Return the penalty of each run, (L,)."""
        return penalties(self.network.weights, self.recipes)

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that training goes on from, by name; they are the stack's own."""
        parts = {
            "network": self.network.state_dict(),
            "optimiser": (self.compiled or self.optimiser).state(),
        }
        own = {
            f"{part}.{name}": tensor
            for part, state in parts.items()
            for name, tensor in state.items()
        }
        return own | {"unit_statistics": self.unit_statistics}
