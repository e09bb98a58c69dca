"""Results, studies and a store for the tests of tracking."""

from __future__ import annotations

import numpy as np
import pandas as pd

from restudy.config.recipe import Recipe
from restudy.results import group_files
from restudy.results.group_files import CellResults, summary_row
from restudy.tracking.store import (
    artifact_root,
    ensure_experiment,
    open_client,
    prepare,
    tracking_uri,
)

CELL = "mnist-8-plain-b64-2e-0123456789"


def recipe(seed, **fields):
    return Recipe(
        dataset="mnist", hidden=[8], learning_rate=0.1, batch_size=64, epochs=2, seed=seed, **fields
    )


def make_cell(lanes=("s0-a", "s1-b"), digest="d1", epochs=2, diverged=(), weights=True):
    """Results of a cell whose numbers are made up: accuracies 0.1 * epoch + 0.01 * place."""
    histories, rows, times = [], [], []
    for place, lane in enumerate(lanes):
        history = []
        for epoch in range(1, epochs + 1):
            for split in ("train", "validation", *(["test"] if epoch == epochs else [])):
                loss = np.nan if lane in diverged else 1 / epoch
                history += [
                    (lane, epoch, 10 * epoch, split, "data_loss", loss),
                    (lane, epoch, 10 * epoch, split, "accuracy", 0.1 * epoch + 0.01 * place),
                ]
            history.append((lane, epoch, 10 * epoch, "train", "penalty", 0.0))
            times.append((lane, epoch, len(lanes), 2.0, 1.0))
        columns = ["lane", "epoch", "step", "split", "metric", "value"]
        histories.append(pd.DataFrame(history, columns=columns))
        facts = {"n_train": 100, "n_validation": 10, "n_test": 20, "parameters": 7}
        rows.append(summary_row(lane, digest, recipe(place), histories[-1], facts))
    columns = ["lane", "epoch", "lanes_in_stack", "train_seconds", "evaluation_seconds"]
    cell = CellResults(
        pd.concat(histories),
        pd.DataFrame(rows),
        pd.DataFrame(times, columns=columns),
        {lane: {"layers.0.weight": np.ones((2, 3), "float32")} for lane in lanes if weights},
        {
            "data": {"dataset": "mnist", "sha256": "ab" * 32, "split_seed": 0},
            "seeds": {lane: place for place, lane in enumerate(lanes)},
            "git_commit": "c" * 40,
            "git_dirty": True,
        },
    )
    return group_files.merge([cell])


def make_study(name="norms", lanes=("s0-a", "s1-b"), cell=CELL, levels=("none", "batch")):
    """A study with the first lane at the first level, the others at the second."""
    return {
        "name": name,
        "title": "A title",
        "question": "A question?",
        "scale": "quick",
        "factors": {"norm": list(levels), "dataset": ["mnist"]},
        "reductions": [{"field": "seeds", "full": 10, "reduced": 2}],
        "datasets": ["mnist"],
        "keep_weights": True,
        "runs": [
            {"cell": cell, "lane": lane, "levels": {"norm": levels[min(i, 1)], "dataset": "mnist"}}
            for i, lane in enumerate(lanes)
        ],
    }


class Store:
    """A store with experiments, and short ways to look into it."""

    def __init__(self, results):
        self.results = results
        self.uri = tracking_uri(None, results)
        self.artifacts = artifact_root(self.uri, results)

    def prepare(self, *studies):
        assert prepare(self.uri) is None
        self.client = open_client(self.uri)
        for study in studies:
            ensure_experiment(self.client, self.artifacts, study)
        return self

    def experiment(self, name="norms"):
        return self.client.get_experiment_by_name(name).experiment_id

    def runs(self, name="norms"):
        return self.client.search_runs([self.experiment(name)])

    def lanes(self, name="norms"):
        """Lane -> its runs."""
        found = {}
        for run in self.runs(name):
            if "restudy.lane" in run.data.tags:
                found.setdefault(run.data.tags["restudy.lane"], []).append(run)
        return found

    def parents(self, name="norms"):
        return [run for run in self.runs(name) if run.data.tags["restudy.kind"] == "cell"]
