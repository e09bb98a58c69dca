"""Seconds per run and epoch: ours beside what people would use instead, measured in turn.

Writes ``training.csv``, ``.md``, ``.svg`` and ``.png``, and ``training_summary.md`` with a row for
each network and batch size. The images are made up, since the time does not depend on what is in
them. The ratios are what counts: the machine is equally fast in all ways.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from threadpoolctl import threadpool_limits

from bench import engine
from bench.cases import (
    BATCHES,
    EPOCH,
    NETWORKS,
    QUICK_STEPS,
    Case,
    Product,
    cases,
    made_up,
    products,
    useful_flops,
)
from bench.engine import (
    COMPILED,
    JAX,
    LIGHTNING,
    NOTEBOOK,
    OURS,
    PLAIN,
    TOOLS,
    TORCH_FUNC,
    WAYS,
)
from bench.harness import (
    describe_machine,
    make_parser,
    measure_in_turn,
    pin_to_one_core,
    write_table,
)
from bench.stacked_peers import has_jax
from restudy.common.files import write_atomically
from restudy.figures.style import GREY, Drawing, direct_labels, looks, styled, to_svg
from restudy.results.study_tables import to_markdown
from restudy.training import matmul_backend

QUICK_BATCHES = (16, 256)
IMPORTS = "imports alone"
SQUARE = 1536
"""Rows and columns of the product whose rate is the processor's peak."""
STACKED = 5
"""Products of a step that are multiplied at a time, and runs of a way in figure and ratios."""
PANELS = 3
"""Networks side by side in the figure."""
NO_JAX = "JAX is not measured: its environment .venv-bench is not there."
_SECONDS = 0.02
_PEAK, _STEP = "peak", "step"
_RATIOS = {
    "times_as_fast_as_notebook": NOTEBOOK,
    "times_as_fast_as_lightning": LIGHTNING,
    "times_as_fast_as_plain_loop": PLAIN,
}
_COLUMNS = {
    "network": ("network", "{}"),
    "batch_size": ("batch", "{}"),
    "way": ("way", "{}"),
    "seconds": ("s per run and epoch", "{:.3f}"),
    "compile_seconds": ("s to compile", "{:.1f}"),
    "product_seconds": ("s of products alone", "{:.3f}"),
    "times_as_fast_as_fastest_peer": ("vs fastest peer", "{:.2f}x"),
    **{column: (f"vs {peer}", "{:.2f}x") for column, peer in _RATIOS.items()},
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
        compile_seconds: way -> what its code took to compile, before all measurements.
        product_seconds: seconds that the products of such an epoch need at their own shapes.
        peak: flops per second of the best large square product measured beside it.
        memory: way -> peak resident memory in MB; without JAX, which has a process of its own.
    """

    case: Case
    seconds: dict[str, float]
    compile_seconds: dict[str, float]
    product_seconds: float
    peak: float
    memory: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and write table and figure."""
    options = parse(arguments)
    rounds = options.rounds
    chosen = cases(options.networks, options.batches, options.quick)
    if not has_jax():
        print(f"{NO_JAX} 'make bench' makes it.", flush=True)
    print("Measuring memory, each way in a process of its own", flush=True)
    memory = peak_memory(chosen)
    pin_to_one_core()
    measured = [measure(case, rounds, memory[case]) for case in chosen]
    table = tabulate(measured)
    remarks = notes(measured, rounds, memory[chosen[0]][IMPORTS])
    place = options.results / "training"
    write_table(place, table, "Seconds per run and epoch", _COLUMNS, remarks)
    text = to_markdown(summarise(table), "Seconds per run and epoch", describe_machine())
    summary = options.results / "training_summary.md"
    write_atomically(summary, text.encode())
    figure = draw(table).figure
    write_atomically(place.with_suffix(".svg"), to_svg(figure))
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
    write_atomically(place.with_suffix(".png"), png.getvalue())
    print(f"Table:   {place}.md\nSummary: {summary}\nFigure:  {place}.svg")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    about = "Seconds per run and epoch: ours beside what people would use instead."
    parser = make_parser("training", about, "a minute: fewer batch sizes, steps and repeats")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, choices=BATCHES)
    parser.add_argument("--rounds", type=int, help="measurements of each way (3; quick: 2)")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 3)
    options.batches = options.batches or (QUICK_BATCHES if options.quick else BATCHES)
    return options


