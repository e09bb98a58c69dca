"""A stack: the lanes that one Trainer trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.lanes.batches import EpochBatches, Part, TensorData
from restudy.lanes.evaluation import evaluate
from restudy.lanes.initial import widths
from restudy.lanes.penalties import penalties
from restudy.lanes.tile import Tile

# What the parameters and velocities of a tile may take on a CPU. Measured: stacks beyond it lose
# more to main memory than they save in calls.
TILE_BYTES = 10_000_000


class Stack:
    """L runs trained at once.

    On a CPU the lanes are cut into tiles that fit the cache, and each tile trains a block of steps
    before the next one does. A lane's numbers depend on no other lane, so how lanes are cut changes
    none of them.

    Attributes:
        recipes: one per lane.
        tiles: the lanes, in order.
        batches: the sample numbers of every step, an epoch at a time.
        epochs: how many there are.
        epoch: the one that is trained, counted from 0.
        steps_done: optimiser steps so far.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        data: TensorData,
        classes: int,
        tile_bytes: int = TILE_BYTES,
    ) -> None:
        """Set up a stack.

        Args:
            recipes: one per lane, equal in everything that shapes network and schedule.
            data: the data, on the device that the stack trains on.
            classes: number of classes; 0 for regression.
            tile_bytes: what a tile's parameters and their velocities may take; at least one lane
                is in a tile. On a GPU all lanes are one tile.
        """
        self.recipes, self.data, self.loss = list(recipes), data, recipes[0].loss
        device = data.train.x.device
        self.batches = EpochBatches(recipes, device)
        size = len(recipes)
        if device.type == "cpu":
            size = tile_size(recipes, data.train.x.shape[1], classes or 1, tile_bytes)
        self.spans = [slice(i, i + size) for i in range(0, len(recipes), size)]
        self.tiles = [Tile(self.recipes[span], data, classes) for span in self.spans]
        self.epochs = math.ceil(recipes[0].total_steps / recipes[0].steps_per_epoch)
        self.epoch = 0
        self.steps_done = 0

    def start_epoch(self, epoch: int) -> None:
        """Set batch order, dropout and learning rates to an epoch, counted from 0."""
        self.epoch = self.batches.epoch = epoch
        for tile in self.tiles:
            tile.start_epoch(epoch)

    def train(self, block: Tensor) -> None:
        """Take one optimiser step for each batch of a block, int64 (steps, L, batch)."""
        for tile, span in zip(self.tiles, self.spans, strict=True):
            tile.train(block[:, span])
        self.steps_done += len(block)

    def evaluate(self, part: Part) -> dict[str, Tensor]:
        """Return the metrics of all lanes on a part of the data, see :func:`evaluate`."""
        found = [
            evaluate(tile.network, part, self.loss, self.data.target_sd) for tile in self.tiles
        ]
        return {metric: torch.cat([some[metric] for some in found]) for metric in found[0]}

    def penalties(self) -> Tensor:
        """Return the penalty of each lane, (L,)."""
        return torch.cat(
            [
                penalties(tile.network.weights, self.recipes[span])
                for tile, span in zip(self.tiles, self.spans, strict=True)
            ]
        )

    def lane_states(self) -> list[dict[str, Tensor]]:
        """Return each lane's parameters and statistics, see ``StackedNetwork.lane_state``."""
        return [
            tile.network.lane_state(lane)
            for tile in self.tiles
            for lane in range(tile.network.lanes)
        ]

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that training goes on from, by name; they are the stack's own."""
        return {
            f"{i}.{owner}.{name}": tensor
            for i, tile in enumerate(self.tiles)
            for owner, state in (
                ("network", tile.network.state_dict()),
                ("optimiser", tile.optimiser.state()),
            )
            for name, tensor in state.items()
        }

    def trainable(self) -> int:
        """Return the number of trainable parameters of one lane."""
        return self.tiles[0].network.trainable()


def tile_size(recipes: Sequence[Recipe], inputs: int, outputs: int, tile_bytes: int) -> int:
    """Return how many lanes a tile has, so that all tiles are about as large.

    Args:
        recipes: one per lane.
        inputs: number of features.
        outputs: number of classes, or of regression targets.
        tile_bytes: what a tile's weights, velocities and, with Adam, gradients may take.
    """
    weights = sum(a * b for a, b in pairwise(widths(recipes[0], inputs, outputs)))
    copies = 4 if recipes[0].optimiser == "adam" else 2
    most = max(1, tile_bytes // (weights * 4 * copies))
    return math.ceil(len(recipes) / math.ceil(len(recipes) / most))
