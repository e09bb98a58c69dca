"""What a run is called: ids of runs and groups, and labels of levels.

Ids are digests of what a run *is*: of the fields that differ from their default, so that neither a
new study nor a new field with a default changes an id that is there already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from restudy.common.digests import digest
from restudy.config.recipe import PER_RUN_FIELDS, Recipe
from restudy.data.registry import DATASETS

_SHORT_NORMS = {"none": "plain", "batch": "bn", "layer": "ln"}
# Of the digests that ids end in.
_DIGITS = 10


@dataclass(frozen=True)
class RunSpec:
    """One run inside a group.

    Attributes:
        id: seed and digest of the recipe, such as ``s3-0f1e2d3c4b``.
        recipe: the run's full recipe, seed included.
    """

    id: str
    recipe: Recipe


def group_id(recipe: Recipe) -> str:
    """Return the id of the group that ``recipe`` belongs to, readable but for the digest."""
    shared = {k: v for k, v in recipe.differences().items() if k not in PER_RUN_FIELDS}
    parts = [
        DATASETS[recipe.dataset].short_name or recipe.dataset,
        "x".join(map(str, recipe.hidden)) or "linear",
        _SHORT_NORMS[recipe.norm],
        f"b{recipe.batch_size}",
        f"{recipe.epochs}e" if recipe.epochs else f"{recipe.steps}s",
        digest(shared, _DIGITS),
    ]
    return "-".join(parts)


def run_id(recipe: Recipe) -> str:
    """Return the id of the run that ``recipe`` (seed included) describes."""
    return f"s{recipe.seed}-{digest(recipe.differences(), _DIGITS)}"


def to_flat_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe's fields as tables and MLflow have them: lists as text."""
    return {
        **recipe.model_dump(),
        "hidden": label(recipe.hidden),
        "batch_size": label(recipe.batch_size),
        "diagnostics": ", ".join(recipe.diagnostics) or "none",
    }


def label(level: Any) -> str:
    """Return a level as it is written in tables: ``512-256`` for widths, ``linear`` for none."""
    if isinstance(level, list):
        return "-".join(map(str, level)) or "linear"
    return "all" if level is None else str(level)
