"""The housing figure: predictions against the truth, learning curves, and R2 by architecture."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from restudy.figures.panels import curve_data, draw_curves, draw_means
from restudy.figures.style import (
    BLACK,
    PAGE,
    SMALL,
    Drawing,
    Look,
    direct_labels,
    fit_limits,
    looks,
    styled,
)
from restudy.results.study_tables import summary_table, winners

CAP = 5.0
"""The census wrote down no price above 500,000 dollars: the data have a wall there."""

LINEAR = "linear"
_DENSITY = LinearSegmentedColormap.from_list("density", ["#BBD7EC", "#3A87BF", "#08244A"])
_PRICE = "100,000 US dollars"
_TRUE, _PREDICTED = (0.0, 5.3), (-0.8, 7.2)


CAPTION = (
    "California house prices. Above, predicted against true prices of the test houses, for the "
    "linear model and for the network with the best validation R2: the darker, the more houses; "
    "on the line the prediction is right, and the dotted line marks the cap at 500,000 US dollars "
    "above which the census wrote down no price. Below, validation RMSE over the epochs and test "
    "R2 per architecture, means over seeds with 95% t intervals; dots are single runs."
)


@styled
def housing(runs: pd.DataFrame, history: pd.DataFrame, predictions: pd.DataFrame) -> Drawing:
    """Draw what a linear model and the best network predict, and how all architectures fare.

    The network is the one with the highest mean R2 on the validation split. Predictions are those
    of all seeds, so each test house is counted once per seed.

    Args:
        runs: ``runs.parquet`` of a regression study whose one factor is ``hidden``.
        history: its ``history.parquet``.
        predictions: :func:`restudy.results.predictions.predictions_table` of the study.

    Returns:
        the figure, with data ``panel`` (``predictions``, ``validation_rmse``, ``test_r2``),
        ``hidden``, ``true, predicted, houses`` of each hexagon of the predictions (its centre, and
        how many lie in it), ``epoch, n, mean, sd, low, high`` for the rest.

    Raises:
        RestudyError: there are more architectures than colours.
    """
    levels = [str(level) for level in runs["hidden"].cat.categories]
    shown = looks("hidden", levels)
    summary = summary_table(runs, ["hidden"])
    scores = summary[summary["metric"] == "test_r2"]
    curves = curve_data(history[history["split"] == "validation"], ["hidden"], ["rmse"])
    drawn = predictions[predictions["hidden"].isin(_compared(runs))]

    figure = Figure(figsize=(PAGE, 5.4))
    axes = figure.subplots(2, 2, gridspec_kw={"height_ratios": [1.15, 1]})
    hexagons = _draw_predictions(figure, list(axes[0]), drawn, _compared(runs), scores)
    _draw_rmse(axes[1, 0], curves, history, shown)
    _draw_scores(axes[1, 1], scores, runs, shown)
    data = pd.concat(
        [
            hexagons.assign(panel="predictions"),
            curves.drop(columns=["metric", "split"]).assign(panel="validation_rmse"),
            scores.assign(panel="test_r2"),
        ],
        ignore_index=True,
    )
    columns = ["panel", "hidden", "true", "predicted", "houses"]
    columns += ["epoch", "n", "mean", "sd", "ci_low", "ci_high"]
    return Drawing(figure, data[columns])


def _compared(runs: pd.DataFrame) -> list[str]:
    """Return the architectures whose predictions are drawn: linear, and the best network."""
    networks = runs[runs["hidden"] != LINEAR]
    best = winners(networks, ["hidden"])["hidden"].astype(str).tolist()
    return [name for name in [LINEAR, *best] if name in set(runs["hidden"])]


def _draw_predictions(
    figure: Figure,
    axes: list[Axes],
    predictions: pd.DataFrame,
    compared: list[str],
    scores: pd.DataFrame,
) -> pd.DataFrame:
    """Draw how many houses lie where; return the hexagons ``hidden, true, predicted, houses``."""
    clouds: list[PolyCollection] = []
    hexagons = []
    for axis, hidden in zip(axes, compared, strict=False):
        rows = predictions[predictions["hidden"] == hidden]
        true, predicted = rows["true"].to_numpy(), rows["predicted"].to_numpy()
        cloud = axis.hexbin(
            true,
            predicted,
            gridsize=(36, 40),
            extent=(*_TRUE, *_PREDICTED),
            mincnt=1,
            cmap=_DENSITY,
            linewidths=0.1,
        )
        clouds.append(cloud)
        centres = pd.DataFrame(np.asarray(cloud.get_offsets()), columns=["true", "predicted"])
        houses = np.asarray(cloud.get_array(), np.int64)
        hexagons.append(centres.assign(hidden=hidden, houses=houses))
        axis.plot([0, 7], [0, 7], color=BLACK, linewidth=0.7)
        axis.axvline(CAP, color=BLACK, linewidth=0.8, linestyle=":")
        axis.text(CAP - 0.08, _PREDICTED[0] + 0.15, "cap of the data", ha="right", fontsize=SMALL)
        outside = int(((predicted < _PREDICTED[0]) | (predicted > _PREDICTED[1])).sum())
        if outside:
            remark = f"{outside} of {len(rows)} predictions lie outside"
            axis.text(0.02, 0.98, remark, transform=axis.transAxes, va="top", fontsize=SMALL)
        score = scores[scores["hidden"] == hidden].iloc[0]
        name = "Linear model" if hidden == LINEAR else f"Network {hidden}"
        axis.set(xlim=_TRUE, ylim=_PREDICTED, title=_scored(name, score))
        axis.set(xlabel=f"true price ({_PRICE})", ylabel="predicted price")
    for axis in axes[len(compared) :]:
        axis.set_axis_off()
    if not clouds:
        return pd.DataFrame(columns=["hidden", "true", "predicted", "houses"])
    # One scale for both, or equal colours would stand for different counts.
    most = max(2.0, *(float(np.asarray(cloud.get_array()).max()) for cloud in clouds))
    for cloud in clouds:
        cloud.set_norm(LogNorm(1, most))
    label = "houses, once per seed"
    figure.colorbar(clouds[-1], ax=axes, label=label, pad=0.01, aspect=30, format="{x:g}")
    return pd.concat(hexagons, ignore_index=True)


def _scored(name: str, score: pd.Series) -> str:
    """Return the title of a panel of predictions, with R2 and its interval."""
    between = (
        f" ({score['ci_low']:.3f} to {score['ci_high']:.3f})"
        if np.isfinite(score["ci_low"])
        else ""
    )
    return f"{name}: test R² {score['mean']:.3f}{between}"


def _draw_rmse(
    axis: Axes, curves: pd.DataFrame, history: pd.DataFrame, shown: dict[str, Look]
) -> None:
    last = int(history["epoch"].max())
    drawn = history["split"].eq("validation") & history["metric"].eq("rmse")
    # A slow start would squeeze all the rest.
    fit_limits(axis, history.loc[drawn & (history["epoch"] > min(1, last - 1)), "value"])
    labels = []
    for hidden, look in shown.items():
        rows = curves[curves["hidden"] == hidden]
        draw_curves(axis, rows, look, {"validation": "-"})
        if len(rows):
            labels.append((float(rows["mean"].iloc[-1]), look.name, look.colour))
    axis.set_xlim(1, max(2, last))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(title="Validation RMSE", xlabel="epoch", ylabel=_PRICE)
    direct_labels(axis, 1.02, labels)


def _draw_scores(
    axis: Axes, scores: pd.DataFrame, runs: pd.DataFrame, shown: dict[str, Look]
) -> None:
    for place, (hidden, look) in enumerate(shown.items()):
        own = runs.loc[runs["hidden"] == hidden, "test_r2"]
        axis.plot([place + 0.12] * len(own), own, ".", color=look.colour, alpha=0.5)
        mean = scores[scores["hidden"] == hidden]
        draw_means(axis, [place] * len(mean), mean, look.marker, look.colour)
    fit_limits(axis, runs["test_r2"])
    axis.set_xticks(range(len(shown)), list(shown))
    axis.set_xlim(-0.5, len(shown) - 0.5)
    seeds = runs["seed"].nunique()
    axis.set(title="Test R²", xlabel=f"hidden layers (95% interval over {seeds} seeds; dots: runs)")
