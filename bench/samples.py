"""Made-up images: the time that training takes does not depend on what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from restudy.data.load import PreparedData

# For validation and test, which are not timed.
HELD_OUT = 100


@dataclass(frozen=True)
class Samples:
    """The same training samples in the form that each way begins with.

    Attributes:
        prepared: what a training job reads, with ``HELD_OUT`` samples more for validation.
    """

    prepared: PreparedData

    @property
    def images(self) -> Tensor:
        """The images as bytes, (n, 28, 28)."""
        return torch.from_numpy(self.prepared.x_train[:-HELD_OUT]).view(-1, 28, 28)

    @cached_property
    def x(self) -> Tensor:
        """The images from -1 to 1 as ``scaling: centred`` has them, float32 (n, 784)."""
        # In place: what else there is at the same time would count as memory of the way.
        return self.images.flatten(1).float().div_(255).sub_(0.5).div_(0.5)

    @property
    def y(self) -> Tensor:
        """The labels, int64 (n,)."""
        return torch.from_numpy(self.prepared.y_train[:-HELD_OUT])


def made_up(n: int) -> Samples:
    """Return n random training images of ten classes, four fifths of their pixels black."""
    random = np.random.default_rng(0)
    shape = (n + HELD_OUT, 784)
    pixels = random.integers(0, 256, shape, np.uint8)
    pixels *= random.integers(0, 5, shape, np.uint8) == 0
    labels = random.integers(0, 10, n + HELD_OUT)
    # The split takes the last rows of this order for validation.
    order = np.arange(n + HELD_OUT)
    held_out = pixels[:HELD_OUT], labels[:HELD_OUT]
    return Samples(PreparedData("mnist", 0, "made up", pixels, labels, *held_out, order))
