"""What probes cost: runs of one epoch with each of them, beside the same runs without, in turn.

Usage: ``python -m bench.probes [--quick] [--results FOLDER]``. Writes ``probes.csv`` and ``.md``
into ``results/bench``. One epoch is the dearest case of the probes that measure once, at the end.
"""

from __future__ import annotations

import argparse
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch

from bench import machine, ours
from bench.samples import HELD_OUT, Samples, made_up
from restudy.common.files import write_atomically
from restudy.config.diagnostics import AT_THE_END
from restudy.config.recipe import Probe, Recipe
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import to_csv

REPEATS, QUICK_REPEATS = 5, 2
LANES = 5
NONE, ALL = "no probe", "all together"
PROBES: tuple[Probe, ...] = typing.get_args(Probe)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all probes and write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.probes", description="What probes cost.")
    parser.add_argument("--quick", action="store_true", help="a few samples: does it work")
    parser.add_argument("--results", type=Path, default=Path("results/bench"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    recipe = network(1_200 if options.quick else 54_000)
    samples = made_up(recipe.n_train + recipe.n_validation - HELD_OUT)
    rounds = []
    _seconds(recipe, PROBES, samples)  # the first run is slower, whatever it is
    for number in range(QUICK_REPEATS if options.quick else REPEATS):
        rounds.append(measure(recipe, samples, number))
        print(f"Round {number + 1}: {rounds[-1][NONE]:.1f} s without probes", flush=True)
    table = tabulate(rounds)
    text = to_text(table, recipe)
    write_atomically(options.results / "probes.csv", to_csv(table))
    write_atomically(options.results / "probes.md", text.encode())
    print(text)


def network(samples: int) -> Recipe:
    """Return the recipe that is measured, of so many samples, a ninth of them held out.

    With batch norm, and two hidden layers, so that each probe has everything to look at.
    """
    return Recipe(
        dataset="mnist",
        train_samples=samples * 8 // 9,
        validation_samples=samples // 9,
        hidden=[128, 128],
        norm="batch",
        optimiser="momentum",
        momentum=0.9,
        learning_rate=0.01,
        batch_size=64,
        epochs=1,
    )


def sets() -> dict[str, list[Probe]]:
    """Return what is measured, by name: no probe, each by itself, all together."""
    return {NONE: [], **{probe: [probe] for probe in PROBES}, ALL: list(PROBES)}


def measure(recipe: Recipe, samples: Samples, first: int) -> dict[str, float]:
    """Train one stack with each set of probes; return its seconds, evaluation and all.

    Args:
        recipe: what is trained, without probes.
        samples: made-up images.
        first: the place of the set that begins, so that another one does in each round.
    """
    every = list(sets().items())
    turned = every[first % len(every) :] + every[: first % len(every)]
    return {name: _seconds(recipe, probes, samples) for name, probes in turned}


def _seconds(recipe: Recipe, probes: Sequence[Probe], samples: Samples) -> float:
    probed = recipe.model_copy(update={"probes": list(probes)})
    row = ours.train(ours.seeds(probed, LANES), samples).timing.iloc[0]
    return float(row["train_seconds"] + row["evaluation_seconds"])


def tabulate(rounds: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Return one row per set of probes.

    Args:
        rounds: each the seconds of a stack by set of probes.

    Returns:
        ``probes, seconds`` (of a run, median over the rounds), ``cost, cost_low, cost_high``: what
        the probes add as a share of the seconds without, in the same round; median, least, most.
    """
    seconds = pd.DataFrame(list(rounds))[list(rounds[0])]
    added = seconds.div(seconds[NONE], axis="index") - 1
    table = pd.DataFrame(
        {
            "seconds": seconds.median() / LANES,
            "cost": added.median(),
            "cost_low": added.min(),
            "cost_high": added.max(),
        }
    )
    return table.rename_axis("probes").reset_index()


def to_text(table: pd.DataFrame, recipe: Recipe) -> str:
    """Return the table as a Markdown document, in few digits."""
    shown = pd.DataFrame(
        {
            "probes": table["probes"],
            "s per run": table["seconds"].map("{:.3f}".format),
            "cost": table["cost"].map("{:.1%}".format),
            "least": table["cost_low"].map("{:.1%}".format),
            "most": table["cost_high"].map("{:.1%}".format),
        }
    )
    notes = [
        machine.describe(),
        f"{LANES} lanes of {'-'.join(map(str, recipe.hidden))} hidden units with batch norm, batch "
        f"{recipe.batch_size}, {recipe.n_train:,} made-up samples, {recipe.n_validation:,} more "
        "for validation; one epoch and its evaluation, one thread. All sets in turn, in each "
        "round.",
        f"A run of one epoch pays the whole of {', '.join(sorted(AT_THE_END))}, which measure "
        "once, after the last; one of ten epochs a tenth of that share.",
        "`test`: the test set is evaluated after each epoch and not the last alone; it has "
        f"{HELD_OUT} samples here, so that its cost is not seen.",
    ]
    return to_markdown(shown, "What probes cost", "\n\n".join(notes))


if __name__ == "__main__":
    main()
