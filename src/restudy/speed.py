"""How fast this machine is at what training needs, beside the one that the estimates come from.

:mod:`restudy.costs` holds seconds that were measured on one machine. Here the same three kinds of
work are timed for a moment: products of matrices and passes over memory with all cores at it, as
in a run of the pipeline, and calls on few numbers, which steps of small networks mostly are.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from restudy.costs import Work
from restudy.lanes import arithmetic

REFERENCE = Work(products=2.4e-3, passes=2.3e-3, calls=0.4e-3)
"""Seconds that one round of each kind took where the constants of ``costs`` were measured."""

_SECONDS = 0.4
"""Time that is spent on each kind."""


def measure(cores: int, choice: arithmetic.Choice = "auto") -> Work:
    """Return how many times as long this machine takes for each kind of work.

    Args:
        cores: how many of them work at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.lanes.arithmetic`.

    Raises:
        RestudyError: the processor cannot do what ``choice`` asks for.
    """
    with ThreadPoolExecutor(cores) as pool, arithmetic.use(arithmetic.choose(choice).path):
        products, passes = (
            statistics.mean(pool.map(_best_round, [work() for _ in range(cores)]))
            for work in (_products, _passes)
        )
        # One thread alone: those of one process would wait for each other, those of jobs do not.
        calls = pool.submit(_best_round, _calls()).result()
    rounds = Work(products, passes, calls)
    return Work(*(here / there for here, there in zip(rounds, REFERENCE, strict=True)))


def has_gpu() -> bool:
    """Tell whether there is a CUDA device, which no estimate here knows about."""
    found: bool = torch.cuda.is_available()
    return found


def _best_round(work: Callable[[], object]) -> float:
    """Return the seconds of the fastest of many rounds, on one core."""
    torch.set_num_threads(1)  # of this thread alone
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while (started := time.perf_counter()) < end:
        work()
        best = min(best, time.perf_counter() - started)
    return best


def _products() -> Callable[[], object]:
    """Five lanes, 784 inputs, 512 units, batches of 64: 257 million operations."""
    weights, x = torch.rand(5, 512, 784), torch.rand(5, 784, 64)
    return lambda: torch.bmm(weights, x)


def _passes() -> Callable[[], object]:
    """Weights less velocities, four million of each: more than a core's own cache holds."""
    weights, velocities = torch.rand(2, 4_000_000)
    return lambda: weights.sub_(velocities, alpha=1e-9)


def _calls() -> Callable[[], object]:
    """A hundred operations on a hundred numbers."""
    few = torch.rand(100)

    def work() -> None:
        for _ in range(100):
            few.mul_(0.999)

    return work
