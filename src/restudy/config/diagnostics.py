"""The diagnostics: what each measures beside the metrics of a run, declared once.

The measurement of a diagnostic is a function in ``restudy.training.diagnostics``, marked with the
diagnostic's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from restudy.config.recipe import Recipe

BLOCK_ROWS = 512
"""Training samples of the block that most diagnostics look at: the first ones."""

NOISY_ROWS = 3000
"""Validation samples that ``robustness`` looks at. Noise in all of them is 6% of a short run."""


def _always(_: Recipe) -> bool:
    return True


def _nothing(_recipe: Recipe, _times: int) -> int:
    return 0


@dataclass(frozen=True)
class Metric:
    """A metric of a diagnostic: its meaning, and the recipes whose runs have it."""

    meaning: str
    if_recipe: Callable[[Recipe], bool] = _always


@dataclass(frozen=True)
class DiagnosticSpec:
    """What a diagnostic measures, and what it needs.

    Attributes:
        description: for the reference of a recipe's keys.
        metrics: name -> metric; all stand under the split ``train``.
        at_end: whether it measures once, after the last epoch.
        needs: ``classes`` (no regression), ``validation`` (validation samples), or nothing.
        samples: its cost, in samples of forward passes, given a recipe and the number of
            evaluations; a backward pass is as much as two forward ones.
    """

    description: str
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    at_end: bool = False
    needs: Literal["", "classes", "validation"] = ""
    samples: Callable[[Recipe, int], int] = _nothing


def _metrics(**meanings: str) -> dict[str, Metric]:
    return {name: Metric(meaning) for name, meaning in meanings.items()}


def _block(recipe: Recipe) -> int:
    return min(BLOCK_ROWS, recipe.n_train)


def _regresses(recipe: Recipe) -> bool:
    return recipe.loss == "mse"


def _has_batch_norm(recipe: Recipe) -> bool:
    return recipe.norm == "batch" and bool(recipe.hidden)


_NOISY_SCORE = (
    f"{{}} on the first {NOISY_ROWS:,} validation samples with normal noise of 0.3 standard "
    "deviations of the inputs"
)
PROBES: dict[str, DiagnosticSpec] = {
    "batch_loss": DiagnosticSpec(
        "loss of the epoch's last batch, in training mode",
        _metrics(batch_loss="loss of the epoch's last batch, before its step"),
    ),
    "train_sample": DiagnosticSpec(
        "accuracy on 1,000 training samples drawn anew at each evaluation",
        _metrics(sample_accuracy="accuracy on 1,000 training samples drawn anew"),
        needs="classes",
    ),
    "training_mode": DiagnosticSpec(
        "accuracy on the training samples in shuffled batches, normalised by the batch's own "
        "statistics, after the last epoch",
        _metrics(training_mode_accuracy="accuracy in shuffled batches, by their own statistics"),
        at_end=True,
        needs="classes",
        samples=lambda recipe, _: recipe.n_train,
    ),
    "test": DiagnosticSpec("the test set at every evaluation, for studies as_published"),
    "gradients": DiagnosticSpec(
        f"size and noise of gradients, on {BLOCK_ROWS} training samples",
        _metrics(
            gradient_norm="length of the gradient on the block",
            gradient_norm_first="length of the first weight matrix's part",
            gradient_norm_last="length of the last weight matrix's part",
            gradient_ratio="first / last",
            gradient_noise="mean squared distance of the gradients on the block's 8 batches of 64 "
            "from their mean, in squared lengths of the mean",
            gradient_cosine="mean cosine of the angle between one batch's gradient and the next's",
        ),
        samples=lambda recipe, times: times * 6 * _block(recipe),
    ),
    "activations": DiagnosticSpec(
        f"size, saturation and shift of activations, on {BLOCK_ROWS} training samples",
        _metrics(
            dead_units="share of hidden units that are 0 (ReLU) or have a slope below 1% of the "
            "steepest on all rows of the block",
            saturation="share of values that are 0 (ReLU) or have a slope below 5% of the steepest",
            activation_max="largest absolute value of the activations' inputs",
            activation_kurtosis="mean kurtosis of the activations' inputs (normal: 3)",
            layer_mean_shift="mean change, since the last evaluation, of the mean of a hidden "
            "unit's output, in the standard deviations then; NaN at the first",
            layer_sd_shift="the same of its standard deviation",
        ),
        samples=lambda recipe, times: times * _block(recipe),
    ),
    "weights": DiagnosticSpec(
        "size and sparsity of weights",
        _metrics(
            weight_norm="root of the sum of squares of all weight matrices",
            weight_norm_first="the same of the first weight matrix",
            small_weights="share of weights with an absolute value below 0.001",
            zero_weights="share of weights that are 0",
            weight_sum="sum of all weights",
            weight_abs_sum="sum of their absolute values",
        )
        | {
            name: Metric(f"{value} of all {what} (batch norm only)", _has_batch_norm)
            for part, what in (("gamma", "scales"), ("beta", "shifts"))
            for name, value in (
                (f"{part}_mean", "mean"),
                (f"{part}_sd", "standard deviation"),
            )
        },
    ),
    "smoothness": DiagnosticSpec(
        "smoothness of the loss from step to step",
        _metrics(
            loss_roughness="mean absolute second difference of the batches' losses in the epoch",
            loss_spread="standard deviation of the batches' losses in the epoch",
        ),
    ),
    "robustness": DiagnosticSpec(
        "score on validation samples with noisy inputs, after the last epoch",
        {
            "noisy_accuracy": Metric(
                _NOISY_SCORE.format("accuracy"), lambda recipe: not _regresses(recipe)
            ),
            "noisy_r2": Metric(_NOISY_SCORE.format("R2 (regression)"), _regresses),
        },
        at_end=True,
        needs="validation",
        samples=lambda recipe, _: min(NOISY_ROWS, recipe.n_validation),
    ),
    "sharpness": DiagnosticSpec(
        "rise of the loss around the weights, after the last epoch",
        _metrics(
            sharpness="(f' - f) / (1 + f), with f the loss on the block in evaluation mode and f' "
            "after one step up the gradient that moves each weight matrix by 0.5% of its norm"
        ),
        at_end=True,
        samples=lambda recipe, _: 4 * _block(recipe),
    ),
}


def diagnosed_metrics(recipe: Recipe) -> list[str]:
    """Return the metrics of a recipe's diagnostics; all stand under the split ``train``."""
    return [
        name
        for diagnostic in recipe.diagnostics
        for name, metric in PROBES[diagnostic].metrics.items()
        if metric.if_recipe(recipe)
    ]


def is_measured_once(recipe: Recipe, metric: str) -> bool:
    """Return whether a metric of a recipe's diagnostics is known after the last epoch only."""
    return any(
        PROBES[diagnostic].at_end and metric in PROBES[diagnostic].metrics
        for diagnostic in recipe.diagnostics
    )
