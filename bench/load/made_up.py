"""Studies of many groups, and results of groups that were never trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.workspace import NAME
from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, group_id, run_id
from restudy.evidence.metric_selectors import metrics_of
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.provenance.versions import environment
from restudy.results.group_files import GroupResults, merge, summary_row

_BATCHES = (8, 16, 20, 32, 40, 50, 64, 100, 128, 200)
_EPOCHS = 4
CELLS_EACH = len(_BATCHES) * _EPOCHS
"""Groups of one architecture of :func:`many_groups`."""


def many_groups(groups: int, *, long: bool) -> dict[str, Any]:
    """Return a study of architectures, batch sizes and epochs, each combination a group.

    Args:
        groups: how many; a multiple of ``CELLS_EACH``.
        long: most groups take long enough for a job of their own; otherwise they share jobs.
    """
    recipe = {"dataset": "mnist", "learning_rate": 0.1}
    if not long:
        recipe |= {"train_samples": 200, "validation_samples": 100}
    first = 20 if long else 1
    return {
        "name": NAME,
        "title": "Many groups",
        "question": "How long does it take before the first one trains?",
        "recipe": recipe,
        "factors": {
            "hidden": [[16 + 8 * i] for i in range(groups // CELLS_EACH)],
            "batch_size": list(_BATCHES),
            "epochs": list(range(first, first + _EPOCHS)),
        },
        "seeds": 1,
    }


def runs_of(number: int, **fields: Any) -> list[RunSpec]:
    """Return the runs of a group: a recipe with as many seeds."""
    recipes = [Recipe(**fields, seed=seed) for seed in range(number)]
    return [RunSpec(run_id(recipe), recipe) for recipe in recipes]


def tracked_study(
    name: str, groups: Mapping[str, Sequence[RunSpec]], **more: Any
) -> dict[str, Any]:
    """Return the description of a study of several widths, in the form that tracking takes.

    Args:
        name: of the study.
        groups: width -> the runs of its group.
        more: further keys.
    """
    runs = [
        {
            "group": group_id(run.recipe),
            "run": run.id,
            "levels": {"width": width, "dataset": "mnist"},
        }
        for width, runs in groups.items()
        for run in runs
    ]
    return {
        **{"name": name, "title": name, "question": "Does the store keep up?", "scale": "full"},
        **{"factors": {"width": list(groups), "dataset": ["mnist"]}, "reductions": []},
        **{"datasets": ["mnist"], "keep_weights": False, "results": "results", "runs": runs},
        **more,
    }


def group_results(runs: Sequence[RunSpec]) -> GroupResults:
    """Return results of a group, without weights: every metric of every run, split and epoch."""
    rng = np.random.default_rng([*runs[0].recipe.hidden, runs[0].recipe.seed])
    histories, rows = [], []
    for run in runs:
        recipe = run.recipe
        history = _history(recipe, rng).assign(run=run.id)
        facts = {"n_train": recipe.n_train, "n_validation": recipe.n_validation}
        facts |= {"n_test": 10_000, "parameters": 1000}
        rows.append(summary_row(run.id, "made up", recipe, history, facts))
        histories.append(history)
    epochs = _epochs(runs[0].recipe)
    timing = pd.DataFrame(
        {
            "run": np.repeat([run.id for run in runs], len(epochs)),
            "epoch": np.tile(epochs, len(runs)),
            "runs_in_stack": len(runs),
            "train_seconds": 1.0,
            "evaluation_seconds": 0.1,
        }
    )
    record = {
        **environment(),
        **{"device": "cpu", "threads": 1, "seconds": 1.0, "arithmetic": "made up"},
        "training_version": TRAINING_VERSION,
        "seeds": {run.id: run.recipe.seed for run in runs},
        "data": {"dataset": runs[0].recipe.dataset, "sha256": "0" * 64, "split_seed": 0},
    }
    columns = ["run", "epoch", "step", "split", "metric", "value"]
    history = pd.concat(histories, ignore_index=True)[columns]
    return merge([GroupResults(history, pd.DataFrame(rows), timing, {}, record)])


def _epochs(recipe: Recipe) -> list[int]:
    last = recipe.total_epochs
    return sorted({*range(recipe.evaluate_every, last + 1, recipe.evaluate_every), last})


def _history(recipe: Recipe, rng: np.random.Generator) -> pd.DataFrame:
    epochs = _epochs(recipe)
    parts = []
    for split in ("train", *(["validation"] if recipe.n_validation else []), "test"):
        shown = np.array(epochs if split != "test" or "test" in recipe.diagnostics else epochs[-1:])
        for metric in metrics_of(recipe, split):
            values = {"epoch": shown, "step": shown * recipe.steps_per_epoch}
            values["value"] = 0.5 + 0.1 * rng.random(len(shown))
            parts.append(pd.DataFrame(values).assign(split=split, metric=metric))
    return pd.concat(parts)
