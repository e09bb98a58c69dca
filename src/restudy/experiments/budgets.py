"""Do 200 full-batch steps rank architectures as longer training does?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.stats import rankdata
from torch import Tensor

from restudy.datasets.load import PreparedData
from restudy.experiments.samples import draw, scaled
from restudy.experiments.stacks import (
    Optimiser,
    accuracy,
    batches,
    cross_entropy,
    he_layers,
    outputs,
    pick,
    samples,
)
from restudy.lanes.streams import generator

SEEDS = 8
MODELS: Mapping[str, list[int]] = {"softmax": [], "A": [64], "B": [64, 32]}
"""S4's, with 64 units in place of 300 and 32 in place of 100."""
_SAMPLES, _TEST = 500, 5000
_CLASSES = 10
_RATE = 0.001


class Budget(NamedTuple):
    """How long a network is trained: batches of ``size`` samples, ``steps`` of them."""

    size: int
    steps: int


BUDGETS: Mapping[str, Budget] = {
    "200 full-batch steps": Budget(_SAMPLES, 200),
    "40 epochs of mini-batches": Budget(50, 400),
}


def budgets(data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Train three architectures with Adam on 500 images; rank them by their test accuracy.

    Rank 1 is the best of a seed's three, equals share the mean of their ranks. Both budgets start
    from the same weights.
    """
    rows = []
    parts = [
        scaled(draw(data["fashion_mnist"], generator(seed, "budgets: samples"), _SAMPLES, _TEST))
        for seed in range(SEEDS)
    ]
    x, y = samples([part.train for part in parts])
    tx, ty = samples([part.test for part in parts])
    for name, budget in BUDGETS.items():
        found = np.array([_tested(hidden, budget, (x, y), (tx, ty)) for hidden in MODELS.values()])
        ranks = rankdata(-found, axis=0)
        rows += [
            {
                "model": model,
                "budget": name,
                "seed": seed,
                "test_accuracy": float(found[i, seed]),
                "rank": float(ranks[i, seed]),
            }
            for i, model in enumerate(MODELS)
            for seed in range(SEEDS)
        ]
    return pd.DataFrame(rows)


def _tested(
    hidden: list[int], budget: Budget, train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]
) -> np.ndarray:
    """Return the test accuracy of an architecture at each seed, shape (seeds,)."""
    x, y = train
    seeds = range(len(x))
    randoms = [generator(seed, "budgets: weights") for seed in seeds]
    layers = he_layers([x.shape[-1], *hidden, _CLASSES], randoms)
    optimiser = Optimiser("adam", layers, [_RATE] * len(x))
    orders = [generator(seed, "budgets: batches") for seed in seeds]
    for batch in batches(orders, x.shape[1], budget.size, budget.steps):
        optimiser.step(cross_entropy(outputs(layers, pick(x, batch)), pick(y, batch)))
    with torch.no_grad():
        return accuracy(outputs(layers, test[0]), test[1]).numpy()
