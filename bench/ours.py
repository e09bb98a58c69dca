"""This package's training, in Lightning and without it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

from bench.peers.network import CLASSES
from bench.samples import Samples
from restudy.config.recipe import Recipe
from restudy.config.run_ids import Lane, lane_id
from restudy.data.load import scale, split
from restudy.results.group_files import CellResults
from restudy.training import matmul_backend
from restudy.training.batches import TensorData
from restudy.training.stack import Stack
from restudy.training.train_stacks import train_lanes


def seeds(recipe: Recipe, lanes: int) -> list[Recipe]:
    """Return the recipe with as many seeds: each lane has weights and batches of its own."""
    return [recipe.model_copy(update={"seed": seed}) for seed in range(lanes)]


def train(recipes: Sequence[Recipe], samples: Samples, device: str = "cpu") -> CellResults:
    """Train the recipes as one stack, as a training job does."""
    lanes = [Lane(lane_id(recipe), recipe) for recipe in recipes]
    return train_lanes(
        lanes,
        samples.prepared,
        digests={lane.id: "" for lane in lanes},
        device=device,
        stack=len(lanes),
    )


def in_lightning(recipe: Recipe, samples: Samples, lanes: int, device: str = "cpu") -> float:
    """Train one epoch of a stack in Lightning; return seconds per run, without evaluation."""
    timing = train(seeds(recipe, lanes), samples, device).timing
    return float(timing["train_seconds"].iloc[0]) / lanes


def without_lightning(recipe: Recipe, samples: Samples, lanes: int) -> float:
    """Train one epoch of a stack in a loop of its own; return seconds per run."""
    parts = split(samples.prepared, recipe.n_train, recipe.n_validation)
    scaled = scale(parts, recipe.scaling, recipe.target_scaling)
    tensors = TensorData.from_split(scaled, torch.device("cpu"))
    stack = Stack(seeds(recipe, lanes), tensors, CLASSES)
    with matmul_backend.use(matmul_backend.choose("auto").path):
        started = time.perf_counter()
        stack.start_epoch(0)
        for block in stack.batches:
            stack.train(block)
        return (time.perf_counter() - started) / lanes
