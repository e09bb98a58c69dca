"""Results of cells that were never trained: files of the right shape with made-up numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from restudy.config.recipe import Recipe
from restudy.config.run_ids import Lane
from restudy.evidence.metric_selectors import metrics_of
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.provenance.versions import environment
from restudy.results.group_files import CellResults, merge, summary_row

_FACTS = {"n_test": 10_000, "parameters": 1000}


def made_up(lanes: Sequence[Lane]) -> CellResults:
    """Return results of a cell, without weights: every metric of every lane, split and epoch."""
    rng = np.random.default_rng([*lanes[0].recipe.hidden, lanes[0].recipe.seed])
    histories, rows = [], []
    for lane in lanes:
        recipe = lane.recipe
        history = _history(recipe, rng).assign(lane=lane.id)
        facts = _FACTS | {"n_train": recipe.n_train, "n_validation": recipe.n_validation}
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
        shown = epochs if split != "test" or "test" in recipe.probes else epochs[-1:]
        for metric in metrics_of(recipe, split):
            values = {
                "epoch": shown,
                "step": [each * recipe.steps_per_epoch for each in shown],
                "value": 0.5 + 0.1 * rng.random(len(shown)),
            }
            parts.append(pd.DataFrame(values).assign(split=split, metric=metric))
    return pd.concat(parts)
