"""Seconds of the processor: the sides of a comparison in turns, in one process and one thread.

What is measured is the time that the processor spends on this process, not the time on the wall, so
another job beside it does not count; it still shares caches and memory. So the sides take turns,
and those of one repetition are a pair: what slows the machine for a while slows both.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time

import torch
from threadpoolctl import threadpool_limits

LEAST = 0.02
"""Seconds that a call is repeated for, at least: far more than the timer's steps and the cost of
reading it."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread for a while, without garbage collection and subnormal numbers.

    The collector runs when it likes, and would hit one side or another. Numbers below 1e-38 are
    zero, as in a training job: to compute with them takes many times as long, and how many there
    are depends on how long a network has been trained.
    """
    threads, collects = torch.get_num_threads(), gc.isenabled()
    torch.set_num_threads(1)
    gc.collect()
    gc.disable()
    torch.set_flush_denormal(True)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
        if collects:
            gc.enable()


@dataclass
class Stopwatch:
    """Counts the processor's seconds while it runs, and can be stopped in between.

    Attributes:
        seconds: so far.
    """

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what is done inside."""
        start = process_time()
        yield
        self.seconds += process_time() - start


def in_turns(
    sides: Mapping[str, Callable[[], object]], repetitions: int
) -> Iterator[dict[str, float]]:
    """Time calls side by side, after a warm-up of each.

    Each is called as often as takes ``LEAST`` seconds, found out in the warm-up. Every repetition
    begins with another side.

    Args:
        sides: name -> what is called, without arguments.
        repetitions: how often each side is timed.

    Yields:
        for each repetition, name -> seconds per call.
    """
    with one_thread():
        calls = {name: _calls(call) for name, call in sides.items()}
        names = list(sides)
        for repetition in range(repetitions):
            first = repetition % len(names)
            found = {
                name: _timed(sides[name], calls[name]) / calls[name]
                for name in names[first:] + names[:first]
            }
            yield {name: found[name] for name in names}


def _calls(call: Callable[[], object]) -> int:
    """Return how many calls take ``LEAST`` seconds, a power of two; its last trial is warm."""
    calls = 1
    _timed(call, calls)  # the first one loads and allocates
    while _timed(call, calls) < LEAST:
        calls *= 2
    return calls


def _timed(call: Callable[[], object], calls: int) -> float:
    start = process_time()
    for _ in range(calls):
        call()
    return process_time() - start
