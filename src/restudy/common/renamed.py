"""Names that were changed: an error about an old name suggests the new one.

The entries serve all files: a new name is suggested only where it is allowed.
"""

from __future__ import annotations

RENAMED_KEYS: dict[str, str] = {
    # Settings, studies and recipes
    "arithmetic": "matmul_backend",
    "checkpoint_seconds": "checkpoint_interval_s",
    "live_seconds": "flush_interval_s",
    "norm_place": "norm_position",
    "probes": "diagnostics",
    "skip": "disabled",
    "stack": "max_stacked_runs",
    "weight_scale": "init_scale",
    # Evidence
    "along": "x_factor",
    "because": "reason",
    "candidates": "search_factors",
    "clues": "constraints",
    "floor": "lower_bound",
    "given": "reported",
    "honest_version": "corrected_figure",
    "in": "interaction_levels",
    "less": "minus",
    "none": "if_none",
    "not_given": "unreported",
    "over": "aggregate",
    "penalised": "include_penalty",
    "shown_by": "supported_by",
    "shows": "effects",
    "stand_in": "surrogate_data",
    "take": "statistic",
    "than_in": "interaction_baseline",
    "what": "description",
    "where": "filter",
    "wording": "text_only",
}
"""Old -> new name of a key of ``config.yaml``, a study or a file of evidence."""

RENAMED_VALUES: dict[str, dict[str, str]] = {
    "bias": {"per_unit": "per_neuron"},
    "l1_form": {"absolute": "with_abs", "signed": "without_abs"},
    "l2_convention": {"half": "lambda_over_2", "whole": "lambda"},
    "loss": {"cross_entropy_after_softmax": "double_softmax"},
    "optimiser": {"averaging_momentum": "dampened_momentum"},
    "scaling": {"unit": "zero_one", "centred": "minus_one_one"},
    "predicts": {"no greater": "non_superior", "no less": "non_inferior"},
    "curve": {"reach": "epochs_to_target", "worsening": "degradation"},
    "status": {
        "a constant": "constant",
        "cannot be": "not_testable",
        "differs": "mismatch",
        "equal to the digit": "exact",
        "inside the prediction interval": "consistent",
        "judged by its rows": "assessed",
        "no difference found": "no_effect_found",
        "not yet": "pending",
        "of wording only": "wording_only",
        "only with the source's bug": "source_error_only",
        "outside": "inconsistent",
        "shown": "effect_confirmed",
        "the bound holds": "bound_satisfied",
    },
}
"""Key (its new name, without what it is nested in) -> old -> new name of a value."""
