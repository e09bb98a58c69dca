"""This package's training, in Lightning and without it, and all ways to train by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import torch

from bench import peers
from bench.cases import CLASSES, Samples
from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, run_id
from restudy.data.load import scale, split
from restudy.results.group_files import GroupResults
from restudy.training import matmul_backend
from restudy.training.batches import TensorData
from restudy.training.stack import Engine, Stack
from restudy.training.train_stacks import train_runs


def seeds(recipe: Recipe, runs: int) -> list[Recipe]:
    """Return the recipe with as many seeds: each run has weights and batches of its own."""
    return [recipe.model_copy(update={"seed": seed}) for seed in range(runs)]


def train(
    recipes: Sequence[Recipe], samples: Samples, device: str = "cpu", engine: Engine = "torch"
) -> GroupResults:
    """Train the recipes as one stack, as a training job does."""
    runs = [RunSpec(run_id(recipe), recipe) for recipe in recipes]
    return train_runs(
        runs,
        samples.prepared,
        digests={run.id: "" for run in runs},
        device=device,
        stack=len(runs),
        engine=engine,
    )


def in_lightning(
    recipe: Recipe, samples: Samples, runs: int, device: str = "cpu", engine: Engine = "torch"
) -> float:
    """Train one epoch of a stack in Lightning; return seconds per run, without evaluation."""
    timing = train(seeds(recipe, runs), samples, device, engine).timing
    return float(timing["train_seconds"].iloc[0]) / runs


def make_stack(recipe: Recipe, samples: Samples, runs: int) -> Stack:
    """Return a stack of as many seeds at the start of its first epoch."""
    parts = split(samples.prepared, recipe.n_train, recipe.n_validation)
    scaled = scale(parts, recipe.scaling, recipe.target_scaling)
    tensors = TensorData.from_split(scaled, torch.device("cpu"))
    stack = Stack(seeds(recipe, runs), tensors, CLASSES)
    stack.start_epoch(0)
    return stack


def without_lightning(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Train one epoch of a stack in a loop of its own; return seconds per run."""
    stack = make_stack(recipe, samples, runs)
    with matmul_backend.use(matmul_backend.choose("auto").path):
        started = time.perf_counter()
        for block in stack.batches:
            stack.train(block)
        return (time.perf_counter() - started) / runs


Way = Callable[[Recipe, Samples], float]
NOTEBOOK, LIGHTNING, PLAIN = "notebook loop", "Lightning", "plain loop"
PEERS: dict[str, tuple[Way, str]] = {
    NOTEBOOK: (peers.notebook, "S3's loop: images transformed one by one, DataLoader, SGD"),
    LIGHTNING: (
        peers.lightning,
        "DataLoader over a TensorDataset, fused SGD; logger, checkpoints, bar off",
    ),
    PLAIN: (peers.plain_loop, "PyTorch, batches gathered by a shuffled index, fused SGD"),
}
OURS: dict[str, tuple[Way, str]] = {
    "ours, 1 run": (partial(in_lightning, runs=1), "one run in this package's Lightning module"),
    "ours, 5 runs": (partial(in_lightning, runs=5), "five runs stacked"),
    "ours, 10 runs": (partial(in_lightning, runs=10), "ten runs stacked"),
    "5 runs, compiled": (
        partial(in_lightning, runs=5, engine="compiled"),
        "five runs one after the other, by the compiled engine",
    ),
    "5 runs, no Lightning": (
        partial(without_lightning, runs=5),
        "the same stack of five in a loop without the Trainer",
    ),
}
WAYS: dict[str, Way] = {name: way for name, (way, _) in {**PEERS, **OURS}.items()}
if torch.cuda.is_available():
    WAYS |= {
        f"ours, {runs} runs, CUDA": partial(in_lightning, runs=runs, device="cuda")
        for runs in (10, 100)
    }


def measure(way: str, recipe: Recipe, samples: Samples) -> float:
    """Train one epoch in one of the ways; return its seconds per run.

    Every way has one thread, and numbers below 1e-38 are zero in all of them, as in a training
    job: otherwise the peers would be slower.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    return WAYS[way](recipe, samples)
