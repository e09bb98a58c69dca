"""How fast this machine is at what training needs, beside the one that the estimates come from.

:mod:`restudy.planning.costs` holds seconds that were measured on one machine. Here a product of
matrices and a pass over memory are timed for a moment with all cores at it, as in a run of the
pipeline.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import torch

from restudy.training import matmul_backend

REFERENCE = 4.7e-3
"""Seconds that one round took where the constants of ``costs`` were measured."""

_SECONDS = 0.8
"""Time that is spent."""


def measure(cores: int, choice: matmul_backend.Choice = "auto") -> float:
    """Return how many times as long as estimated this machine takes.

    Args:
        cores: how many of them work at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.training.matmul_backend`.

    Raises:
        RestudyError: the processor cannot do what ``choice`` asks for.
    """
    with ThreadPoolExecutor(cores) as pool, matmul_backend.use(matmul_backend.choose(choice).path):
        rounds = pool.map(lambda _: _best_round(), range(cores))
        return statistics.mean(rounds) / REFERENCE


def has_gpu() -> bool:
    """Return whether there is a CUDA device, which no estimate here takes into account."""
    found: bool = torch.cuda.is_available()
    return found


def _best_round() -> float:
    """Return the seconds of the fastest of many rounds, on one core.

    A round is a product (five runs, 784 inputs, 512 units, batches of 64: 257 million operations)
    and weights minus velocities, four million of each: more than a core's own cache holds.
    """
    torch.set_num_threads(1)  # of this thread alone
    layer, x = torch.rand(5, 512, 784), torch.rand(5, 784, 64)
    weights, velocities = torch.rand(2, 4_000_000)
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while (started := time.perf_counter()) < end:
        torch.bmm(layer, x)
        weights.sub_(velocities, alpha=1e-9)
        best = min(best, time.perf_counter() - started)
    return best
