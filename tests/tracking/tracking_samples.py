"""Results, studies and a store for the tests of tracking."""

from __future__ import annotations

import numpy as np
import pandas as pd

from restudy.config.recipe import Recipe
from restudy.results import group_files
from restudy.results.group_files import GroupResults, summary_row
from restudy.tracking.store import (
    artifact_root,
    ensure_experiment,
    open_client,
    prepare,
    tracking_uri,
)

GROUP = "mnist-8-plain-b64-2e-0123456789"


def recipe(seed, **fields):
    return Recipe(
        dataset="mnist", hidden=[8], learning_rate=0.1, batch_size=64, epochs=2, seed=seed, **fields
    )


def make_group(runs=("s0-a", "s1-b"), digest="d1", epochs=2, diverged=(), weights=True):
    """Results of a group whose numbers are made up: accuracies 0.1 * epoch + 0.01 * place."""
    histories, rows, times = [], [], []
    for place, run in enumerate(runs):
        history = []
        for epoch in range(1, epochs + 1):
            for split in ("train", "validation", *(["test"] if epoch == epochs else [])):
                loss = np.nan if run in diverged else 1 / epoch
                history += [
                    (run, epoch, 10 * epoch, split, "data_loss", loss),
                    (run, epoch, 10 * epoch, split, "accuracy", 0.1 * epoch + 0.01 * place),
                ]
            history.append((run, epoch, 10 * epoch, "train", "penalty", 0.0))
            times.append((run, epoch, len(runs), 2.0, 1.0))
        columns = ["run", "epoch", "step", "split", "metric", "value"]
        histories.append(pd.DataFrame(history, columns=columns))
        facts = {"n_train": 100, "n_validation": 10, "n_test": 20, "parameters": 7}
        rows.append(summary_row(run, digest, recipe(place), histories[-1], facts))
    columns = ["run", "epoch", "runs_in_stack", "train_seconds", "evaluation_seconds"]
    group = GroupResults(
        pd.concat(histories),
        pd.DataFrame(rows),
        pd.DataFrame(times, columns=columns),
        {run: {"layers.0.weight": np.ones((2, 3), "float32")} for run in runs if weights},
        {
            "data": {"dataset": "mnist", "sha256": "ab" * 32, "split_seed": 0},
            "seeds": {run: place for place, run in enumerate(runs)},
            "git_commit": "c" * 40,
            "git_dirty": True,
        },
    )
    return group_files.merge([group])


def make_study(name="norms", runs=("s0-a", "s1-b"), group=GROUP, levels=("none", "batch")):
    """A study with the first run at the first level, the others at the second."""
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
            {"group": group, "run": run, "levels": {"norm": levels[min(i, 1)], "dataset": "mnist"}}
            for i, run in enumerate(runs)
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

    def all_runs(self, name="norms"):
        return self.client.search_runs([self.experiment(name)])

    def runs(self, name="norms"):
        """Run -> its MLflow runs."""
        found = {}
        for mlflow_run in self.all_runs(name):
            if "restudy.run" in mlflow_run.data.tags:
                found.setdefault(mlflow_run.data.tags["restudy.run"], []).append(mlflow_run)
        return found

    def parents(self, name="norms"):
        return [
            mlflow_run
            for mlflow_run in self.all_runs(name)
            if mlflow_run.data.tags["restudy.kind"] == "group"
        ]
