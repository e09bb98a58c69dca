"""Softmax, cross-entropy and squared errors, against closed forms and torch's autograd."""

import math

import numpy as np
import pytest
import torch

from experiments import regression
from experiments.binary_outputs import calibration_error
from experiments.gradients import layer_gradients
from experiments.initial_loss import initial_loss
from experiments.regression import one_minimum, outliers
from experiments.softmax import (
    COMPUTATIONS,
    confident_mistakes,
    softmax_overflow,
)
from restudy.experiments.samples import draw, only_classes, scaled
from restudy.training.rng import generator
from tests.experiments.tables import tabulate

from ..recipes import houses, images


def test_gradients_of_layers_are_right():
    assert tabulate(layer_gradients, {})["norm_relative_error"].max() < 1e-7


@pytest.mark.parametrize("name", COMPUTATIONS)
def test_losses_and_gradients_are_those_of_autograd(name):
    random = np.random.default_rng(0)
    scores, y = random.standard_normal((20, 10)), random.integers(10, size=20)
    losses, gradients = COMPUTATIONS[name](scores, y)
    s = torch.tensor(scores, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(s, torch.tensor(y), reduction="none")
    expected.sum().backward()
    assert losses == pytest.approx(expected.detach().numpy(), rel=1e-12)
    assert gradients == pytest.approx(s.grad.numpy(), abs=1e-14)


def test_where_float32_ends():
    """exp overflows above 88.7, and e^-104 is 0."""
    y = np.array([1])
    with np.errstate(all="ignore"):
        for top, fine in ((88.0, True), (89.0, False)):
            losses, _ = COMPUTATIONS["separate, not shifted"](np.array([[top, 80.0]], "f"), y)
            assert np.isfinite(losses[0]) == fine
        # -1 / p overflows before p becomes 0.
        for gap, loss_fine, gradient_fine in ((88, True, True), (95, True, False), (105, 0, 0)):
            losses, gradients = COMPUTATIONS["separate"](np.array([[gap, 0.0]], "f"), y)
            assert np.isfinite(losses[0]) == loss_fine
            assert np.isfinite(gradients).all() == gradient_fine
            losses, gradients = COMPUTATIONS["fused"](np.array([[gap, 0.0]], "f"), y)
            assert losses[0] == pytest.approx(gap)
            assert gradients[0] == pytest.approx([1, -1])


def test_the_fused_loss_never_fails():
    table = tabulate(softmax_overflow, {}).set_index("computation").loc["fused"]
    assert table[["bad_losses", "bad_gradients"]].to_numpy().max() == 0


def test_confident_mistakes_cost_what_the_formulas_say():
    table = tabulate(confident_mistakes, {})
    p = table["p_true"].astype(float)
    entropy = table["loss_function"] == "cross_entropy"
    assert table["loss"][entropy].to_numpy() == pytest.approx(-np.log(p[entropy].to_numpy()))
    assert table["right_score_gradient"][entropy].to_numpy() == pytest.approx(1 - p[entropy])
    # (1 - p)^2 (1 + sum of the others' shares squared), the shares being 1 together.
    ratio = table["loss"][~entropy] / (1 - p[~entropy]) ** 2
    assert ratio.between(1 + 1 / 9, 2).all()
    assert table["times_half"][~entropy].to_numpy() == pytest.approx(4 * (1 - p[~entropy]) ** 2)


def test_the_squared_error_of_probabilities_has_the_gradient_of_autograd():
    table = tabulate(confident_mistakes, {})
    others = generator(3, "confident mistakes").dirichlet(np.ones(9))
    scores = torch.tensor(np.log([0.01, *(0.99 * others)]), requires_grad=True)
    loss = ((scores.softmax(0) - torch.eye(10)[0]) ** 2).sum()
    loss.backward()
    row = table.query("seed == 3 and p_true == '0.01' and loss_function == 'mse'").iloc[0]
    assert row["loss"] == pytest.approx(loss.item())
    assert row["right_score_gradient"] == pytest.approx(abs(scores.grad[0].item()))
    assert row["scores_gradient"] == pytest.approx(scores.grad.norm().item())


def test_without_knowledge_the_loss_is_that_of_guessing():
    table = tabulate(initial_loss, {"mnist": images()}).set_index("init_scale")
    assert table.loc["0.001", "loss"].to_numpy() == pytest.approx(math.log(10), abs=1e-3)
    assert (table.loc["0.5", "above_log_classes"] > 1).all()


def test_calibration_by_hand():
    """Two bins: 0.1 on average where half are 1, and 0.9 where all are."""
    p = np.array([0.05, 0.15, 0.9, 0.9])
    assert calibration_error(p, np.array([0.0, 1.0, 1.0, 1.0]), bins=2) == pytest.approx(0.25)
    assert calibration_error(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0


def test_without_corruption_the_squared_error_is_least_squares():
    data = houses(rows=200)
    table = tabulate(outliers, {"california_housing": data})
    for seed in (0, 1):
        parts = scaled(draw(data, generator(seed, "outliers"), 1000), "standard")
        x = np.column_stack([parts.train.x, np.ones(len(parts.train))])
        slopes = np.linalg.lstsq(x, parts.train.y, rcond=None)[0]
        errors = np.column_stack([parts.test.x, np.ones(len(parts.test))]) @ slopes - parts.test.y
        row = table.query(f"seed == {seed} and corrupted == '0' and loss_function == 'mse'").iloc[0]
        assert row["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
        assert row["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-5)


def test_a_linear_model_ends_in_the_one_minimum(monkeypatch):
    monkeypatch.setattr(regression, "SEEDS", 2)
    data = houses(rows=200)
    table = tabulate(one_minimum, {"california_housing": data}).set_index(["model", "seed"])
    drawn = draw(data, generator(0, "one minimum: samples"), 300)
    train = scaled(drawn, "standard", "standard").train
    x = np.column_stack([train.x, np.ones(len(train))]).astype(np.float64)
    _, squares, _, _ = np.linalg.lstsq(x, train.y.astype(np.float64), rcond=None)
    assert table.loc[("linear", 0), "final_loss"] == pytest.approx(squares[0] / len(x))
    assert table.loc["linear"]["barrier"].max() < 1e-12
    assert table.loc["linear"]["spread"].max() < 1e-12
    assert table.loc["mlp"]["barrier"].min() > 0


def test_samples_are_drawn_once_each():
    data = images(rows=100)
    drawn = draw(data, np.random.default_rng(0), 30, 10)
    assert drawn.x_train.shape == (30, 784)
    assert drawn.x_test.shape == (10, 784)
    assert len(np.unique(drawn.x_train, axis=0)) == 30
    assert len(draw(data, np.random.default_rng(0), 1000).x_train) == 100
    assert len(scaled(drawn).train) == 30
    np.testing.assert_array_equal(
        scaled(drawn).train.x, drawn.x_train.astype("f") / np.float32(255)
    )


def test_two_classes_become_0_and_1():
    data = images(rows=100)
    pair = only_classes(data, 5, 3)
    wanted = np.isin(data.y_train, (3, 5))
    np.testing.assert_array_equal(pair.x_train, data.x_train[wanted])
    np.testing.assert_array_equal(pair.y_train, data.y_train[wanted] == 3)
