"""Batch norm as S4 describes it, with learned numbers for the mean and deviation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments import torch_nets
from experiments.torch_nets import accuracy, tensors, train
from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.training.rng import generator

EPS = 1e-5
WEIGHTS = ("0.01", "0.1", "1")
"""Standard deviation of the initial weights; fan-in would have 0.18 for 64 units."""
_HIDDEN = 3 * [64]


class LearnedStatistics(nn.Module):
    """(x - beta) / (gamma + eps) with learned beta and gamma, which start at 0 and 1 (S4, Part C).

    Attributes:
        gamma, beta: shape (units,).
    """

    def __init__(self, units: int) -> None:
        """Start with the identity, but for epsilon."""
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(units))
        self.beta = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor) -> Tensor:
        """Return what stands in the place of normalised values, shape of x."""
        return (x - self.beta) / (self.gamma + EPS)


NORMS = {"learned": LearnedStatistics, "batch": nn.BatchNorm1d}
"""Level -> layer, from a number of units."""


@Experiment(
    name="learned-statistics",
    title="Batch norm, or learned numbers in the place of the batch's mean and deviation",
    factors={"norm": NORMS, "weights": WEIGHTS},
    numbers={
        "unit_sd": "standard deviation of a normalised unit over the samples, before training",
        "test_accuracy": "share of 5,000 test samples",
    },
    datasets=("mnist",),
)
def learned_statistics(data: Data) -> Rows:
    """Train networks of three hidden layers from initial weights of three sizes.

    The rate is the same for all. A network whose outputs are no numbers any more guesses.
    """
    for seed in range(SEEDS):
        parts = scaled(draw(data["mnist"], generator(seed, "learned statistics"), 1000, 5000))
        for weights in WEIGHTS:
            for norm in NORMS:
                model = network(parts.train.x.shape[1], norm, float(weights), seed)
                before = unit_sd(model, parts.train)
                optimiser = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
                order = generator(seed, "learned statistics: batches")
                train(model, parts.train, optimiser, epochs=5, batch_size=50, random=order)
                yield norm, weights, seed, before, accuracy(model, parts.test)


def network(inputs: int, norm: str, sd: float, seed: int) -> nn.Sequential:
    """Return a ReLU network with a norm before each ReLU."""
    random = generator(seed, "learned statistics: weights")
    return torch_nets.network(
        [inputs, *_HIDDEN, 10], random, lambda units: [NORMS[norm](units), nn.ReLU()], sd=sd
    )


def unit_sd(model: nn.Sequential, part: Part) -> float:
    """Return the standard deviation of the last norm's outputs over samples, mean of its units.

    In training mode; the running averages of batch norm are moved by it, and put back.
    """
    state = {name: value.clone() for name, value in model.state_dict().items()}
    x, _ = tensors(part)
    model.train()
    with torch.no_grad():
        found = model[:-2](x).std(0, correction=0).mean()
    model.load_state_dict(state)
    return float(found)
