"""S1's unit-test numbers come out to the digit; candidates for its failing check differ."""

from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.unit_tests import (
    bug_candidates,
    layer_tests,
    momentum_candidates,
    momentum_tests,
    unit_tests,
)
from restudy.evidence.schema import load_catalogue
from restudy.mlp.arithmetic import Arithmetic
from restudy.mlp.fused import FUSED, in_order

FOLDER = Path(__file__).parents[2] / "config" / "evidence"
BY_A_BUG = "PUB-S1-035"
"""W3's relative error of the check with the penalty, printed as 1.0."""


@pytest.fixture(scope="module")
def published():
    return load_catalogue(FOLDER).published


@pytest.fixture(scope="module")
def rows(published):
    return {row.id: row for row in published}


@pytest.fixture(scope="module")
def table(published):
    return unit_tests(published).set_index("id")


@pytest.fixture(scope="module")
def candidates(published):
    return bug_candidates(published)


def test_every_number_that_the_unit_tests_print_is_there(published, table):
    tests = ("AFFINE-FWD", "AFFINE-BWD", "RELU-FWD", "RELU-BWD", "SIG-FWD", "SIG-BWD")
    tests += ("SANDWICH", "MSE", "MOMENTUM", "NET-R0", "NET-R314")
    printed = [
        row.id
        for row in published
        if row.experiment.removeprefix("EXP-S1-") in tests and row.status is None
    ]
    assert sorted(printed) == list(table.index)


def test_all_but_the_bug_s_are_equal_to_the_last_digit(rows, table):
    for id_, row in table.drop(index=BY_A_BUG).iterrows():
        assert row["ours"] == rows[id_].value == row["printed"]
        assert row["equal"]
        assert row["difference"] == 0


def test_the_bug_s_number_is_not_that_of_the_right_gradient(rows, table):
    row = table.loc[BY_A_BUG]
    assert not row["equal"]
    assert rows[BY_A_BUG].value == row["printed"] == "1.0"
    assert float(row["ours"]) < 1e-6
    assert row["difference"] == float(row["ours"]) - 1
    assert "left out" in row["note"]


def test_another_digit_would_be_seen(published):
    id_ = "PUB-S1-039"
    changed = [
        row.model_copy(update={"value": "8.882347033505818e-09"}) if row.id == id_ else row
        for row in published
    ]
    assert not momentum_candidates(changed)["equal"].any()


def test_a_row_that_is_missing_is_named(published):
    with pytest.raises(KeyError, match="PUB-S1-040"):
        momentum_candidates([row for row in published if row.id != "PUB-S1-040"])


def test_the_digits_ask_for_the_order_of_operations(rows):
    # Fused multiply-adds in order throughout: the first digits of one error are others.
    plain = layer_tests(Arithmetic(in_order, FUSED.exp, FUSED.log))
    assert repr(plain["PUB-S1-017"]) == rows["PUB-S1-017"].value
    assert repr(plain["PUB-S1-016"]) != rows["PUB-S1-016"].value


def test_only_classical_momentum_gives_the_printed_errors(published):
    found = momentum_candidates(published).set_index("rule")
    assert found.index[found["equal"]].to_list() == ["momentum"]
    printed_rule = found.loc["dampened_momentum"]
    # w - eta v moves the other way than w + v: one sign in the table is wrong.
    assert printed_rule["next_w_error"] == 1
    v, g = np.linspace(0.6, 0.9, 20), np.linspace(-0.6, 0.4, 20)
    averaged, classical = 0.9 * v + 0.1 * g, np.round(0.9 * v - 1e-3 * g, 8)
    expected = np.max(np.abs(averaged - classical) / (averaged + classical))
    assert printed_rule["velocity_error"] == pytest.approx(expected, rel=1e-9)
    assert momentum_tests("momentum").keys() == {"PUB-S1-039", "PUB-S1-040"}


def test_which_candidates_give_all_printed_numbers(candidates):
    found = candidates[candidates["all_equal"]]
    assert set(found["candidate"]) == {
        "lambda W3 left out",
        "lambda W3 subtracted",
        "half of lambda W3, or lambda W3 by the batch size of 2",
        "2 lambda W3",
        "lambda sign(W3)",
        "lambda W3^2",
        "lambda alone",
    }
    assert set(found["place"]) == {"gradient"}
    assert (found["max_relative_error"] == 1).all()
    assert (found["compared"] == 14).all()
    assert (found["ruled_out_by"] == "").all()


def test_the_norm_wise_error_and_the_cosine_differ_between_them(candidates):
    found = candidates[candidates["all_equal"]]
    measures = {
        (round(row["norm_relative_error"], 3), round(row["cosine"], 3))
        for _, row in found.iterrows()
    }
    assert len(measures) == len(found)


def test_the_others_are_ruled_out(candidates):
    found = candidates.set_index(["candidate", "place"])["ruled_out_by"]
    w3 = "W3 relative error, reg=3.14"
    assert found["as the source's formulas have it", "nowhere"] == w3
    assert found["0.99 lambda W3", "gradient"] == w3
    assert found["lambda b added for the biases", "gradient"] == w3
    assert found["biases penalised too", "loss and gradient"] == w3
    for name in ("lambda W3 instead of the data's part", "no gradient of W3 at all"):
        assert found[name, "gradient"] == "W3 relative error, reg=0"
    assert found["W3 left out", "loss"] == "initial loss, reg=3.14"
    assert "initial loss, reg=3.14" in found["lambda sum W^2 without the half", "loss"]
    assert "initial loss, reg=0;" in found["logarithm before the division (log-sum-exp)", "loss"]


def test_the_norm_wise_errors_are_those_of_autograd(rows, candidates):
    random = np.random.RandomState(231)
    x, y = random.randn(2, 15), random.randint(10, size=2)
    shapes = [(15, 20), (20, 30), (30, 10)]
    for _ in range(2):  # the second network is that of the check with the penalty
        weights = [
            torch.from_numpy(0.05 * random.randn(*shape)).requires_grad_() for shape in shapes
        ]
    strength = float(rows["PUB-S1-031"].value)
    h = torch.from_numpy(x)
    for w in weights[:2]:
        h = (h @ w).relu()
    data_loss = torch.nn.functional.cross_entropy(h @ weights[2], torch.from_numpy(y))
    loss = data_loss + strength / 2 * sum(w.square().sum() for w in weights)
    (right,) = torch.autograd.grad(loss, weights[2])
    w3 = weights[2].detach()
    data = right - strength * w3
    expected = {
        "lambda W3 left out": data,
        "lambda W3 subtracted": data - strength * w3,
        "half of lambda W3, or lambda W3 by the batch size of 2": data + strength / 2 * w3,
        "2 lambda W3": data + 2 * strength * w3,
        "lambda sign(W3)": data + strength * w3.sign(),
        "lambda W3^2": data + strength * w3.square(),
        "lambda alone": data + strength,
    }
    found = candidates[candidates["place"] == "gradient"].set_index("candidate")
    for name, gradient in expected.items():
        error = ((gradient - right).norm() / right.norm()).item()
        angle = torch.nn.functional.cosine_similarity(gradient.flatten(), right.flatten(), 0).item()
        assert found.loc[name, "norm_relative_error"] == pytest.approx(error, rel=1e-6)
        assert found.loc[name, "cosine"] == pytest.approx(angle, abs=1e-6)
    assert candidates["initial_loss"].iloc[0] == pytest.approx(loss.item(), rel=1e-12)
