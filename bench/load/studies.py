"""Studies with many cells, as their files would hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.workspace import NAME
from restudy.config.recipe import Recipe
from restudy.config.run_ids import Lane, cell_id, lane_id

_BATCHES = (8, 16, 20, 32, 40, 50, 64, 100, 128, 200)
_EPOCHS = 4
EACH = len(_BATCHES) * _EPOCHS
"""Cells of one architecture."""


def many_cells(cells: int, *, long: bool, seeds: int = 1) -> dict[str, Any]:
    """Return a study of architectures, batch sizes and epochs, each combination a cell.

    Args:
        cells: how many; a multiple of ``EACH``.
        long: most cells take long enough for a job of their own; otherwise they share jobs.
        seeds: runs of each cell.
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
            "hidden": [[16 + 8 * i] for i in range(cells // EACH)],
            "batch_size": list(_BATCHES),
            "epochs": list(range(first, first + _EPOCHS)),
        },
        "seeds": seeds,
    }


def seeds(number: int, **fields: Any) -> list[Lane]:
    """Return the lanes of a cell: a recipe with as many seeds."""
    recipes = [Recipe(**fields, seed=seed) for seed in range(number)]
    return [Lane(lane_id(recipe), recipe) for recipe in recipes]


def tracked(name: str, cells: Mapping[str, Sequence[Lane]], **others: Any) -> dict[str, Any]:
    """Return the description of a study of several widths, in the form that tracking takes.

    Args:
        name: of the study.
        cells: width -> the lanes of its cell.
        others: further keys.
    """
    return {
        "name": name,
        "title": name,
        "question": "Does the store keep up?",
        "scale": "full",
        "factors": {"width": list(cells), "dataset": ["mnist"]},
        "reductions": [],
        "datasets": ["mnist"],
        "keep_weights": False,
        "results": "results",
        "runs": [
            {
                "cell": cell_id(lane.recipe),
                "lane": lane.id,
                "levels": {"width": width, "dataset": "mnist"},
            }
            for width, lanes in cells.items()
            for lane in lanes
        ],
        **others,
    }
