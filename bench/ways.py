"""The ways to train that are compared, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from bench import ours
from bench.peers import lightning, notebook, plain
from bench.samples import Samples
from restudy.config.recipe import Recipe

Measure = Callable[[Recipe, Samples], float]

NOTEBOOK, LIGHTNING, PLAIN = "notebook loop", "Lightning", "plain loop"

PEERS: dict[str, Measure] = {
    NOTEBOOK: notebook.measure,
    LIGHTNING: lightning.measure,
    PLAIN: plain.measure,
}

OURS: dict[str, Measure] = {
    "ours, 1 lane": partial(ours.in_lightning, lanes=1),
    "ours, 5 lanes": partial(ours.in_lightning, lanes=5),
    "ours, 10 lanes": partial(ours.in_lightning, lanes=10),
    "5 lanes, no Lightning": partial(ours.without_lightning, lanes=5),
}

# Only where there is a CUDA device.
ON_CUDA: dict[str, Measure] = {
    f"ours, {lanes} lanes, CUDA": partial(ours.in_lightning, lanes=lanes, device="cuda")
    for lanes in (10, 100)
}

EXPLAINED = {
    NOTEBOOK: "S3's loop: images transformed one by one, DataLoader, SGD",
    LIGHTNING: "DataLoader over a TensorDataset, fused SGD; logger, checkpoints, bar off",
    PLAIN: "PyTorch, batches gathered by a shuffled index, fused SGD",
    "ours, 1 lane": "one run in this package's Lightning module",
    "ours, 5 lanes": "five runs stacked",
    "ours, 10 lanes": "ten runs stacked",
    "5 lanes, no Lightning": "the same stack of five in a loop without the Trainer",
}


def ways() -> dict[str, Measure]:
    """Return the ways that this machine has: those on a CUDA device only if there is one."""
    return {**PEERS, **OURS, **(ON_CUDA if torch.cuda.is_available() else {})}


def measure(way: str, recipe: Recipe, samples: Samples) -> float:
    """Train one epoch in one of the ways; return its seconds per run.

    Every way has one thread, and numbers below 1e-38 are zero in all of them, as they are in a
    training job: without that the peers would be slower.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    return ways()[way](recipe, samples)
