"""Seconds per run and epoch: ours beside what people would use instead, measured in turn.

Writes ``training.csv``, ``.md``, ``.svg`` and ``.png``. The images are made up, since the time does
not depend on what is in them. The ratios are what counts: the machine is equally fast in all ways.
"""

from __future__ import annotations

import argparse
import io
import itertools
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench import engine
from bench.cases import (
    BATCHES,
    EPOCH,
    NETWORKS,
    Case,
    Product,
    cases,
    made_up,
    products,
    useful_flops,
)
from bench.engine import COMPILED, JAX, LIGHTNING, NOTEBOOK, OURS, PEERS, PLAIN, WAYS
from bench.harness import make_parser, measure_in_turn, write_table
from restudy.common.files import write_atomically
from restudy.figures.style import GREY, Drawing, direct_labels, looks, styled, to_svg
from restudy.training import matmul_backend

QUICK_BATCHES = (16, 256)
IMPORTS = "imports alone"
SQUARE = 1536
"""Rows and columns of the product whose rate is the processor's peak."""
STACKED = 5
"""Products of a step that are multiplied at a time."""
_SECONDS = 0.02
_PEAK, _STEP = "peak", "step"
# Columns of ratios -> the peer, or the peers of whom the fastest counts, and what it is called.
_RATIOS: dict[str, tuple[Callable[[str], bool], str]] = {
    "times_as_fast_as_lightning": (lambda way: way == LIGHTNING, LIGHTNING),
    "times_as_fast_as_plain_loop": (lambda way: way == PLAIN, PLAIN),
    "times_as_fast_as_jax": (lambda way: way.startswith(JAX), "fastest JAX"),
    "times_as_fast_as_peers": (lambda way: way in PEERS, "fastest peer"),
}
SHOWN = (NOTEBOOK, LIGHTNING, PLAIN, "torch.func, 5 runs", "JAX, 5 runs")
SHOWN += ("stacked, 5 runs", "compiled, 5 runs")
"""The ways that the figure shows."""
_COLUMNS = {
    "network": ("network", "{}"),
    "batch_size": ("batch", "{}"),
    "way": ("way", "{}"),
    "seconds": ("s per run and epoch", "{:.2f}"),
    **{column: (f"vs {peer}", "{:.2f}x") for column, (_, peer) in _RATIOS.items()},
    "compile_seconds": ("s to compile", "{:.1f}"),
    "share_of_peak": ("of peak", "{:.0%}"),
    "share_of_products": ("of its products", "{:.0%}"),
    "peak_memory_mb": ("memory, MB", "{:.0f}"),
}


@dataclass(frozen=True)
class Measured:
    """What was measured of one case.

    Attributes:
        case: network and batch size.
        seconds: way -> median seconds per run and epoch of ``EPOCH`` samples.
        product_seconds: seconds that the products of such an epoch need at their own shapes.
        peak: flops per second of the best large square product measured beside it.
        memory: way -> peak resident memory in MB.
        compilation: way -> seconds of its first epoch more than of a later one.
    """

    case: Case
    seconds: dict[str, float]
    product_seconds: float
    peak: float
    memory: dict[str, float]
    compilation: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and write table and figure."""
    options = parse(arguments)
    rounds = 2 if options.quick else 3
    chosen = cases(options.networks, options.batches, options.quick)
    print(f"Measuring memory, each of {len(WAYS)} ways in a process of its own", flush=True)
    memory = peak_memory(chosen)
    keep_to_one_core()
    measured = [measure(case, rounds, memory[case]) for case in chosen]
    table = tabulate(measured)
    remarks = notes(measured, rounds, memory[chosen[0]][IMPORTS])
    place = options.results / "training"
    write_table(place, table, "Seconds per run and epoch", _COLUMNS, remarks)
    figure = draw(table).figure
    write_atomically(place.with_suffix(".svg"), to_svg(figure))
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
    write_atomically(place.with_suffix(".png"), png.getvalue())
    print(f"Table:  {place}.md\nFigure: {place}.svg")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    about = "Seconds per run and epoch: ours beside what people would use instead."
    parser = make_parser("training", about, "a minute: fewer batch sizes, steps and repeats")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, choices=BATCHES)
    options = parser.parse_args(arguments)
    options.batches = options.batches or (QUICK_BATCHES if options.quick else BATCHES)
    return options


def measure(case: Case, rounds: int, memory: dict[str, float]) -> Measured:
    """Measure all ways and the processor's peak in turn."""
    torch.set_num_threads(1)
    samples, scale = made_up(case.samples), EPOCH / case.samples
    square, step = Product(SQUARE, SQUARE, SQUARE), products(case.widths, case.batch)
    work: dict[str, Callable[[], float]] = {
        _PEAK: lambda: product_seconds(square, 1),
        _STEP: lambda: sum(product_seconds(one, STACKED) for one in step) / STACKED,
    }
    work |= {way: partial(engine.measure, way, case.recipe, samples) for way in WAYS}
    first = {way: work[way]() for way in WAYS if way.startswith(JAX)}
    found = measure_in_turn(work, rounds)
    seconds = {way: float(found[way].median()) * scale for way in WAYS}
    rate = square.flops / found[_PEAK].min()
    print(f"{case.network}, batch {case.batch} (peak {rate / 1e9:.0f} Gflop/s)")
    print(*(f"  {way:24}{value:8.3f} s" for way, value in seconds.items()), sep="\n", flush=True)
    compilation = {
        way: (value - float(found[way].median())) * engine.runs_of(way)
        for way, value in first.items()
    }
    compilation |= {way: compile_seconds() for way in WAYS if way.startswith(COMPILED)}
    products_alone = found[_STEP].min() * case.steps * scale
    return Measured(case, seconds, products_alone, rate, memory, compilation)


