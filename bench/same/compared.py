"""Compares the numbers of one process with those of another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
Numbers = Mapping[str, NDArray[Any]]


class Variant(NamedTuple):
    """A way to compute the same: environment of the process, options of ``bench.same.computed``."""

    name: str
    variables: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()


def _variant(name: str, *options: str, **variables: str) -> Variant:
    return Variant(name, tuple(variables.items()), options)


HERE = _variant("this machine, one thread")
NUDGED = _variant("initial weights moved by one unit in the last place", "--nudge")
SETTINGS = _variant(
    "other threads, hashes, language, time zone",
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2"),
    **{"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
)
"""All that may differ between two machines with the same processor."""
THREADS = _variant("two threads in training", "--threads", "2")
_OLD_NUMPY = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX",
}
_ONEDNN = ("--choice", "onednn")
OTHER = _variant(
    "another processor: all of these at AVX2",
    ATEN_CPU_CAPABILITY="avx2",
    MKL_CBWR="AVX2",
    ONEDNN_MAX_CPU_ISA="AVX2",
    **_OLD_NUMPY,
)
CUDA = _variant("a CUDA device", "--device", "cuda")
VARIANTS = (
    SETTINGS,
    THREADS,
    _variant("NumPy and OpenBLAS of a processor of 2008", **_OLD_NUMPY),
    _variant("PyTorch's own loops without AVX", ATEN_CPU_CAPABILITY="default"),
    _variant("PyTorch's own loops with AVX2", ATEN_CPU_CAPABILITY="avx2"),
    _variant("MKL's products as any x86 processor has them", MKL_CBWR="COMPATIBLE"),
    _variant("MKL's products with AVX2", MKL_CBWR="AVX2"),
    _variant("oneDNN's products instead of MKL's", *_ONEDNN),
    _variant("oneDNN's products with AVX2", *_ONEDNN, ONEDNN_MAX_CPU_ISA="AVX2"),
    OTHER,
)


def compute(variant: Variant, folder: Path, *options: str) -> dict[str, NDArray[Any]]:
    """Compute everything in a process of its own; return it by name.

    Raises:
        RuntimeError: it failed; the message is the end of its output.
    """
    file = folder / f"{len([*folder.iterdir()])}.npz"
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "bench.same.computed", str(file), *variant.options, *options],
        cwd=ROOT,
        env=kept | {"OMP_NUM_THREADS": "1"} | dict(variant.variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{variant.name}:\n{done.stdout[-3000:]}")
    with np.load(file) as found:
        return dict(found)


def same(one: Numbers, other: Numbers, kind: str) -> bool:
    """Return whether all numbers of a kind (``streams``, ``tables`` ...) are the same bits."""
    names = [name for name in one if name.startswith(f"{kind}/")]
    assert names, kind  # noqa: S101 (a slip would make this true of nothing)
    return all(one[name].tobytes() == other[name].tobytes() for name in names)


def distance(one: Numbers, other: Numbers, kind: str, steps: int) -> float:
    """Return how far weights are apart after some steps, relative to the largest of each tensor."""
    names = [name for name in one if name.startswith(f"trained/{kind}/{steps}/")]
    return max(
        float(np.abs(one[name] - other[name]).max() / np.abs(other[name]).max()) for name in names
    )


def tolerance(here: Numbers, nudged: Numbers, kind: str, steps: int) -> float:
    """Return how far apart rounding alone can bring two trainings of so many steps.

    Each step rounds the weights, and what they move by, to the last place. What a change in the
    last place of every weight at the start makes of the weights in the end is measured
    (``nudged``); one that comes later has fewer steps to grow. So all of them together make that
    change at most ``steps`` times, and the start itself once.

    Args:
        here: numbers without the change.
        nudged: those with it, of the same machine.
        kind: of network.
        steps: from the start.
    """
    return (steps + 1) * distance(nudged, here, kind, steps)
