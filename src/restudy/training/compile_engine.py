"""Compiles the engine ahead: ``python -m restudy.training.compile_engine``, as set-up does."""

from __future__ import annotations

import torch

from restudy.config.recipe import Recipe
from restudy.training.batches import Part, TensorData
from restudy.training.stack import Stack


def main() -> None:
    """Take one step of a small network in float32, as all training does."""
    recipe = Recipe(
        dataset="mnist",
        hidden=[2],
        epochs=1,
        learning_rate=0.1,
        batch_size=2,
        train_samples=2,
        validation_samples=2,
    )
    part = Part(torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64))
    stack = Stack([recipe], TensorData(part, part, part, 1.0), 2, "compiled")
    stack.start_epoch(0)
    for block in stack.batches:
        stack.train(block)


if __name__ == "__main__":
    main()
