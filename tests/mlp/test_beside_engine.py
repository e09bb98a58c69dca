"""The network by hand and a run of the stacked network are one network."""

import numpy as np
import pytest
import torch

from restudy.mlp.network import FullyConnectedNet
from restudy.mlp.optimisers import OPTIMISERS
from restudy.training.network import StackedNetwork
from restudy.training.optimisers import make_optimiser
from tests.recipes import HOUSES, recipe
from tests.training.test_exact import take_step

NAMES = {"weight": "W", "bias": "b"}, {"weight": "gamma", "bias": "beta"}
STATISTICS = {"running_mean": "mean", "running_var": "var"}


def as_ours(state):
    """A run's state under the names, and in the shapes, of the network by hand."""
    found = {}
    for name, tensor in state.items():
        kind, layer, which = name.split(".")
        names = NAMES[kind == "norm"] | STATISTICS
        found[f"{names[which]}{int(layer) + 1}"] = tensor.numpy().T
    return found


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "dampened_momentum", "nesterov"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"norm": "batch", "activation": "tanh", "lambda1": 1e-3},
        {"activation": "sigmoid", "lambda1": 1e-3, "lambda2": 1e-2, "l2_convention": "lambda"},
        {**HOUSES, "norm": "batch", "lambda2": 1e-2},
    ],
)
def test_both_train_alike(fields, optimiser):
    made = recipe(optimiser=optimiser, momentum=0.8, learning_rate=0.05, **fields)
    outputs = 1 if made.loss == "mse" else 4
    stacked = StackedNetwork([made], 3, outputs, torch.float64)
    learner = make_optimiser(stacked, [made])
    random = np.random.default_rng(0)
    mine = FullyConnectedNet(
        3,
        made.hidden,
        outputs,
        init_scale=1.0,
        random=random,
        loss=made.loss,
        activation=made.activation,
        penalty="elastic_net",
        lambda1=made.lambda1,
        lambda2=made.lambda2 / (2 if made.l2_convention == "lambda_over_2" else 1),
        batch_norm=made.norm == "batch",
    )
    mine.load_state(as_ours(stacked.run_state(0)))
    velocity = {name: np.zeros_like(w) for name, w in mine.params.items()}
    learner.start_epoch(0)
    for _ in range(20):
        x = random.standard_normal((8, 3))
        y = random.standard_normal(8) if outputs == 1 else random.integers(0, 4, 8)
        take_step(stacked, learner, torch.from_numpy(x)[None], torch.from_numpy(y)[None], made.loss)
        for name, g in mine.loss_and_gradients(x, y)[1].items():
            mine.params[name], velocity[name] = OPTIMISERS[optimiser](
                mine.params[name], g, velocity[name], made.learning_rate, made.momentum
            )
    theirs = as_ours(stacked.run_state(0))
    assert theirs.keys() == mine.state().keys()
    for name, array in mine.state().items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-9, atol=1e-10)
