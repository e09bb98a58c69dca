"""The table of the training bench, and the notes below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bench import machine
from bench.cases import EPOCH, Case
from bench.peak import LANES, SQUARE
from bench.ways import EXPLAINED, LIGHTNING, NOTEBOOK, PLAIN
from bench.work import useful_flops
from restudy.results.study_tables import to_markdown
from restudy.training import matmul_backend

_RATIOS = {
    "times_as_fast_as_notebook": NOTEBOOK,
    "times_as_fast_as_lightning": LIGHTNING,
    "times_as_fast_as_plain_loop": PLAIN,
}


@dataclass(frozen=True)
class Measured:
    """What was measured of one case.

    Attributes:
        case: network and batch size.
        seconds: way -> median seconds per run and epoch of ``EPOCH`` samples.
        product_seconds: seconds that the products of such an epoch need at their own shapes.
        peak: flops per second of the best large square product beside it.
        memory: way -> peak resident memory in MB.
    """

    case: Case
    seconds: dict[str, float]
    product_seconds: float
    peak: float
    memory: dict[str, float]


def tabulate(measured: Sequence[Measured]) -> pd.DataFrame:
    """Return one row per network, batch size and way.

    Returns:
        ``network, batch_size, way, seconds`` (per run and epoch), ``times_as_fast_as_*``,
        ``share_of_peak`` (what the products would need at the rate of the best square product of
        the whole bench / seconds), ``share_of_products`` (what they need at their own shapes /
        seconds), ``peak_memory_mb``, ``measured_samples``.
    """
    rate = max(one.peak for one in measured)
    rows = []
    for one in measured:
        least = useful_flops(one.case.widths, EPOCH) / rate
        for way, seconds in one.seconds.items():
            row = {
                "network": one.case.network,
                "batch_size": one.case.batch,
                "way": way,
                "seconds": seconds,
            }
            row |= {column: one.seconds[peer] / seconds for column, peer in _RATIOS.items()}
            row |= {
                "share_of_peak": least / seconds,
                "share_of_products": one.product_seconds / seconds,
                "peak_memory_mb": one.memory[way],
                "measured_samples": one.case.samples,
            }
            rows.append(row)
    return pd.DataFrame(rows)


def to_text(table: pd.DataFrame, remarks: str) -> str:
    """Return the table as a Markdown document, in few digits."""
    shown = pd.DataFrame(
        {
            "network": table["network"],
            "batch": table["batch_size"],
            "way": table["way"],
            "s per run and epoch": table["seconds"].map("{:.2f}".format),
            **{
                f"vs {peer}": table[column].map("{:.2f}x".format)
                for column, peer in _RATIOS.items()
            },
            "of peak": table["share_of_peak"].map("{:.0%}".format),
            "of its products": table["share_of_products"].map("{:.0%}".format),
            "memory, MB": table["peak_memory_mb"].map("{:.0f}".format),
        }
    )
    return to_markdown(shown, "Seconds per run and epoch", remarks)


def notes(measured: Sequence[Measured], repeats: int, imports: float) -> str:
    """Return what one has to know to read the table."""
    rate = max(one.peak for one in measured) / 1e9
    path = matmul_backend.choose("auto").path
    fewest = min(one.case.samples for one in measured)
    most = max(one.case.samples for one in measured)
    remarks = [
        machine.describe(),
        f"Settings: one thread; SGD, learning rate 0.01, momentum 0.9, cross-entropy; medians of "
        f"{repeats} measurements, all ways in turn; training alone, without evaluation, start of "
        "the Trainer and preparation of the data. Numbers below 1e-38 are zero in all ways.",
        f"Extrapolated: each measurement trains {fewest:,} to {most:,} made-up samples, by network "
        f"and batch size, in whole batches; the time is scaled to an epoch of {EPOCH:,}.",
        "; ".join(f"*{way}*: {text}" for way, text in EXPLAINED.items()) + ".",
        f"Ours multiplies matrices by the path *{path}*, which it chooses by the processor; the "
        "peers by PyTorch's default.",
        "vs: how many times as fast as that peer, per run.",
        f"Of peak: what the matrix products of forward and backward pass (2 x samples x (3 x all "
        f"weights - the first layer's) flops) would need at the rate of a {SQUARE} x {SQUARE} "
        f"float32 product, {rate:.0f} Gflop/s here, over the time measured.",
        f"Of its products: what the same products need at their own shapes, {LANES} lanes at "
        "a time, over the time measured; each by PyTorch's own choice of kernel or by oneDNN, "
        "whichever is faster.",
        f"Memory: peak resident memory of a process that does nothing else, forked from one that "
        f"has done the imports ({imports:.0f} MB of it), with the samples of one measurement in "
        "memory, not of a whole epoch.",
    ]
    return "\n\n".join(remarks)
