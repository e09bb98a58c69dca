"""The table of the study bench, and the notes below it."""

from __future__ import annotations

import pandas as pd

from bench import machine
from bench.workspace import CORES
from restudy.config.recipe import Recipe
from restudy.config.run_ids import label
from restudy.results.study_tables import to_markdown


def tabulate(runs: int, pipeline: float, measured: int, processes: float) -> pd.DataFrame:
    """Return one row for the pipeline and one for a process per run.

    Args:
        runs: number of runs of the study.
        pipeline: seconds that the pipeline took for all of them.
        measured: how many were run as a process each.
        processes: seconds that these took.
    """
    for_all = processes * runs / measured
    return pd.DataFrame(
        [
            ("restudy, snakemake", runs, pipeline, pipeline, for_all / pipeline),
            ("Lightning, a process per run", measured, processes, for_all, 1.0),
        ],
        columns=["way", "measured_runs", "measured_seconds", "seconds", "times_as_fast"],
    ).assign(runs=runs)


def to_text(table: pd.DataFrame, recipe: Recipe) -> str:
    """Return that table as a Markdown document; the recipe is that of one of the runs."""
    runs, measured = table["measured_runs"]
    shown = pd.DataFrame(
        {
            "way": table["way"],
            f"seconds for {runs} runs": table["seconds"].map("{:.1f}".format),
            "times as fast": table["times_as_fast"].map("{:.1f}x".format),
            "runs measured": table["measured_runs"],
            "in seconds": table["measured_seconds"].map("{:.1f}".format),
        }
    )
    notes = [
        machine.describe(),
        f"{runs} runs of the grid study: {recipe.dataset}, {recipe.n_train:,} samples, "
        f"{recipe.epochs} epochs, hidden layers {label(recipe.hidden)}. Wall time with "
        f"{CORES} processes side by side, one thread each; the data are prepared before.",
        "restudy: all that `snakemake` does, from its start to the report: training, evaluation, "
        "MLflow, tables, figure, page.",
        f"A process per run: Lightning with a DataLoader, fused SGD and its MLflow logger, "
        f"evaluation on validation and test set. Extrapolated: {measured} runs, evenly spread over "
        f"the study, were measured and their time multiplied by {runs / measured:g}.",
    ]
    return to_markdown(shown, "Seconds of a study", "\n\n".join(notes))
