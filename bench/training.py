"""Seconds per run and epoch: ours beside what people would use instead, interleaved in one run.

Usage: ``make bench``. Writes ``results/bench/training.csv`` and ``.md``. One thread; made-up
images, since the time does not depend on what is in them. The ratios are what counts: this
machine's speed on this day is in all of them alike.
"""

from __future__ import annotations

import logging
import statistics
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bench import peers
from restudy.config.identity import Lane, lane_id
from restudy.config.recipe import Recipe
from restudy.datasets.load import PreparedData
from restudy.files import write_atomically
from restudy.lanes.train import train_lanes
from restudy.tables import to_csv, to_markdown

SAMPLES, REPEATS = 6400, 5
NETWORKS = {"784-128-10": ([128], "none"), "784-512-256-10, batch norm": ([512, 256], "batch")}
BATCHES = (16, 64, 256)


def images() -> PreparedData:
    """Return made-up images; few for validation and test, which are not timed."""
    random = np.random.default_rng(0)
    rows = SAMPLES + 100
    x = random.integers(0, 256, (rows, 784)).astype(np.uint8)
    y = random.integers(0, 10, rows)
    return PreparedData("mnist", 0, "made up", x, y, x[:100], y[:100], np.arange(rows))


def ours(recipe: Recipe, data: PreparedData, lanes: int) -> float:
    """Train one epoch with this package; return seconds per run."""
    recipes = [recipe.model_copy(update={"seed": seed}) for seed in range(lanes)]
    results = train_lanes(
        [Lane(lane_id(one), one) for one in recipes],
        data,
        digests={lane_id(one): "" for one in recipes},
        stack=lanes,
    )
    return float(results.timing["train_seconds"].iloc[0]) / lanes


def main() -> None:
    """Measure everything and write the tables."""
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    data = images()
    x = torch.from_numpy(data.x_train[:SAMPLES]).float() / 255
    y = torch.from_numpy(data.y_train[:SAMPLES])
    rows = []
    for name, (hidden, norm) in NETWORKS.items():
        for batch in BATCHES:
            recipe = Recipe(
                dataset="mnist",
                train_samples=SAMPLES,
                validation_samples=100,
                hidden=hidden,
                norm=norm,
                learning_rate=0.01,
                batch_size=batch,
                epochs=1,
            )
            ways: dict[str, Callable[[], float]] = {
                "Lightning, DataLoader": lambda r=recipe: peers.lightning(r, x, y),
                "plain PyTorch loop": lambda r=recipe: peers.plain_loop(r, x, y),
                "ours, 1 lane": lambda r=recipe: ours(r, data, 1),
                "ours, 5 lanes": lambda r=recipe: ours(r, data, 5),
                "ours, 10 lanes": lambda r=recipe: ours(r, data, 10),
            }
            seconds = {way: [] for way in ways}
            for _ in range(REPEATS):
                for way, measure in ways.items():
                    seconds[way].append(measure() * 54_000 / SAMPLES)
            medians = {way: statistics.median(values) for way, values in seconds.items()}
            for way, median in medians.items():
                row = {"network": name, "batch_size": batch, "way": way, "seconds": median}
                row["faster_than_lightning"] = medians["Lightning, DataLoader"] / median
                row["faster_than_plain_loop"] = medians["plain PyTorch loop"] / median
                rows.append(row)
                print(f"{name}, batch {batch}, {way}: {median:.2f} s", flush=True)
    table = pd.DataFrame(rows)
    folder = Path("results/bench")
    notes = (
        f"Median of {REPEATS} interleaved measurements of one epoch of {SAMPLES} samples, scaled "
        "to 54,000; one thread; training alone, without evaluation."
    )
    write_atomically(folder / "training.csv", to_csv(table))
    text = to_markdown(table, "Seconds per run and epoch", notes)
    write_atomically(folder / "training.md", text.encode())
    print(f"Table: {folder}/training.md")


if __name__ == "__main__":
    main()
