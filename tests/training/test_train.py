"""Training runs through Lightning: results, repeatability, independence, divergence."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch

from restudy.common.errors import RestudyError
from restudy.data.load import scale, split
from restudy.training.batches import EpochBatches
from restudy.training.train_stacks import train_runs
from tests.recipes import HOUSES, houses, images, run
from tests.training.alone import Alone, objective, optimiser


def train(runs, data, **options):
    return train_runs(runs, data, digests={x.id: "d" for x in runs}, **options)


def last(results, run_, split_, metric):
    rows = results.history.query("run == @run_ and split == @split_ and metric == @metric")
    return rows.sort_values("epoch")["value"].iloc[-1]


def test_training_equals_a_plain_loop_over_one_network():
    # Batches of ten: a last batch of two makes batch norm too ill-conditioned to compare.
    made = run(norm="batch", epochs=3, lambda2=1e-3, scaling="minus_one_one", batch_size=10)
    data = images()
    results = train([made], data)
    recipe = made.recipe
    parts = scale(split(data, 50, 20), "minus_one_one", "none")
    x, y = torch.from_numpy(parts.train.x), torch.from_numpy(parts.train.y)
    from restudy.training.network import StackedNetwork

    start = StackedNetwork([recipe], 784, 10).run_state(0)
    network = Alone(recipe, 784, 10, start, torch.float32)
    steps = optimiser(recipe, network.parameters())
    order = EpochBatches([recipe])
    for epoch in range(3):
        order.epoch = epoch
        for block in order:
            for batch in block[:, 0]:
                steps.zero_grad()
                objective(recipe, network, network(x[batch]), y[batch]).backward()
                steps.step()
    network.eval()
    test = torch.from_numpy(parts.test.x)
    accuracy = (network(test).argmax(1).numpy() == parts.test.y).mean()
    assert last(results, made.id, "test", "accuracy") == pytest.approx(accuracy, abs=1e-9)
    loss = torch.nn.functional.cross_entropy(network(x), y).item()
    assert last(results, made.id, "train", "data_loss") == pytest.approx(loss, rel=1e-4)
    penalty = sum(5e-4 * (layer.weight**2).sum().item() for layer in network.linear)
    assert last(results, made.id, "train", "penalty") == pytest.approx(penalty, rel=1e-4)
    for name, value in network.state_dict().items():
        if name in results.weights[made.id]:
            np.testing.assert_allclose(results.weights[made.id][name], value, rtol=1e-3, atol=1e-5)


def test_history_has_one_row_for_each_run_epoch_split_and_metric():
    runs = [run(seed=s, epochs=5, evaluate_every=2) for s in range(2)]
    history = train(runs, images()).history
    assert not history.duplicated(["run", "epoch", "split", "metric"]).any()
    assert sorted(history["epoch"].unique()) == [2, 4, 5]
    assert set(history.loc[history["split"] == "test", "epoch"]) == {5}
    assert set(history.loc[history["epoch"] == 5, "step"]) == {20}
    assert set(history["metric"]) == {"data_loss", "accuracy", "penalty"}


@pytest.mark.parametrize("options", [{}, {"norm": "batch"}, {"norm": "layer"}])
def test_cutting_into_stacks_changes_no_bit(options):
    runs = [
        run(seed=s, lambda1=l1, dropout=p, learning_rate=0.05 * (s + 1), **options)
        for s in range(2)
        for l1 in (0.0, 1e-4)
        for p in (0.0, 0.3)
    ]
    data = images()
    whole = train(runs, data, stack=8)
    for other in (train(runs, data, stack=1), train(runs[::-1], data, stack=3)):
        pd.testing.assert_frame_equal(whole.history, other.history, check_exact=True)
        pd.testing.assert_frame_equal(whole.summary, other.summary, check_exact=True)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("optimiser_", ["sgd", "momentum", "nesterov", "dampened_momentum", "adam"])
def test_cutting_a_stack_of_all_sorts_changes_no_bit(norm, optimiser_):
    runs = [
        run(
            seed=i,
            momentum=m,
            learning_rate=0.01,
            learning_rate_decay=0.9,
            norm=norm,
            norm_eps=e,
            norm_momentum=0.1 + e,
            lambda1=e,
            lambda2=p,
            optimiser=optimiser_,
            epochs=3,
        )
        for i, (m, e, p) in enumerate(product((0.5, 0.9), (1e-5, 1e-3), (0.0, 1e-3)))
    ]
    data = images()
    whole = train(runs, data)
    for size in (1, 3):
        cut = train(runs, data, stack=size)
        pd.testing.assert_frame_equal(whole.history, cut.history, check_exact=True)


def test_a_sweep_of_every_run_field_is_one_stack_of_one_group():
    values = {
        "learning_rate": 0.02,
        "learning_rate_decay": 0.5,
        "momentum": 0.3,
        "init_scale": 0.5,
        "lambda1": 1e-3,
        "lambda2": 1e-2,
        "norm_eps": 1e-2,
        "norm_momentum": 0.5,
        "label_noise": 0.3,
        "seed": 5,
    }
    runs = [
        run(norm="batch", epochs=3),
        *(run(norm="batch", epochs=3, **{k: v}) for k, v in values.items()),
    ]
    results = train(runs, images(), stack=len(runs))
    assert set(results.timing["runs_in_stack"]) == {len(runs)}
    losses = [last(results, one.id, "validation", "data_loss") for one in runs]
    # Each field changes what comes out, and each run is what it is alone.
    assert len(set(losses)) == len(runs)
    for one, loss in zip(runs, losses, strict=True):
        assert last(train([one], images()), one.id, "validation", "data_loss") == loss


def test_regression_learns_and_reports_original_units():
    made = run(**HOUSES, target_scaling="standard", hidden=[8], epochs=60, learning_rate=0.02)
    data = houses(200)
    results = train([made], data)
    row = results.summary.iloc[0]
    assert row["test_r2"] > 0.9
    residual = np.sqrt(1 - row["test_r2"]) * data.y_test.astype(float).std()
    assert row["test_rmse"] == pytest.approx(residual, rel=1e-4)


def test_a_run_that_diverges_is_a_result_and_harms_no_other():
    wild, calm = run(learning_rate=1e30, epochs=3), run(learning_rate=0.01, epochs=3)
    data = images()
    both = train([wild, calm], data).summary.set_index("run")
    assert both.loc[wild.id, "status"] == "diverged"
    assert both.loc[wild.id, "diverged_epoch"] == 1
    assert np.isnan(both.loc[wild.id, "test_accuracy"])
    alone = train([calm], data).summary.set_index("run")
    assert both.loc[calm.id, "status"] == "finished"
    assert both.loc[calm.id, "test_accuracy"] == alone.loc[calm.id, "test_accuracy"]


def test_a_device_that_is_not_there_is_said():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(RestudyError, match=r"training.device: 'cuda' is not there"):
        train([run()], images(), device="cuda")


def test_full_batch_steps():
    made = run(batch_size="full", epochs=None, steps=7, evaluate_every=3)
    history = train([made], images()).history
    assert sorted(history["step"].unique()) == [3, 6, 7]


def test_nothing_is_printed(capfd):
    train([run()], images())
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ""
