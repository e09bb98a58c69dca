"""Which metrics each probe of a recipe adds to a run's history."""

from __future__ import annotations

from restudy.config.recipe import Probe, Recipe

METRICS: dict[Probe, tuple[str, ...]] = {
    "batch_loss": ("batch_loss",),
    "train_sample": ("sample_accuracy",),
    "training_mode": ("training_mode_accuracy",),
    "gradients": (
        *("gradient_norm", "gradient_norm_first", "gradient_norm_last", "gradient_ratio"),
        *("gradient_noise", "gradient_cosine"),
    ),
    "activations": (
        *("dead_units", "saturation", "activation_max", "activation_kurtosis"),
        *("layer_mean_shift", "layer_sd_shift"),
    ),
    "weights": (
        *("weight_norm", "weight_norm_first", "small_weights", "zero_weights"),
        *("weight_sum", "weight_abs_sum"),
    ),
    "smoothness": ("loss_roughness", "loss_spread"),
    "sharpness": ("sharpness",),
}
"""Probe -> metrics, but for those that depend on the recipe, see :func:`probed_metrics`."""

AT_THE_END: frozenset[Probe] = frozenset({"training_mode", "robustness", "sharpness"})
"""Probes that measure once, after the last epoch."""


def probed_metrics(recipe: Recipe) -> list[str]:
    """Return the metrics of a recipe's probes; all stand under the split ``train``."""
    return [metric for probe in recipe.probes for metric in _metrics(recipe, probe)]


def is_measured_once(recipe: Recipe, metric: str) -> bool:
    """Return whether a metric of a recipe's probes is known after the last epoch only."""
    return any(metric in _metrics(recipe, probe) for probe in AT_THE_END & set(recipe.probes))


def _metrics(recipe: Recipe, probe: Probe) -> tuple[str, ...]:
    if probe == "robustness":
        return ("noisy_r2" if recipe.loss == "mse" else "noisy_accuracy",)
    found = METRICS.get(probe, ())
    if probe == "weights" and recipe.norm == "batch" and recipe.hidden:
        found += ("gamma_mean", "gamma_sd", "beta_mean", "beta_sd")
    return found
