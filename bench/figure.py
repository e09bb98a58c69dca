"""The picture of a bench: seconds per run and epoch over the batch size."""

from __future__ import annotations

import io

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from bench.cases import EPOCH
from bench.ways import OURS, PEERS
from restudy.figures.style import GREY, Drawing, direct_labels, looks, styled

FLOOR = "products at peak"


@styled
def draw(table: pd.DataFrame) -> Drawing:
    """Draw a panel for each network with a line for each way.

    The grey line is what the matrix products alone would need at the processor's peak. Ways on a
    CUDA device are in the table only.

    Args:
        table: as :func:`bench.training_table.tabulate` returns it.
    """
    names = [*PEERS, *OURS]
    shown = looks("way", names)
    networks = list(table["network"].unique())
    figure = Figure(figsize=(4.3 * len(networks) + 0.4, 4.4))
    panels = figure.subplots(1, len(networks), squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        rows = table[table["network"] == network]
        labels = []
        for way in names:
            line = rows[rows["way"] == way]
            # The peers dashed: told apart from ours without their colours.
            dash = "--" if way in PEERS else "-"
            look = shown[way]
            axes.plot(line["batch_size"], line["seconds"], dash, c=look.colour, marker=look.marker)
            labels.append((float(line["seconds"].iloc[-1]), way, look.colour))
        line = rows[rows["way"] == names[0]]
        floor = line["seconds"] * line["share_of_peak"]
        axes.plot(line["batch_size"], floor, color=GREY, linestyle=":")
        labels.append((float(floor.iloc[-1]), FLOOR, GREY))
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


def to_png(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()