def keep_to_one_core() -> None:
    """Keep this process, and those that it starts, to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@cache
def compile_seconds() -> float:
    """Return how long the compiled engine takes to be compiled, by a process without its code."""
    case = cases(["784-64-10"], [16], quick=True)[0]
    way = next(way for way in WAYS if way.startswith(COMPILED))
    code = (
        "from bench import cases, engine\n"
        f"case = cases.{case!r}\nsamples = cases.made_up(case.samples)\n"
        f"first, later = (engine.measure({way!r}, case.recipe, samples) for _ in range(2))\n"
        "print(first - later)"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            env=os.environ | {"NUMBA_CACHE_DIR": folder},
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout.splitlines()[-1])


def product_seconds(product: Product, stacked: int) -> float:
    """Return the least seconds of a stacked float32 product, by the fastest library there is."""
    rows, inner, columns = product
    a, b = torch.randn(stacked, rows, inner), torch.randn(stacked, inner, columns)
    result = torch.empty(stacked, rows, columns)
    times = []
    for path in _float32_paths():
        with matmul_backend.use(path):
            torch.bmm(a, b, out=result)
            own: list[float] = []
            while len(own) < 2 or sum(own) < _SECONDS:
                started = time.perf_counter()
                torch.bmm(a, b, out=result)
                own.append(time.perf_counter() - started)
            times.append(min(own))
    return min(times)


@cache
def _float32_paths() -> list[str]:
    """Return the libraries that this machine has for products in float32."""
    is_float32 = matmul_backend.product_error("onednn") <= matmul_backend.FLOAT32_ERROR
    return ["default", "onednn"] if is_float32 else ["default"]


def peak_memory(chosen: Sequence[Case]) -> dict[Case, dict[str, float]]:
    """Return the peak resident memory in MB of each way at each case, and of the imports alone.

    A server process imports everything once and is forked for each measurement, so that each
    starts with the same memory.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.training"])
    names = [IMPORTS, *WAYS]
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        wanted = [(case, way) for case in chosen for way in names]
        found = iter(pool.starmap(_peak, wanted, chunksize=1))
    return {case: {way: next(found) for way in names} for case in chosen}


