"""This package's training, in Lightning and without it, and all ways to train by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch

from bench import functional, peers
from bench.cases import CLASSES, Samples
from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, run_id
from restudy.data.load import scale, split
from restudy.results.group_files import GroupResults
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
    stack = Stack(seeds(recipe, runs), tensors, CLASSES, "torch")
    stack.start_epoch(0)
    return stack


Way = Callable[[Recipe, Samples], float]
RUNS = (1, 5, 10)
NOTEBOOK, LIGHTNING, PLAIN = "notebook loop", "Lightning", "plain loop"
ONE_RUN: dict[str, tuple[Way, str]] = {
    NOTEBOOK: (peers.notebook, "S3's loop: images transformed one by one, DataLoader, SGD"),
    LIGHTNING: (
        peers.lightning,
        "DataLoader over a TensorDataset, fused SGD; logger, checkpoints, bar off",
    ),
    PLAIN: (peers.plain_loop, "PyTorch, batches gathered by a shuffled index, fused SGD"),
}


def _named(name: str, runs: int) -> str:
    return f"{name}, {runs} run{'s' if runs > 1 else ''}"


def _for_all(name: str, way: Callable[..., float], about: str) -> dict[str, tuple[Way, str]]:
    """Return a way for each number of runs."""
    return {_named(name, runs): (partial(way, runs=runs), about) for runs in RUNS}


def runs_of(way: str) -> int:
    """Return how many runs a way trains."""
    return next((runs for runs in RUNS if way.endswith(_named("", runs))), 1)


COMPILED, JAX = "compiled", "JAX"
SEVERAL_RUNS = _for_all(
    "torch.func", functional.torch_func, "vmap of the gradient over runs, stack_module_state"
)
if functional.JAX_PYTHON.exists():
    SEVERAL_RUNS |= _for_all(
        JAX, functional.jax, "vmap over runs, a jitted scan over an epoch, buffers donated"
    )
PEERS = ONE_RUN | SEVERAL_RUNS
OURS: dict[str, tuple[Way, str]] = {
    **_for_all(
        COMPILED,
        partial(in_lightning, engine="compiled"),
        "ours, each run by itself in machine code",
    ),
    **_for_all("stacked", partial(in_lightning, engine="torch"), "ours, runs stacked, in PyTorch"),
}
WAYS: dict[str, Way] = {name: way for name, (way, _) in {**PEERS, **OURS}.items()}
if torch.cuda.is_available():
    WAYS |= {
        f"stacked, {runs} runs, CUDA": partial(in_lightning, runs=runs, device="cuda")
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
