"""What diagnostics cost: runs of one epoch with each, beside the same runs without, in turn.

Writes ``diagnostics.csv`` and ``.md``. A run of one epoch is the most expensive case of the
diagnostics that measure once, at the end.
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

RUNS = 5
NONE, ALL = "no diagnostic", "all together"
_COLUMNS = {
    "diagnostics": ("diagnostics", "{}"),
    "seconds": ("s per run", "{:.3f}"),
    "cost": ("cost", "{:.1%}"),
    "cost_low": ("least", "{:.1%}"),
    "cost_high": ("most", "{:.1%}"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all diagnostics and write the table."""
    parser = make_parser("diagnostics", "What diagnostics cost.", "a few samples: does it work")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    samples = 1_200 if options.quick else 54_000
    # Batch norm and two hidden layers, so that each diagnostic has everything to look at.
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
    sets = {NONE: [], **{diagnostic: [diagnostic] for diagnostic in PROBES}, ALL: list(PROBES)}
    work = {
        name: partial(_seconds, recipe, diagnostics, data) for name, diagnostics in sets.items()
    }
    work[ALL]()  # the first run is slower, whatever it is
    table = tabulate(measure_in_turn(work, 2 if options.quick else 5))
    at_end = [name for name, diagnostic in PROBES.items() if diagnostic.at_end]
    notes = [
        f"{RUNS} runs of {'-'.join(map(str, recipe.hidden))} hidden units with batch norm, batch "
        f"{recipe.batch_size}, {recipe.n_train:,} made-up samples, {recipe.n_validation:,} more "
        "for validation; one epoch and its evaluation, one thread. All sets in turn, in each "
        "round.",
        f"A run of one epoch pays the whole of {', '.join(sorted(at_end))}, which measure "
        "once, after the last; one of ten epochs a tenth of that share.",
        "`test`: the test set is evaluated after each epoch and not the last alone; it has "
        f"{HELD_OUT} samples here, so that its cost is not seen.",
    ]
    print(
        write_table(
            options.results / "diagnostics", table, "What diagnostics cost", _COLUMNS, notes
        )
    )


def _seconds(recipe: Recipe, diagnostics: Sequence[str], samples: Samples) -> float:
    """Train one stack with some diagnostics; return its seconds, evaluation and all."""
    diagnosed = recipe.model_copy(update={"diagnostics": list(diagnostics)})
    row = engine.train(engine.seeds(diagnosed, RUNS), samples).timing.iloc[0]
    return float(row["train_seconds"] + row["evaluation_seconds"])


def tabulate(seconds: pd.DataFrame) -> pd.DataFrame:
    """Return one row per set of diagnostics.

    Args:
        seconds: of a stack, a row for each round and a column for each set.

    Returns:
        ``diagnostics, seconds`` (of a run, median over the rounds), ``cost, cost_low, cost_high``:
        what the diagnostics add as a share of the seconds without, in the same round; median,
        least, most.
    """
    added = seconds.div(seconds[NONE], axis="index") - 1
    table = pd.DataFrame(
        {
            "seconds": seconds.median() / RUNS,
            "cost": added.median(),
            "cost_low": added.min(),
            "cost_high": added.max(),
        }
    )
    return table.rename_axis("diagnostics").reset_index()


if __name__ == "__main__":
    main()
