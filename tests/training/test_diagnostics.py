"""Probes: that they change nothing, in any company; and those that do as the sources do.

What the others measure is held against references in :mod:`tests.training.test_diagnostic_numbers`.
"""

from itertools import product

import pandas as pd
import pytest
import torch

from restudy.config.diagnostics import PROBES, diagnosed_metrics, is_measured_once
from restudy.data.load import scale, split
from restudy.training.batches import EpochBatches
from restudy.training.network import StackedNetwork
from restudy.training.rng import generator
from restudy.training.train_stacks import train_runs
from tests.recipes import HOUSES, houses, images, run
from tests.training.alone import Alone, objective, optimiser

EPOCHS = 3
EVERY = list(PROBES)
OF_NUMBERS = [name for name, diagnostic in PROBES.items() if diagnostic.needs != "classes"]


def train(*runs, data=None, **options):
    return train_runs(runs, data or images(), digests={x.id: "d" for x in runs}, **options)


def diagnosed(results, one, metric, split_="train"):
    rows = results.history
    rows = rows[(rows["run"] == one.id) & (rows["split"] == split_) & (rows["metric"] == metric)]
    return rows.set_index("epoch")["value"]


def alone(one):
    """Train the run's network alone; yield it after each epoch, with the last batch's loss."""
    recipe = one.recipe
    start = StackedNetwork([recipe], 784, 10).run_state(0)
    network = Alone(recipe, 784, 10, start, torch.float32)
    steps, order = optimiser(recipe, network.parameters()), EpochBatches([recipe])
    train_part = scale(split(images(), 50, 20), recipe.scaling, "none").train
    x, y = torch.from_numpy(train_part.x), torch.from_numpy(train_part.y)
    for epoch in range(EPOCHS):
        order.epoch = epoch
        network.train()
        for block in order:
            for batch in block[:, 0]:
                steps.zero_grad()
                loss = objective(recipe, network, network(x[batch]), y[batch])
                last = loss.item()
                loss.backward()
                steps.step()
        yield epoch, network, last, x, y


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("loss", ["cross_entropy", "double_softmax"])
def test_batch_loss_is_the_last_batch_in_training_mode_before_its_step(norm, loss):
    # The last batch has 10 samples, the others 20.
    fields = {"norm": norm, "loss": loss, "epochs": EPOCHS, "batch_size": 20}
    one = run(diagnostics=["batch_loss"], **fields)
    found = diagnosed(
        train(one, run(seed=1, diagnostics=["batch_loss"], **fields)), one, "batch_loss"
    )
    for epoch, _, last, _, _ in alone(one):
        assert found[epoch + 1] == pytest.approx(last, rel=1e-4)


def test_train_sample_is_the_accuracy_on_a_thousand_draws():
    one = run(diagnostics=["train_sample"], epochs=EPOCHS)
    found = diagnosed(train(one), one, "sample_accuracy")
    for epoch, network, _, x, y in alone(one):
        rows = generator(one.recipe.seed, "train sample", epoch).integers(0, len(x), 1000)
        right = (network.eval()(x[rows]).argmax(1) == y[rows]).sum().item()
        assert found[epoch + 1] == right / 1000


def test_training_mode_normalises_by_each_batch_and_leaves_the_network_alone():
    one = run(norm="batch", diagnostics=["training_mode"], epochs=EPOCHS, batch_size=10)
    results = train(one)
    found = diagnosed(results, one, "training_mode_accuracy")
    assert list(found.index) == [EPOCHS]
    *_, (_, network, _, x, y) = alone(one)
    after = EpochBatches([one.recipe]).order(EPOCHS)[0].split(10)
    network.train()
    right = sum((network(x[rows]).argmax(1) == y[rows]).sum().item() for rows in after)
    assert found[EPOCHS] == right / 50
    bare = run(norm="batch", epochs=EPOCHS, batch_size=10)
    plain = train(bare)
    for name, array in plain.weights[bare.id].items():
        assert (array == results.weights[one.id][name]).all()


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({"norm": "none", "dropout": 0.3}, images(170)),
        ({"norm": "batch", "optimiser": "adam", "learning_rate": 0.01}, images(170)),
        ({"norm": "layer", "activation": "tanh", "optimiser": "nesterov"}, images(170)),
        ({"norm": "batch", "batch_size": "full"}, images(170)),
        (
            {"norm": "batch", "norm_position": "after", **HOUSES, "diagnostics": OF_NUMBERS},
            houses(170),
        ),
        ({"hidden": [], **HOUSES, "diagnostics": OF_NUMBERS}, houses(170)),
    ],
    ids=["plain", "batch", "layer", "full", "houses", "linear"],
)
def test_diagnostics_add_rows_and_change_none(fields, data):
    fields = {"diagnostics": EVERY, "epochs": EPOCHS, "train_samples": 150, **fields}
    one, bare = run(**fields), run(**{**fields, "diagnostics": []})
    with_, without = train(one, data=data), train(bare, data=data)
    for name, array in without.weights[bare.id].items():
        assert array.tobytes() == with_.weights[one.id][name].tobytes(), name
    keys = ["epoch", "split", "metric", "value"]
    seen, plain = with_.history[keys], without.history[keys]
    old = seen["metric"].isin(plain["metric"])
    early = (seen["split"] == "test") & (seen["epoch"] < EPOCHS)  # the diagnostic "test"
    pd.testing.assert_frame_equal(
        seen[old & ~early].reset_index(drop=True), plain.reset_index(drop=True), check_exact=True
    )
    added = seen[~old]
    assert set(added["split"]) == {"train"}
    epochs = added.groupby("metric")["epoch"].agg(list).to_dict()
    assert epochs == {
        metric: [EPOCHS] if is_measured_once(one.recipe, metric) else [1, 2, 3]
        for metric in diagnosed_metrics(one.recipe)
    }


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("hidden", [[7, 5], [300, 200]], ids=str)
def test_a_run_s_diagnostics_do_not_depend_on_its_neighbours(norm, hidden):
    fields = {"norm": norm, "hidden": hidden, "diagnostics": EVERY, "train_samples": 600}
    runs = [
        run(seed=s, lambda1=p, dropout=p, label_noise=p, norm_eps=1e-5 + p, **fields)
        for s, p in product(range(3), (0.0, 0.3))
    ]
    whole = train(*runs, data=images(650))
    assert whole.history["value"].notna().mean() > 0.9
    for size in (1, 2):
        cut = train(*runs[::-1], data=images(650), stack=size)
        pd.testing.assert_frame_equal(whole.history, cut.history, check_exact=True)


def test_without_validation_samples_there_are_no_validation_rows():
    one = run(validation_samples=0, train_samples=100, epochs=1)
    results = train_runs([one], images(100), digests={one.id: "d"})
    assert set(results.history["split"]) == {"train", "test"}
    assert results.summary["n_validation"].item() == 0
