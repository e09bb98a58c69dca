"""Peak resident memory of each way, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Iterable

from bench import ways
from bench.cases import Case
from bench.samples import made_up

MEGABYTE = 1e6
IMPORTS = "imports alone"
# All that the command imports: a forked process imports its main module again.
_PRELOADED = ["bench.ways", "bench.figure", "bench.training_table"]


def peaks(wanted: Iterable[tuple[Case, str]]) -> list[float]:
    """Return the peak resident memory of each way at each case, in MB.

    A server process imports everything once and is forked for each measurement, so that each
    begins with the same memory: that of the imports. The way ``IMPORTS`` measures just that.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        return pool.starmap(_peak, wanted, chunksize=1)


def _peak(case: Case, way: str) -> float:
    if way != IMPORTS:
        ways.measure(way, case.recipe, made_up(case.samples))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * 1024 / MEGABYTE
