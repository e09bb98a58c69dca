"""This package's training, in Lightning and without it, and all ways to train by name."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context

import torch

from bench import peers
from bench.cases import CLASSES, Case, Samples, made_up
from bench.stacked_peers import JaxProcess, has_jax, train_by_torch_func
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


def make_stack(recipe: Recipe, samples: Samples, runs: int, engine: Engine = "torch") -> Stack:
    """Return a stack of as many seeds at the start of its first epoch."""
    parts = split(samples.prepared, recipe.n_train, recipe.n_validation)
    scaled = scale(parts, recipe.scaling, recipe.target_scaling)
    tensors = TensorData.from_split(scaled, torch.device("cpu"))
    stack = Stack(seeds(recipe, runs), tensors, CLASSES, engine)
    stack.start_epoch(0)
    return stack


def without_lightning(
    recipe: Recipe, samples: Samples, runs: int, engine: Engine = "torch"
) -> float:
    """Train one epoch of a stack in a loop of its own; return seconds per run."""
    stack = make_stack(recipe, samples, runs, engine)
    with matmul_backend.use(matmul_backend.choose("auto").path):
        started = time.perf_counter()
        for block in stack.batches:
            stack.train(block)
        return (time.perf_counter() - started) / runs


def in_torch_func(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Train one epoch by torch.func; return seconds per run."""
    return train_by_torch_func(seeds(recipe, runs), samples)[0] / runs


@cache
def _jax() -> JaxProcess:
    return JaxProcess()


def in_jax(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Train one epoch in JAX; return seconds per run."""
    return float(_jax().train(seeds(recipe, runs), samples)["seconds"]) / runs


def compile_in_jax(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Return the seconds that an epoch takes to compile in JAX, whenever that was."""
    return float(_jax().train(seeds(recipe, runs), samples)["compile_seconds"])


@cache
def numba_seconds() -> float:
    """Return the seconds that the compiled engine takes to compile: in a process without cache."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, get_context("spawn"), _keep_code_in, (folder,)) as pool,
    ):
        return pool.submit(_first_use).result()


def _keep_code_in(folder: str) -> None:
    os.environ["NUMBA_CACHE_DIR"] = folder


def _first_use() -> float:
    case = Case("784-64-10", 16, 2)
    samples = made_up(case.samples)
    first, second = (without_lightning(case.recipe, samples, 1, "compiled") for _ in range(2))
    return first - second


@dataclass(frozen=True)
class Way:
    """One way to train.

    Attributes:
        tool: its name, as tables show it.
        train: trains one epoch from new weights; returns its seconds per run.
        peer: whether people would use it instead of this package.
        runs: how many are trained at once; 0 for a tool that knows one alone.
        compile_seconds: returns what its code for a case takes to compile.
    """

    tool: str
    train: Callable[[Recipe, Samples], float]
    peer: bool
    runs: int = 0
    compile_seconds: Callable[[Recipe, Samples], float] = lambda recipe, samples: 0.0

    @property
    def name(self) -> str:
        """The tool, and how many runs at once."""
        plural = "" if self.runs == 1 else "s"
        return f"{self.tool}, {self.runs} run{plural}" if self.runs else self.tool


RUNS = (1, 5, 10)
NOTEBOOK, LIGHTNING, PLAIN = "notebook loop", "Lightning", "plain loop"
TORCH_FUNC, JAX, OURS, COMPILED = "torch.func", "JAX", "ours", "compiled"
TOOLS = {
    NOTEBOOK: "S3's loop: images transformed one by one, DataLoader, SGD",
    LIGHTNING: "DataLoader over a TensorDataset, fused SGD; logger, checkpoints, bar off",
    PLAIN: "PyTorch, batches gathered by a shuffled index, fused SGD",
    TORCH_FUNC: "vmap of a gradient over stack_module_state, fused SGD",
    JAX: "vmap over the runs (one run: without), an epoch a jitted scan, buffers donated",
    OURS: "runs stacked, in this package's Lightning module",
    COMPILED: "runs one after the other by the compiled engine, in the same module",
    "no Lightning": "the same stack in a loop without the Trainer",
}
_WAYS = [
    Way(NOTEBOOK, peers.notebook, peer=True),
    Way(LIGHTNING, peers.lightning, peer=True),
    Way(PLAIN, peers.plain_loop, peer=True),
    *(Way(TORCH_FUNC, partial(in_torch_func, runs=runs), True, runs) for runs in RUNS),
    *(
        Way(JAX, partial(in_jax, runs=runs), True, runs, partial(compile_in_jax, runs=runs))
        for runs in RUNS
        if has_jax()
    ),
    *(Way(OURS, partial(in_lightning, runs=runs), False, runs) for runs in RUNS),
    *(
        Way(
            COMPILED,
            partial(in_lightning, runs=runs, engine="compiled"),
            False,
            runs,
            lambda recipe, samples: numba_seconds(),
        )
        for runs in RUNS
    ),
    Way("no Lightning", partial(without_lightning, runs=5), False, 5),
    *(
        Way(f"{OURS}, CUDA", partial(in_lightning, runs=runs, device="cuda"), False, runs)
        for runs in (10, 100)
        if torch.cuda.is_available()
    ),
]
WAYS = {way.name: way for way in _WAYS}


def measure(way: str, recipe: Recipe, samples: Samples) -> float:
    """Train one epoch in one of the ways; return its seconds per run."""
    prepare()
    return WAYS[way].train(recipe, samples)


def prepare() -> None:
    """Set what all ways have in common.

    Every way has one thread, and numbers below 1e-38 are zero in all of them, as in a training
    job: otherwise the peers would be slower. JAX does both by itself.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