def measure(case: Case, rounds: int, memory: dict[str, float]) -> Measured:
    """Compile and warm up all ways, then measure them and the processor's peak in turn."""
    engine.prepare()
    samples, scale = made_up(case.samples), EPOCH / case.samples
    few = replace(case, steps=2)
    compile_seconds = {}
    for way in WAYS.values():
        compile_seconds[way.name] = way.compile_seconds(case.recipe, samples)
        if way.tool != JAX:
            engine.measure(way.name, few.recipe, made_up(few.samples))
    square = Product(SQUARE, SQUARE, SQUARE)
    step = Counter(products(case.widths, case.batch))
    work: dict[str, Callable[[], float]] = {
        _PEAK: lambda: product_seconds(square, 1),
        _STEP: lambda: sum(n * product_seconds(one, STACKED) for one, n in step.items()) / STACKED,
    }
    work |= {way: partial(engine.measure, way, case.recipe, samples) for way in WAYS}
    found = measure_in_turn(work, rounds)
    seconds = {way: float(found[way].median()) * scale for way in WAYS}
    rate = square.flops / found[_PEAK].min()
    alone = found[_STEP].min() * case.steps * scale
    print(
        f"{case.network}, batch {case.batch} (peak {rate / 1e9:.0f} Gflop/s), seconds of a run and "
        f"epoch of {EPOCH:,}, scaled from {case.steps} steps"
    )
    print(*(f"  {way:24}{value:8.3f}" for way, value in seconds.items()), sep="\n")
    print(f"  {'products alone':24}{alone:8.3f}", flush=True)
    return Measured(case, seconds, compile_seconds, alone, rate, memory)


def product_seconds(product: Product, stacked: int) -> float:
    """Return the least seconds of a stacked float32 product, by the fastest library there is."""
    rows, inner, columns = product
    a, b = torch.randn(stacked, rows, inner), torch.randn(stacked, inner, columns)
    result = torch.empty(stacked, rows, columns)
    times = []
    for path in _float32_paths():
        with matmul_backend.use(path):
            times.append(_least_seconds(lambda: torch.bmm(a, b, out=result)))
    one, other, product_of_both = a.numpy(), b.numpy(), result.numpy()
    with threadpool_limits(1):
        times.append(_least_seconds(lambda: np.matmul(one, other, out=product_of_both)))
    return min(times)


def _least_seconds(call: Callable[[], object]) -> float:
    """Return the least of the seconds that a call takes, after a first one."""
    call()
    times: list[float] = []
    while len(times) < 2 or sum(times) < _SECONDS:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


@cache
def _float32_paths() -> list[str]:
    """Return the libraries that this machine has for products in float32."""
    is_float32 = matmul_backend.product_error("onednn") <= matmul_backend.FLOAT32_ERROR
    return ["default", "onednn"] if is_float32 else ["default"]


