"""Tables of small made-up studies."""

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd

LEVELS = {
    "dataset": ["mnist", "fashion_mnist"],
    "hidden": ["32", "32-32"],
    "norm": ["none", "batch"],
    "batch_size": ["16", "full"],
    "regularisation": ["none", "L1", "L2", "elastic", "dropout"],
}
METRICS = ("data_loss", "accuracy", "rmse", "r2")


class Tables(NamedTuple):
    runs: pd.DataFrame
    history: pd.DataFrame
    timing: pd.DataFrame


def made_up(levels: dict[str, list[str]], seeds: int = 3, epochs: int = 2) -> Tables:
    """Return the tables of a study whose metrics are drawn at random."""
    rng = np.random.default_rng(0)
    combinations = itertools.product(*levels.values(), range(seeds))
    runs = pd.DataFrame(combinations, columns=[*levels, "seed"])
    for name, labels in levels.items():
        runs[name] = pd.Categorical(runs[name], categories=labels, ordered=True)
    runs["group"], runs["run"] = "group", [f"run-{i}" for i in runs.index]
    keys = [*levels, "group", "run"]
    history = pd.concat(
        runs[keys].assign(epoch=epoch, split=split, metric=metric, value=rng.random(len(runs)))
        for epoch in range(1, epochs + 1)
        for split in ("train", "validation", "test")[: 2 + (epoch == epochs)]
        for metric in METRICS
    )
    for split, metric in itertools.product(("train", "validation", "test"), METRICS):
        last = history.query("epoch == @epochs and split == @split and metric == @metric")
        runs[f"{split}_{metric}"] = last["value"].to_numpy()
    timing = pd.concat(
        runs[keys].assign(epoch=epoch, runs_in_stack=len(runs), train_seconds=float(epoch))
        for epoch in range(1, epochs + 1)
    ).assign(evaluation_seconds=0.5)
    runs = runs.assign(
        study="made-up", status="finished", n_train=100, n_validation=50, n_test=100, penalty=0.0
    )
    return Tables(runs, history, timing)


def diverge(runs: pd.DataFrame, which: pd.Series) -> pd.DataFrame:
    """Return ``runs`` with some of them diverged."""
    runs = runs.copy()
    runs.loc[which, [name for name in runs if name.endswith(METRICS)]] = np.nan
    runs.loc[which, "status"] = "diverged"
    return runs
