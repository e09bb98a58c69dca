"""A batch of all samples is taken in blocks of rows, to the same numbers as at once."""

import pandas as pd
import pytest
import torch

from restudy.training.batches import Part, TensorData
from restudy.training.stack import Stack
from restudy.training.train_stacks import train_runs
from tests.recipes import images, recipe, run
from tests.training.alone import Alone, objective, optimiser

ROWS = 1200  # two whole blocks and a part of one
INPUTS, CLASSES, STEPS = 6, 10, 8


def made_up():
    random = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, INPUTS, dtype=torch.float64, generator=random)
    y = torch.randint(CLASSES, (ROWS,), generator=random)
    part = Part(x, y)
    return TensorData(part, part, part, 1.0)


@pytest.mark.parametrize(
    "fields",
    [
        {"optimiser": "sgd"},
        {"optimiser": "momentum", "lambda1": 1e-3, "lambda2": 1e-2},
        {"optimiser": "nesterov", "lambda2": 1e-2, "l2_convention": "lambda"},
        {"optimiser": "dampened_momentum", "norm": "layer"},
        {"optimiser": "adam", "adam_eps": 1e-2, "bias": "shared", "lambda1": 1e-3},
        {"optimiser": "momentum", "norm": "batch"},
        {"optimiser": "adam", "adam_eps": 1e-2, "norm": "batch", "norm_position": "after"},
    ],
    ids=lambda fields: "-".join(map(str, fields.values())),
)
def test_full_batch_equals_torch_on_all_rows_at_once(fields):
    recipes = [
        recipe(
            train_samples=ROWS,
            batch_size="full",
            epochs=None,
            steps=STEPS,
            seed=seed,
            learning_rate=0.05 * (seed + 1),
            learning_rate_decay=0.9,
            diagnostics=["batch_loss"],
            **fields,
        )
        for seed in range(2)
    ]
    data = made_up()
    stack = Stack(recipes, data, CLASSES)
    alone = [
        Alone(r, INPUTS, CLASSES, stack.network.run_state(i), torch.float64)
        for i, r in enumerate(recipes)
    ]
    steps = [optimiser(r, n.parameters()) for r, n in zip(recipes, alone, strict=True)]
    for step in range(STEPS):
        stack.start_epoch(step)
        for block in stack.batches:
            stack.train(block)
        for i, (r, network) in enumerate(zip(recipes, alone, strict=True)):
            for group in steps[i].param_groups:
                group["lr"] = r.learning_rate * 0.9**step
            steps[i].zero_grad()
            outputs = network(data.train.x)
            loss = torch.nn.functional.cross_entropy(outputs, data.train.y)
            assert stack.losses[-1][i].item() == pytest.approx(loss.item(), rel=1e-10)
            objective(r, network, outputs, data.train.y).backward()
            steps[i].step()
    assert stack.steps_done == STEPS
    for i, network in enumerate(alone):
        for name, value in stack.network.run_state(i).items():
            reference = network.state_dict()[name]
            gap = (value - reference).abs().max() / reference.abs().max().clamp(min=1e-3)
            assert gap < 1e-10, name


@pytest.mark.parametrize("optimiser_", ["momentum", "nesterov", "adam"])
def test_a_run_of_full_batches_does_not_depend_on_its_neighbours(optimiser_):
    runs = [
        run(
            batch_size="full",
            epochs=3,
            train_samples=700,
            seed=seed,
            learning_rate=0.01 * (seed + 1),
            momentum=0.5 + 0.1 * seed,
            dropout=0.2 * (seed == 2),
            optimiser=optimiser_,
        )
        for seed in range(3)
    ]
    data = images(720)
    digests = {one.id: "d" for one in runs}
    together = train_runs(runs, data, digests=digests)
    apart = train_runs(runs, data, digests=digests, stack=1)
    pd.testing.assert_frame_equal(together.history, apart.history, check_exact=True)
