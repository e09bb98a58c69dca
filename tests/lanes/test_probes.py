"""Probes: what they measure, held against torch.nn, and that they change nothing."""

import pandas as pd
import pytest
import torch

from restudy.datasets.load import scale, split
from restudy.lanes.batches import EpochBatches
from restudy.lanes.network import StackedNetwork
from restudy.lanes.streams import generator
from restudy.lanes.train import train_lanes
from tests.lanes.alone import Alone, objective, optimiser
from tests.recipes import images, lane

EPOCHS = 3


def train(*lanes):
    return train_lanes(lanes, images(), digests={one.id: "d" for one in lanes})


def probed(results, one, metric, split_="train"):
    rows = results.history
    rows = rows[(rows["lane"] == one.id) & (rows["split"] == split_) & (rows["metric"] == metric)]
    return rows.set_index("epoch")["value"]


def alone(one):
    """Train the lane's network alone; yield it after each epoch, with the last batch's loss."""
    recipe = one.recipe
    start = StackedNetwork([recipe], 784, 10).lane_state(0)
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
@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy_after_softmax"])
def test_batch_loss_is_the_last_batch_in_training_mode_before_its_step(norm, loss):
    # The last batch has 10 samples, the others 20.
    fields = {"norm": norm, "loss": loss, "epochs": EPOCHS, "batch_size": 20}
    one = lane(probes=["batch_loss"], **fields)
    found = probed(train(one, lane(seed=1, probes=["batch_loss"], **fields)), one, "batch_loss")
    for epoch, _, last, _, _ in alone(one):
        assert found[epoch + 1] == pytest.approx(last, rel=1e-4)


def test_train_sample_is_the_accuracy_on_a_thousand_draws():
    one = lane(probes=["train_sample"], epochs=EPOCHS)
    found = probed(train(one), one, "sample_accuracy")
    for epoch, network, _, x, y in alone(one):
        rows = generator(one.recipe.seed, "train sample", epoch).integers(0, len(x), 1000)
        right = (network.eval()(x[rows]).argmax(1) == y[rows]).sum().item()
        assert found[epoch + 1] == right / 1000


def test_training_mode_normalises_by_each_batch_and_leaves_the_network_alone():
    one = lane(norm="batch", probes=["training_mode"], epochs=EPOCHS, batch_size=10)
    results = train(one)
    found = probed(results, one, "training_mode_accuracy")
    assert list(found.index) == [EPOCHS]
    *_, (_, network, _, x, y) = alone(one)
    after = EpochBatches([one.recipe]).order(EPOCHS)[0].split(10)
    network.train()
    right = sum((network(x[rows]).argmax(1) == y[rows]).sum().item() for rows in after)
    assert found[EPOCHS] == right / 50
    bare = lane(norm="batch", epochs=EPOCHS, batch_size=10)
    plain = train(bare)
    for name, array in plain.weights[bare.id].items():
        assert (array == results.weights[one.id][name]).all()


def test_probes_add_rows_and_change_none():
    every = ["batch_loss", "train_sample", "training_mode", "test"]
    one, bare = lane(probes=every, epochs=EPOCHS), lane(epochs=EPOCHS)
    seen, plain = train(one).history, train(bare).history
    keys = ["epoch", "split", "metric", "value"]
    both = seen.merge(plain, on=keys, suffixes=("", "_plain"))
    pd.testing.assert_frame_equal(
        both[keys].sort_values(keys, ignore_index=True),
        plain[keys].sort_values(keys, ignore_index=True),
    )
    added = seen[seen["metric"].isin(["batch_loss", "sample_accuracy"])]
    assert len(added) == 2 * EPOCHS
    assert sorted(seen.query("split == 'test' and metric == 'accuracy'")["epoch"]) == [1, 2, 3]


def test_without_validation_samples_there_are_no_validation_rows():
    one = lane(validation_samples=0, train_samples=100, epochs=1)
    results = train_lanes([one], images(100), digests={one.id: "d"})
    assert set(results.history["split"]) == {"train", "test"}
    assert results.summary["n_validation"].item() == 0
