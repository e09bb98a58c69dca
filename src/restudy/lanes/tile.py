"""A tile: the lanes whose parameters are in the cache together, and one step of training them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from restudy.config.recipe import Recipe
from restudy.lanes.batches import TensorData, lane_targets
from restudy.lanes.dropout import LaneDropout
from restudy.lanes.losses import loss_gradients
from restudy.lanes.network import StackedNetwork
from restudy.lanes.optimisers import make_optimiser


class Tile:
    """Some neighbouring lanes of a stack.

    Attributes:
        network: their parameters.
        optimiser: theirs, with its state.
    """

    def __init__(self, recipes: Sequence[Recipe], data: TensorData, classes: int) -> None:
        """Set up lanes; the arguments are those of :class:`restudy.lanes.stack.Stack`."""
        self.x, self.loss = data.train.x, recipes[0].loss
        self.targets = lane_targets(data.train.y, recipes, classes)
        self.network = StackedNetwork(recipes, self.x.shape[1], classes or 1, device=self.x.device)
        self.optimiser = make_optimiser(self.network, recipes)
        drops = any(recipe.dropout for recipe in recipes)
        self.dropout = LaneDropout(recipes, self.x.device) if drops else None

    def start_epoch(self, epoch: int) -> None:
        """Set dropout and learning rates to an epoch, counted from 0."""
        self.optimiser.start_epoch(epoch)
        if self.dropout:
            self.dropout.start_epoch(epoch)

    @torch.inference_mode()
    def train(self, block: Tensor) -> None:
        """Take one optimiser step for each batch of a block, int64 (steps, L, batch)."""
        for batch in block:
            x = self.x.index_select(0, batch.reshape(-1)).view(*batch.shape, -1)
            y = self.targets.gather(1, batch)
            outputs, tape = self.network.step(x, self.dropout)
            g = loss_gradients(outputs, y, self.loss)
            # Each lane's loss is the mean over its batch.
            g.mul_(self.optimiser.scale / batch.shape[1])
            self.network.backward(g, tape, self.optimiser)
