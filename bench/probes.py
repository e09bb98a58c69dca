"""What probes cost: runs of one epoch with each of them, beside the same runs without, in turn.

Writes ``probes.csv`` and ``.md``. A run of one epoch is the most expensive case of the probes that
measure once, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import torch

from bench import engine
from bench.cases import HELD_OUT, Samples, made_up
from bench.harness import make_parser, measure_in_turn, write_table
from restudy.config.diagnostics import PROBES
from restudy.config.recipe import Recipe

LANES = 5
NONE, ALL = "no probe", "all together"
_COLUMNS = {
    "probes": ("probes", "{}"),
    "seconds": ("s per run", "{:.3f}"),
    "cost": ("cost", "{:.1%}"),
    "cost_low": ("least", "{:.1%}"),
    "cost_high": ("most", "{:.1%}"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all probes and write the table."""
    parser = make_parser("probes", "What probes cost.", "a few samples: does it work")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    samples = 1_200 if options.quick else 54_000
    # Batch norm and two hidden layers, so that each probe has everything to look at.
    recipe = Recipe(
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
    data = made_up(samples - HELD_OUT)
    sets = {NONE: [], **{probe: [probe] for probe in PROBES}, ALL: list(PROBES)}
    work = {name: partial(_seconds, recipe, probes, data) for name, probes in sets.items()}
    work[ALL]()  # the first run is slower, whatever it is
    table = tabulate(measure_in_turn(work, 2 if options.quick else 5))
    at_end = [name for name, probe in PROBES.items() if probe.at_end]
    notes = [
        f"{LANES} lanes of {'-'.join(map(str, recipe.hidden))} hidden units with batch norm, batch "
        f"{recipe.batch_size}, {recipe.n_train:,} made-up samples, {recipe.n_validation:,} more "
        "for validation; one epoch and its evaluation, one thread. All sets in turn, in each "
        "round.",
        f"A run of one epoch pays the whole of {', '.join(sorted(at_end))}, which measure "
        "once, after the last; one of ten epochs a tenth of that share.",
        "`test`: the test set is evaluated after each epoch and not the last alone; it has "
        f"{HELD_OUT} samples here, so that its cost is not seen.",
    ]
    print(write_table(options.results / "probes", table, "What probes cost", _COLUMNS, notes))


def _seconds(recipe: Recipe, probes: Sequence[str], samples: Samples) -> float:
    """Train one stack with some probes; return its seconds, evaluation and all."""
    probed = recipe.model_copy(update={"probes": list(probes)})
    row = engine.train(engine.seeds(probed, LANES), samples).timing.iloc[0]
    return float(row["train_seconds"] + row["evaluation_seconds"])


def tabulate(seconds: pd.DataFrame) -> pd.DataFrame:
    """Return one row per set of probes.

    Args:
        seconds: of a stack, a row for each round and a column for each set.

    Returns:
        ``probes, seconds`` (of a run, median over the rounds), ``cost, cost_low, cost_high``: what
        the probes add as a share of the seconds without, in the same round; median, least, most.
    """
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


if __name__ == "__main__":
    main()
