"""What weight decay makes of each weight: within Adam, within plain descent, and beside Adam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from experiments.torch_nets import network, tensors
from restudy.data.load import Part
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

SEEDS = 6
STEPS = 200
DECILES = 10
SMALL = 0.01
"""A weight this small, in units of the root mean square of a layer's without decay, is removed."""
_SAMPLES = 500
_HIDDEN = [32, 16]
_WEIGHT_SCALE = 0.05  # S4's
_STRENGTH = 2e-3
"""S4's penalty, 0.001 sum w^2, has the gradient 0.002 w."""


class Rule(NamedTuple):
    """A way to train, and what decay adds to it.

    Attributes:
        make: optimiser of parameters, with weight decay of a strength.
        strength: of the decay.
    """

    make: Callable[[list[torch.nn.Parameter], float], torch.optim.Optimizer]
    strength: float


RULES: Mapping[str, Rule] = {
    "in Adam": Rule(lambda w, a: torch.optim.Adam(w, 0.001, weight_decay=a), _STRENGTH),
    "in plain descent": Rule(lambda w, a: torch.optim.SGD(w, 0.5, weight_decay=a), _STRENGTH),
    "beside Adam": Rule(lambda w, a: torch.optim.AdamW(w, 0.001, weight_decay=a), 1.0),
}
"""The last two take a thousandth off a weight at each step, whatever the data say."""


@Experiment(
    name="decay-rules",
    title="What L2 makes of each weight: in Adam, in plain descent, or as decay beside Adam",
    factors={"decay": RULES},
    numbers={
        "ratio": "sum |w with decay| / sum |w without|, of all weights",
        "decile_spread": "the same in each decile of the weights' size: largest minus smallest",
        "removed": "rise of the share of weights below 1% of their layer's root mean square",
    },
    datasets=("fashion_mnist",),
    seeds=SEEDS,
)
def decay_rules(data: Data) -> Rows:
    """Train 784-32-16-10 networks on 500 images, 200 full-batch steps, with decay and without.

    As in S4, but for the sizes and a bias for each unit; biases do not decay. Both networks of a
    pair start from the same weights.
    """
    for seed in range(SEEDS):
        random = generator(seed, "decay rules: samples")
        train = scaled(draw(data["fashion_mnist"], random, _SAMPLES)).train
        for name, rule in RULES.items():
            plain, shrunk = (trained(train, rule, a, seed) for a in (0.0, rule.strength))
            ratios = decile_ratios(
                *(np.concatenate([w.ravel() for w in some]) for some in (plain, shrunk))
            )
            size = sum(float(np.abs(w).sum()) for w in plain)
            left = sum(float(np.abs(w).sum()) for w in shrunk) / size
            yield name, seed, left, ratios.max() - ratios.min(), removed(plain, shrunk)


def trained(train: Part, rule: Rule, strength: float, seed: int) -> list[Array]:
    """Return the weight matrices of a network after training, float64."""
    widths, random = [train.x.shape[1], *_HIDDEN, 10], generator(seed, "decay rules: weights")
    model = network(widths, random, sd=_WEIGHT_SCALE, dtype=np.float32)
    matrices = [w for w in model.parameters() if w.dim() == 2]
    biases = [w for w in model.parameters() if w.dim() == 1]
    optimisers = [rule.make(matrices, strength), rule.make(biases, 0.0)]
    x, y = tensors(train)
    for _ in range(STEPS):
        model.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(model(x), y))
        for optimiser in optimisers:
            optimiser.step()
    return [w.detach().double().numpy() for w in matrices]


def decile_ratios(plain: Array, shrunk: Array) -> Array:
    """Return sum |w with decay| / sum |w without| in each decile of their size, smallest first.

    The size is |w without| + |w with|. By one of the two alone, those that happen to be small in it
    would be larger in the other, whatever decay does.

    Args:
        plain: weights without decay, shape (n,).
        shrunk: the same weights with it.
    """
    order = np.argsort(np.abs(plain) + np.abs(shrunk), kind="stable")
    parts = np.array_split(order, DECILES)
    return np.array([np.abs(shrunk[part]).sum() / np.abs(plain[part]).sum() for part in parts])


def removed(plain: list[Array], shrunk: list[Array]) -> float:
    """Return by how much decay raises the share of weights that are as good as 0."""
    rises, total = 0.0, sum(w.size for w in plain)
    for w, v in zip(plain, shrunk, strict=True):
        limit = SMALL * np.sqrt(np.mean(w**2))
        rises += float(np.sum(np.abs(v) < limit)) - float(np.sum(np.abs(w) < limit))
    return rises / total
