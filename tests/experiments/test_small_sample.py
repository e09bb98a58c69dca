"""A thousand weights and ten houses, against torch's own network and optimiser."""

import math

import numpy as np
import pytest
import torch

from experiments import small_sample as module
from restudy.experiments.samples import draw, scaled
from restudy.training.rng import generator
from tests.experiments.tables import tabulate

from ..recipes import houses


@pytest.fixture(scope="module")
def table():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SEEDS", 1)
        made = tabulate(module.short_of_data, {"california_housing": houses(rows=1500)})
    return made.set_index(["samples", "remedy"])


@pytest.mark.parametrize("remedy", ["none", "L2"])
def test_errors_are_those_of_torch(table, remedy):
    """With S1's L2, half of lambda times the sum of squares of all weights but the biases."""
    random = generator(0, "short of data: samples")
    parts = scaled(draw(houses(rows=1500), random, 10), "standard", "standard")
    weights = generator(0, "short of data: weights")
    network = torch.nn.Sequential(
        torch.nn.Linear(8, 100), torch.nn.ReLU(), torch.nn.Linear(100, 1)
    ).double()
    assert sum(p.numel() for p in network.parameters()) == 1001
    with torch.no_grad():
        for layer in (network[0], network[2]):
            drawn = 0.1 * weights.standard_normal(layer.weight.T.shape)
            layer.weight.copy_(torch.tensor(drawn.T))
            layer.bias.zero_()
    decay = {"none": 0.0, "L2": 0.1}[remedy]
    groups = [
        {"params": [layer.weight for layer in (network[0], network[2])], "weight_decay": decay},
        {"params": [layer.bias for layer in (network[0], network[2])]},
    ]
    optimiser = torch.optim.SGD(groups, lr=0.05, momentum=0.9)

    def error(part):
        found = network(torch.tensor(part.x, dtype=torch.double))[:, 0]
        return ((found - torch.tensor(part.y, dtype=torch.double)) ** 2).mean()

    for _ in range(400):
        optimiser.zero_grad()
        error(parts.train).backward()
        optimiser.step()
    for name, part in (("train_rmse", parts.train), ("test_rmse", parts.test)):
        expected = math.sqrt(error(part).item()) * parts.target_sd
        assert table.loc[("10", remedy), name] == pytest.approx(expected, rel=0.01, abs=1e-4)


def test_the_gap_is_the_difference_and_every_number_is_there(table):
    assert np.allclose(table["gap"], table["test_rmse"] - table["train_rmse"])
    assert np.isfinite(table.drop(columns="seed").to_numpy()).all()
    assert len(table) == 9