def peak_memory(chosen: Sequence[Case]) -> dict[Case, dict[str, float]]:
    """Return the peak resident memory in MB of each way at each case, and of the imports alone.

    A server process imports everything once and is forked for each measurement, so that each
    starts with the same memory. A few steps are enough. JAX is in another process: left out.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.training"])
    names = [IMPORTS, *(name for name, way in WAYS.items() if way.tool != JAX)]
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        wanted = [(case, way) for case in chosen for way in names]
        found = iter(pool.starmap(_peak, wanted, chunksize=1))
    return {case: {way: next(found) for way in names} for case in chosen}


def _peak(case: Case, way: str) -> float:
    if way != IMPORTS:
        few = replace(case, steps=QUICK_STEPS)
        engine.measure(way, few.recipe, made_up(few.samples))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def tabulate(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return one row per network, batch size and way.

    Returns:
        ``network, batch_size, way, seconds`` (per run and epoch), ``compile_seconds``,
        ``product_seconds`` (what the products of such an epoch need at their own shapes),
        ``times_as_fast_as_*``, ``share_of_peak`` (what the products would need at the rate of the
        best square product of the whole benchmark / seconds), ``share_of_products``
        (``product_seconds`` / seconds), ``peak_memory_mb``, ``measured_samples``.
    """
    rate = max(one.peak for one in measured)
    return pd.DataFrame(
        {
            "network": one.case.network,
            "batch_size": one.case.batch,
            "way": way,
            "seconds": seconds,
            "compile_seconds": one.compile_seconds[way],
            "product_seconds": one.product_seconds,
            "times_as_fast_as_fastest_peer": min(
                value for name, value in one.seconds.items() if WAYS[name].peer
            )
            / seconds,
            **{column: one.seconds[peer] / seconds for column, peer in _RATIOS.items()},
            "share_of_peak": useful_flops(one.case.widths, EPOCH) / rate / seconds,
            "share_of_products": one.product_seconds / seconds,
            "peak_memory_mb": one.memory.get(way, np.nan),
            "measured_samples": one.case.samples,
        }
        for one in measured
        for way, seconds in one.seconds.items()
    )


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and batch size, with texts: a column for each tool.

    A tool that trains several runs at once has a cell like ``0.51 / 0.48 / 0.47``, for the
    numbers of runs in the column's name.
    """
    rows = []
    for (network, batch), case in table.groupby(["network", "batch_size"], sort=False):
        row = {"network": network, "batch": str(batch)}
        ratios = {}
        for tool, own in case.groupby(case["way"].map(lambda way: WAYS[way].tool), sort=False):
            runs = " / ".join(str(WAYS[way].runs) for way in own["way"] if WAYS[way].runs)
            head = f"{tool}, {runs} runs" if runs else tool
            row[head] = " / ".join(f"{value:.2f}" for value in own["seconds"])
            if own["compile_seconds"].any():
                row[f"{tool}: to compile"] = f"{own['compile_seconds'].max():.1f}"
            ratios[tool] = own["times_as_fast_as_fastest_peer"].max()
        row["products alone"] = f"{case['product_seconds'].iloc[0]:.2f}"
        row["fastest peer"] = case.loc[case["times_as_fast_as_fastest_peer"] == 1, "way"].iloc[0]
        row |= {f"{tool} beside it": f"{ratios[tool]:.2f}x" for tool in (OURS, COMPILED)}
        rows.append(row)
    return pd.DataFrame(rows)


def notes(measured: Sequence[Measured], rounds: int, imports: float) -> list[str]:
    """Return the paragraphs that explain the table."""
    rate = max(one.peak for one in measured) / 1e9
    sizes = [one.case.samples for one in measured]
    return [
        f"Settings: one thread on one core; SGD, learning rate 0.01, momentum 0.9, cross-entropy; "
        f"medians of {rounds} measurements, all ways in turn; training alone, without evaluation, "
        "start of the Trainer and preparation of the data. Numbers below 1e-38 are zero in all "
        "ways.",
        f"Extrapolated: each measurement trains {min(sizes):,} to {max(sizes):,} made-up samples, "
        "by network and batch size, in whole batches; the time is scaled to an epoch of "
        f"{EPOCH:,}.",
        "; ".join(f"*{tool}*: {text}" for tool, text in TOOLS.items()) + ".",
        *([] if has_jax() else [NO_JAX]),
        "To compile: not in the seconds of an epoch. JAX compiles each network, batch size and "
        "number of runs anew; the compiled engine compiles once and keeps the code.",
        f"Ours multiplies matrices by the path *{matmul_backend.choose('auto').path}*, which it "
        "chooses by the processor; the peers by PyTorch's default.",
        "vs: how many times as fast as that peer, per run; the fastest one at any number of runs.",
        f"Of peak: what the matrix products of forward and backward pass (2 x samples x (3 x all "
        f"weights - the first layer's) flops) would need at the rate of a {SQUARE} x {SQUARE} "
        f"float32 product, {rate:.0f} Gflop/s here, over the time measured.",
        f"Products alone: what the same products need at their own shapes, {STACKED} runs at "
        "a time; each by PyTorch's own choice of kernel, by oneDNN or by NumPy's BLAS, whichever "
        "is fastest. Of its products: that over the time measured; above 100% where the tool's own "
        "products are faster than all three.",
        f"Memory: peak resident memory of a process that does nothing else, forked from one that "
        f"has done the imports ({imports:.0f} MB of it), with the samples of {QUICK_STEPS} steps "
        "in memory, not of a whole epoch; not measured for JAX.",
    ]


@styled
def draw(table: pd.DataFrame) -> Drawing:
    """Draw a panel for each network with a line for each way; peers are dashed.

    The grey line is what the matrix products alone would need at the processor's peak. Of tools
    that train several runs at once it has ``STACKED``; other numbers of runs, and ways on a CUDA
    device, are in the table only.
    """
    tools = (NOTEBOOK, LIGHTNING, PLAIN, TORCH_FUNC, JAX, OURS, COMPILED)
    names = [way.name for way in WAYS.values() if way.tool in tools and way.runs in (0, STACKED)]
    shown = looks("way", names)
    networks = list(table["network"].unique())
    across = min(PANELS, len(networks))
    down = -(-len(networks) // across)
    figure = Figure(figsize=(4.3 * across + 0.4, 4.4 * down))
    panels = list(figure.subplots(down, across, squeeze=False).flat)
    for axes in panels[len(networks) :]:
        axes.remove()
    for axes, network in zip(panels, networks, strict=False):
        ways = dict(iter(table[table["network"] == network].groupby("way")))
        labels = []
        for way in names:
            line, look = ways[way], shown[way]
            dash = "--" if WAYS[way].peer else "-"
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
        axes.set_title(network.replace("-bn", ", batch norm"))
        axes.set_xlabel("batch size (log scale)")
        axes.set_ylim(*axes.get_ylim())
        direct_labels(axes, 1.07, labels, gap=0.052, leader=0.965)
    panels[0].set_ylabel("seconds per run and epoch (log scale)")
    title = f"Time of one run and epoch ({EPOCH:,} samples), one thread"
    figure.suptitle(title, x=0.01, horizontalalignment="left", fontsize=11)
    figure.get_layout_engine().set(wspace=0.02)  # type: ignore[union-attr,call-arg]
    return Drawing(figure, table)


if __name__ == "__main__":
    main()
