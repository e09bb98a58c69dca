"""The batch-size figure: accuracy, loss and time over the batch size, with and without norm."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from restudy.figures.panels import draw_means
from restudy.figures.style import PAGE, SMALL, Drawing, direct_labels, fit_limits, looks, styled
from restudy.results.study_tables import summary_table, timing_table

_PANELS = {
    "validation_accuracy": "Validation accuracy",
    "test_accuracy": "Test accuracy",
    "train_data_loss": "Training loss, after the last epoch",
}
_TIME = "epoch_seconds"
FACTORS = ("norm", "batch_size")


CAPTION = (
    "Validation and test accuracy, training loss after the last epoch and time per epoch over the "
    "batch size, with and without batch norm. The learning rate is the same for every batch size, "
    "so larger batches also mean fewer and, per sample, smaller steps. Points are means over "
    "seeds with 95% t intervals, small dots the single runs. Times are a run's share of the stack "
    "it was trained in, median and range over the epochs; they depend on the machine."
)


@styled
def batch_size(runs: pd.DataFrame, timing: pd.DataFrame) -> Drawing:
    """Draw accuracy, loss and time of an epoch over the batch size, one line per norm.

    Args:
        runs: ``runs.parquet`` of a study whose factors are ``norm`` and ``batch_size``.
        timing: its ``timing.parquet``.

    Returns:
        the figure, with data ``panel`` (the metric, or ``epoch_seconds``), ``norm, batch_size, n,
        mean, low, high``. For times n counts the epochs measured, mean is their median, and low and
        high are the extremes.

    Raises:
        RestudyError: a norm has no colour.
    """
    data = _data(runs, timing)
    sizes = _sizes(runs)
    shown = looks("norm", [str(norm) for norm in runs["norm"].cat.categories])
    figure = Figure(figsize=(PAGE, 4.3))
    axes: list[Axes] = list(figure.subplots(2, 2, sharex=True).flat)
    for axis, panel in zip(axes, [*_PANELS, _TIME], strict=True):
        for place, (norm, look) in enumerate(shown.items()):
            # Side by side, so that one norm's points do not hide the other's.
            aside = 2 ** (0.1 * (place - (len(shown) - 1) / 2))
            rows = data[(data["panel"] == panel) & (data["norm"] == norm)]
            x = rows["batch_size"].astype(str).map(sizes).to_numpy(float) * aside
            draw_means(axis, x, rows, f"{look.marker}-", look.colour)
            if panel != _TIME:
                own = runs[runs["norm"] == norm]
                x = own["batch_size"].astype(str).map(sizes).to_numpy(float) * aside
                # Beside the interval's line, or they would be hidden in it.
                dots: dict[str, Any] = {"color": look.colour, "alpha": 0.4, "markersize": 2.5}
                axis.plot(x * 2**0.06, own[panel], ".", **dots)
        axis.set_title(_PANELS.get(panel, "Time per epoch, a run's share of its stack"))
    for axis in axes[:2]:
        axis.yaxis.set_major_formatter(PercentFormatter(1))
        # The same in both panels.
        fit_limits(axis, runs[["validation_accuracy", "test_accuracy"]])
    fit_limits(axes[2], runs["train_data_loss"])
    axes[3].set_ylim(bottom=0)
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticks(list(sizes.values()), list(sizes))
    for axis in axes[2:]:
        axis.set_xlabel("batch size (log scale)")
    axes[3].set_ylabel("seconds")
    for axis, panel in zip(axes, [*_PANELS, _TIME], strict=True):
        ends = data[data["panel"] == panel].groupby("norm", observed=True)["mean"].last()
        labels = [(float(ends[norm]), look.name, look.colour) for norm, look in shown.items()]
        direct_labels(axis, 1.02, labels)
    figure.supxlabel(
        f"mean and 95% interval over {runs['seed'].nunique()} seeds (dots); time: median and range "
        "of epochs",
        fontsize=SMALL,
        x=0.005,
        ha="left",
    )
    return Drawing(figure, data)


def _data(runs: pd.DataFrame, timing: pd.DataFrame) -> pd.DataFrame:
    summary = summary_table(runs, FACTORS).rename(columns={"metric": "panel"})
    times = timing_table(timing, FACTORS).assign(panel=_TIME)
    times = times.drop(columns="n_runs").rename(
        columns={
            "n_epochs": "n",
            _TIME: "mean",
            f"{_TIME}_min": "ci_low",
            f"{_TIME}_max": "ci_high",
        }
    )
    both = pd.concat([summary[summary["panel"].isin(list(_PANELS))], times], ignore_index=True)
    return both[["panel", *FACTORS, "n", "mean", "ci_low", "ci_high"]]


def _sizes(runs: pd.DataFrame) -> dict[str, float]:
    """Return the number of samples that each level of the batch size stands for."""
    everything = int(runs["n_train"].max())
    levels = [str(level) for level in runs["batch_size"].cat.categories]
    return {level: float(everything if level == "full" else level) for level in levels}
