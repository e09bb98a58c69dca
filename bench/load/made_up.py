"""Studies of many cells, and results of cells that were never trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.workspace import NAME
from restudy.config.recipe import Recipe
from restudy.config.run_ids import Lane, cell_id, lane_id
from restudy.evidence.metric_selectors import metrics_of
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.provenance.versions import environment
from restudy.results.group_files import CellResults, merge, summary_row

_BATCHES = (8, 16, 20, 32, 40, 50, 64, 100, 128, 200)
_EPOCHS = 4
CELLS_EACH = len(_BATCHES) * _EPOCHS
"""Cells of one architecture of :func:`many_cells`."""


def many_cells(cells: int, *, long: bool) -> dict[str, Any]:
    """Return a study of architectures, batch sizes and epochs, each combination a cell.

    Args:
        cells: how many; a multiple of ``CELLS_EACH``.
        long: most cells take long enough for a job of their own; otherwise they share jobs.
    """
    recipe = {"dataset": "mnist", "learning_rate": 0.1}
    if not long:
        recipe |= {"train_samples": 200, "validation_samples": 100}
    first = 20 if long else 1
    return {
        "name": NAME,
        "title": "Many cells",
        "question": "How long does it take before the first one trains?",
        "recipe": recipe,
        "factors": {
            "hidden": [[16 + 8 * i] for i in range(cells // CELLS_EACH)],
            "batch_size": list(_BATCHES),
            "epochs": list(range(first, first + _EPOCHS)),
        },
        "seeds": 1,
    }


def lanes_of(number: int, **fields: Any) -> list[Lane]:
    """Return the lanes of a cell: a recipe with as many seeds."""
    recipes = [Recipe(**fields, seed=seed) for seed in range(number)]
    return [Lane(lane_id(recipe), recipe) for recipe in recipes]


def tracked_study(name: str, cells: Mapping[str, Sequence[Lane]], **more: Any) -> dict[str, Any]:
    """Return the description of a study of several widths, in the form that tracking takes.

    Args:
        name: of the study.
        cells: width -> the lanes of its cell.
        more: further keys.
    """
    runs = [
        {
            "cell": cell_id(lane.recipe),
            "lane": lane.id,
            "levels": {"width": width, "dataset": "mnist"},
        }
        for width, lanes in cells.items()
        for lane in lanes
    ]
    return {
        **{"name": name, "title": name, "question": "Does the store keep up?", "scale": "full"},
        **{"factors": {"width": list(cells), "dataset": ["mnist"]}, "reductions": []},
        **{"datasets": ["mnist"], "keep_weights": False, "results": "results", "runs": runs},
        **more,
    }


def cell_results(lanes: Sequence[Lane]) -> CellResults:
    """Return results of a cell, without weights: every metric of every lane, split and epoch."""
    rng = np.random.default_rng([*lanes[0].recipe.hidden, lanes[0].recipe.seed])
    histories, rows = [], []
    for lane in lanes:
        recipe = lane.recipe
        history = _history(recipe, rng).assign(lane=lane.id)
        facts = {"n_train": recipe.n_train, "n_validation": recipe.n_validation}
        facts |= {"n_test": 10_000, "parameters": 1000}
        rows.append(summary_row(lane.id, "made up", recipe, history, facts))
        histories.append(history)
    epochs = _epochs(lanes[0].recipe)
    timing = pd.DataFrame(
        {
            "lane": np.repeat([lane.id for lane in lanes], len(epochs)),
            "epoch": np.tile(epochs, len(lanes)),
            "lanes_in_stack": len(lanes),
            "train_seconds": 1.0,
            "evaluation_seconds": 0.1,
        }
    )
    record = {
        **environment(),
        **{"device": "cpu", "threads": 1, "seconds": 1.0, "arithmetic": "made up"},
        "training_version": TRAINING_VERSION,
        "seeds": {lane.id: lane.recipe.seed for lane in lanes},
        "data": {"dataset": lanes[0].recipe.dataset, "sha256": "0" * 64, "split_seed": 0},
    }
    columns = ["lane", "epoch", "step", "split", "metric", "value"]
    history = pd.concat(histories, ignore_index=True)[columns]
    return merge([CellResults(history, pd.DataFrame(rows), timing, {}, record)])


def _epochs(recipe: Recipe) -> list[int]:
    last = recipe.total_epochs
    return sorted({*range(recipe.evaluate_every, last + 1, recipe.evaluate_every), last})


def _history(recipe: Recipe, rng: np.random.Generator) -> pd.DataFrame:
    epochs = _epochs(recipe)
    parts = []
    for split in ("train", *(["validation"] if recipe.n_validation else []), "test"):
        shown = np.array(epochs if split != "test" or "test" in recipe.probes else epochs[-1:])
        for metric in metrics_of(recipe, split):
            values = {"epoch": shown, "step": shown * recipe.steps_per_epoch}
            values["value"] = 0.5 + 0.1 * rng.random(len(shown))
            parts.append(pd.DataFrame(values).assign(split=split, metric=metric))
    return pd.concat(parts)
