"""Seconds per run and epoch: ours beside what people would use instead, interleaved in one run.

Usage: ``python -m bench.training``; ``--help`` lists its options.
Writes ``training.csv``, ``.md``, ``.svg`` and ``.png`` into ``results/bench`` or another folder.
Made-up images, since the time does not depend on what is in them. The ratios are what counts: how
fast the machine is on this day is in all ways alike.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from bench import memory, peak, ways
from bench.cases import BATCHES, EPOCH, NETWORKS, Case, cases
from bench.figure import draw, to_png
from bench.samples import made_up
from bench.training_table import Measured, notes, tabulate, to_text
from bench.work import products
from restudy.common.files import write_atomically
from restudy.figures.style import to_svg
from restudy.results.table_files import to_csv

REPEATS, QUICK_REPEATS = 5, 2
QUICK_BATCHES = (16, 256)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and write table and figure."""
    options = parse(arguments)
    repeats = QUICK_REPEATS if options.quick else REPEATS
    chosen = cases(options.networks, options.batches, options.quick)
    print(f"Measuring memory, each of {len(ways.ways())} ways in a process of its own", flush=True)
    used = peak_memory(chosen)
    measured = [measure(case, repeats, used[case]) for case in chosen]
    imports = used[chosen[0]][memory.IMPORTS]
    table = tabulate(measured)
    text = to_text(table, notes(measured, repeats, imports))
    write_atomically(options.results / "training.csv", to_csv(table))
    write_atomically(options.results / "training.md", text.encode())
    drawing = draw(table)
    write_atomically(options.results / "training.svg", to_svg(drawing.figure))
    write_atomically(options.results / "training.png", to_png(drawing.figure))
    print(f"Table:  {options.results}/training.md\nFigure: {options.results}/training.svg")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.training",
        description="Seconds per run and epoch: ours beside what people would use instead.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a minute: fewer batch sizes, steps and repeats"
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, choices=BATCHES)
    parser.add_argument("--results", type=Path, default=Path("results/bench"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.batches = options.batches or (QUICK_BATCHES if options.quick else BATCHES)
    return options


def peak_memory(chosen: Sequence[Case]) -> dict[Case, dict[str, float]]:
    """Return the peak memory of each way at each case, and of a process that only imports."""
    names = [memory.IMPORTS, *ways.ways()]
    found = iter(memory.peaks([(case, way) for case in chosen for way in names]))
    return {case: {way: next(found) for way in names} for case in chosen}


def measure(case: Case, repeats: int, used: dict[str, float]) -> Measured:
    """Measure all ways and the processor's peak in turn, ``repeats`` times."""
    torch.set_num_threads(1)
    samples, recipe = made_up(case.samples), case.recipe
    scale = EPOCH / case.samples
    seconds: dict[str, list[float]] = {way: [] for way in ways.ways()}
    rates, steps = [], []
    for _ in range(repeats):
        rates.append(peak.square_flops_per_second())
        steps.append(peak.step_seconds(products(case.widths, case.batch)))
        for way, values in seconds.items():
            values.append(ways.measure(way, recipe, samples) * scale)
    medians = {way: statistics.median(values) for way, values in seconds.items()}
    say(case, medians, max(rates))
    return Measured(case, medians, min(steps) * case.steps * scale, max(rates), used)


def say(case: Case, seconds: dict[str, float], rate: float) -> None:
    """Print what was measured of a case."""
    told: Iterable[str] = (f"  {way:24}{value:8.3f} s" for way, value in seconds.items())
    print(f"{case.network}, batch {case.batch} (peak {rate / 1e9:.0f} Gflop/s)", *told, sep="\n")


if __name__ == "__main__":
    main()
