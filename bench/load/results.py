"""Results of cells that were never trained: files of the right shape with made-up numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from restudy import results
from restudy.config.identity import as_told
from restudy.config.recipe import Recipe
from restudy.evidence.readings import metrics_of
from restudy.lanes.version import TRAINING_VERSION
from restudy.plan import Cell
from restudy.provenance import environment
from restudy.results import CellResults

_TEST = 10_000
_RECORD = {"device": "cpu", "threads": 1, "seconds": 1.0, "arithmetic": "made up"}


def write(cell: Cell, folder: Path) -> None:
    """Write the files of a cell, without weights, into a folder of its name."""
    recipes = [lane.recipe for lane in cell.lanes]
    lanes = [lane.id for lane in cell.lanes]
    history = _history(lanes, recipes)
    summary = _summary(lanes, recipes, history)
    epochs = np.tile(_epochs(recipes[0]), len(lanes))
    timing = pd.DataFrame(
        {
            "lane": np.repeat(lanes, len(_epochs(recipes[0]))),
            "epoch": epochs,
            "lanes_in_stack": len(lanes),
            "train_seconds": 1.0,
            "evaluation_seconds": 0.1,
        }
    )
    record = {
        **environment(),
        **_RECORD,
        "training_version": TRAINING_VERSION,
        "seeds": {lane.id: lane.recipe.seed for lane in cell.lanes},
        "data": {"dataset": recipes[0].dataset, "sha256": "0" * 64, "split_seed": 0},
    }
    made = CellResults(history, summary, timing, {}, record)
    results.write(results.merge([made]), folder / cell.id)


def _epochs(recipe: Recipe) -> list[int]:
    last = recipe.total_epochs
    return sorted({*range(recipe.evaluate_every, last + 1, recipe.evaluate_every), last})


def _history(lanes: Sequence[str], recipes: Sequence[Recipe]) -> pd.DataFrame:
    """Return every metric of every lane, split and epoch, drawn at random."""
    rng = np.random.default_rng(recipes[0].seed)
    parts = []
    for lane, recipe in zip(lanes, recipes, strict=True):
        epochs = _epochs(recipe)
        for split in ("train", *(["validation"] if recipe.n_validation else []), "test"):
            shown = epochs if split != "test" or "test" in recipe.probes else epochs[-1:]
            for metric in metrics_of(recipe, split):
                parts.append(
                    pd.DataFrame(
                        {
                            "epoch": shown,
                            "step": [each * recipe.steps_per_epoch for each in shown],
                            "value": 0.5 + 0.1 * rng.random(len(shown)),
                        }
                    ).assign(lane=lane, split=split, metric=metric)
                )
    columns = ["lane", "epoch", "step", "split", "metric", "value"]
    return pd.concat(parts, ignore_index=True)[columns]


def _summary(
    lanes: Sequence[str], recipes: Sequence[Recipe], history: pd.DataFrame
) -> pd.DataFrame:
    last = history[history["epoch"] == history["epoch"].max()]
    names = last["split"] + "_" + last["metric"]
    names = names.mask(last["metric"] == "penalty", "penalty")
    metrics = last.assign(name=names).pivot_table(index="lane", columns="name", values="value")
    rows = [
        {
            "lane": lane,
            "digest": "made up",
            **as_told(recipe),
            "n_train": recipe.n_train,
            "n_validation": recipe.n_validation,
            "n_test": _TEST,
            "parameters": 1000,
            "epochs_done": recipe.total_epochs,
            "steps_done": recipe.total_steps,
            "status": "finished",
            "diverged_epoch": None,
        }
        for lane, recipe in zip(lanes, recipes, strict=True)
    ]
    return pd.DataFrame(rows).merge(metrics.reset_index(), on="lane")
