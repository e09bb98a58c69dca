"""Kinds of figures of a study: what each is drawn from. Functions that draw are in ``figures/``."""

from __future__ import annotations

from typing import NamedTuple


class FigureKind(NamedTuple):
    """A kind of figure, a value of the key ``figure`` of a study.

    Attributes:
        module: module of ``restudy.figures`` with a function of the kind's name, and a ``CAPTION``.
        columns: columns of the CSV, as Markdown.
        arguments: tables of the study (``runs``, ``history``, ``timing``, ``predictions``) that the
            function takes, and ``factors``, the names of the study's factors.
        factors: factors that the study needs (a data set may be fixed); it has no others. Empty if
            any study can be drawn.
        dataset: the only data set that can be drawn, if there is one.
    """

    module: str
    columns: str
    arguments: tuple[str, ...]
    factors: tuple[str, ...] = ()
    dataset: str | None = None

    @property
    def files(self) -> list[str]:
        """Names of the files that the figure is drawn from, in the study's folder."""
        tables = [name for name in self.arguments if name != "factors"]
        return ["study.json", *(f"{name}.parquet" for name in tables)]


FIGURE_KINDS = {
    "learning_curves": FigureKind(
        "learning_curves",
        "`metric`, factors, `split, epoch, n, mean, sd, low, high` (all combinations and splits, "
        "also those that the picture leaves out)",
        ("history", "factors"),
    ),
    "batch_size": FigureKind(
        "batch_size",
        "`panel, norm, batch_size, n, mean, low, high`; for `epoch_seconds` median and extremes "
        "over epochs",
        ("runs", "timing"),
        ("norm", "batch_size"),
    ),
    "grid": FigureKind(
        "factorial_heatmap",
        "`panel`, factors, `n, n_diverged, mean, low, high, winner`; for `variance` "
        "`source, order, df, sum_sq, eta_sq, omega_sq` (type II)",
        ("runs", "factors"),
        ("dataset", "hidden", "norm", "batch_size", "regularisation"),
    ),
    "housing": FigureKind(
        "predicted_vs_actual",
        "`panel, hidden, seed, true, predicted, epoch, n, mean, sd, low, high`",
        ("runs", "history", "predictions"),
        ("hidden",),
        "california_housing",
    ),
}