def _peak(case: Case, way: str) -> float:
    if way != IMPORTS:
        engine.measure(way, case.recipe, made_up(case.samples))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def tabulate(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return one row per network, batch size and way.

    Returns:
        ``network, batch_size, way, seconds`` (per run and epoch), ``times_as_fast_as_*``,
        ``share_of_peak`` (what the products would need at the rate of the best square product of
        the whole benchmark / seconds), ``share_of_products`` (what they need at their own shapes /
        seconds), ``peak_memory_mb``, ``measured_samples``.
    """
    rate = max(one.peak for one in measured)
    return pd.DataFrame(
        {
            "network": one.case.network,
            "batch_size": one.case.batch,
            "way": way,
            "seconds": seconds,
            **{
                column: _fastest(one.seconds, belongs) / seconds
                for column, (belongs, _) in _RATIOS.items()
            },
            "compile_seconds": one.compilation.get(way, 0.0),
            "share_of_peak": useful_flops(one.case.widths, EPOCH) / rate / seconds,
            "share_of_products": one.product_seconds / seconds,
            "peak_memory_mb": one.memory[way],
            "measured_samples": one.case.samples,
        }
        for one in measured
        for way, seconds in one.seconds.items()
    )


def _fastest(seconds: dict[str, float], belongs: Callable[[str], bool]) -> float:
    """Return the least seconds of some ways; NaN if none is there."""
    return min((value for way, value in seconds.items() if belongs(way)), default=float("nan"))


def notes(measured: Sequence[Measured], rounds: int, imports: float) -> list[str]:
    """Return the paragraphs that explain the table."""
    rate = max(one.peak for one in measured) / 1e9
    sizes = [one.case.samples for one in measured]
    return [
        f"Settings: one thread; SGD, learning rate 0.01, momentum 0.9, cross-entropy; medians of "
        f"{rounds} measurements, all ways in turn; training alone, without evaluation, start of "
        "the Trainer and preparation of the data. Numbers below 1e-38 are zero in all ways.",
        f"Extrapolated: each measurement trains {min(sizes):,} to {max(sizes):,} made-up samples, "
        "by network and batch size, in whole batches; the time is scaled to an epoch of "
        f"{EPOCH:,}.",
        "; ".join(f"*{way}*: {text}" for way, (_, text) in {**PEERS, **OURS}.items()) + ".",
        f"Ours multiplies matrices by the path *{matmul_backend.choose('auto').path}*, which it "
        "chooses by the processor; the peers by PyTorch's default.",
        "vs: how many times as fast as that peer, per run; of JAX, and of all peers, the fastest "
        "number of runs counts. JAX keeps no running statistics in batch norm, and the draw of its "
        "orders is not timed.",
        "s to compile: the first epoch's seconds more than a later one's. The code of the compiled "
        f"engine is kept on disk, and serves all networks: it took {compile_seconds():.0f} s here.",
        f"Of peak: what the matrix products of forward and backward pass (2 x samples x (3 x all "
        f"weights - the first layer's) flops) would need at the rate of a {SQUARE} x {SQUARE} "
        f"float32 product, {rate:.0f} Gflop/s here, over the time measured.",
        f"Of its products: what the same products need at their own shapes, {STACKED} runs at "
        "a time, over the time measured; each by PyTorch's own choice of kernel or by oneDNN, "
        "whichever is faster.",
        f"Memory: peak resident memory of a process that does nothing else, forked from one that "
        f"has done the imports ({imports:.0f} MB of it), with the samples of one measurement in "
        "memory, not of a whole epoch.",
    ]


def short(network: str) -> str:
    """Return a network's name as it is shown: layers of one width are counted."""
    widths = network.removesuffix("-bn").split("-")
    parts = [(width, len(list(same))) for width, same in itertools.groupby(widths)]
    name = "-".join(
        width if n < 3 else f"{n}x{width}" for width, n in parts for _ in range(n if n < 3 else 1)
    )
    return name + (", batch norm" if network.endswith("-bn") else "")


@styled
def draw(table: pd.DataFrame) -> Drawing:
    """Draw a panel for each network with a line for each way; peers are dashed.

    The grey line is what the matrix products alone would need at the processor's peak. Ways on a
    CUDA device are in the table only.
    """
    names = [way for way in SHOWN if way in WAYS]
    shown = looks("way", names)
    networks = list(table["network"].unique())
    columns = min(3, len(networks))
    rows = -(-len(networks) // columns)
    figure = Figure(figsize=(4.3 * columns + 0.4, 4.4 * rows))
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, network in zip(panels, networks, strict=False):
        ways = dict(iter(table[table["network"] == network].groupby("way")))
        labels = []
        for way in names:
            line, look = ways[way], shown[way]
            dash = "--" if way in PEERS else "-"
            axes.plot(line["batch_size"], line["seconds"], dash, c=look.colour, marker=look.marker)
            labels.append((float(line["seconds"].iloc[-1]), way, look.colour))
        line = ways[NOTEBOOK]
        floor = line["seconds"] * line["share_of_peak"]
        axes.plot(line["batch_size"], floor, color=GREY, linestyle=":")
        labels.append((float(floor.iloc[-1]), "products at peak", GREY))
        batches = [int(batch) for batch in line["batch_size"]]
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(batches, [str(batch) for batch in batches])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(short(network))
        axes.set_xlabel("batch size (log scale)")
        axes.set_ylim(*axes.get_ylim())
        direct_labels(axes, 1.07, labels, gap=0.052, leader=0.965)
    for axes in panels[len(networks) :]:
        axes.remove()
    panels[0].set_ylabel("seconds per run and epoch (log scale)")
    title = f"Time of one run and epoch ({EPOCH:,} samples), one thread"
    figure.suptitle(title, x=0.01, horizontalalignment="left", fontsize=11)
    figure.get_layout_engine().set(wspace=0.02)  # type: ignore[union-attr,call-arg]
    return Drawing(figure, table)


if __name__ == "__main__":
    main()
