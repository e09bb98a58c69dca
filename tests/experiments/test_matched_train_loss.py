"""Networks looked at when their training loss comes down to one value."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from experiments import matched_train_loss
from experiments.matched_train_loss import HiddenLayers, Look, at_target, quickest


def looks(losses, train, test):
    return [Look(*map(np.array, each)) for each in zip(losses, train, test, strict=True)]


def test_where_the_loss_crosses_the_target_in_its_log():
    # From 0.4 to 0.05 the log falls by ln 8; 0.1 is two thirds of the way.
    found = at_target(looks([2.3, 0.4, 0.05, 0.2], [0.1, 0.7, 1.0, 1.0], [0.1, 0.6, 0.9, 0.9]))
    assert found == pytest.approx((0.8, 0.9, 0.1, 1 + 2 / 3))


def test_a_network_that_never_is_there_has_no_numbers():
    assert all(map(math.isnan, at_target(looks([2.3, 0.2], [0.1, 0.9], [0.1, 0.8]))))
    assert all(map(math.isnan, at_target(looks([2.3, math.nan], [0.1, 0.9], [0.1, 0.8]))))


def test_the_rate_with_which_all_seeds_are_there_first():
    # Looks by seeds by rates: rate 0 has one seed early and one never, rate 2 both a look sooner.
    losses = np.full((4, 2, 3), 1.0)
    losses[1:, 0, 0] = 0.05
    losses[3:, :, 1] = losses[2:, :, 2] = 0.05
    assert quickest(losses) == 2
    losses[:, 1] = 1.0
    losses[-1, 1] = [0.3, 0.4, math.nan]
    assert quickest(losses) == 0


def test_batch_norm_is_looked_at_with_the_statistics_of_the_training_images():
    torch.manual_seed(0)
    train, test = torch.randn(1, 50, 4) * 3 + 1, torch.randn(1, 7, 4)
    hidden = HiddenLayers("batch norm")
    norm = nn.BatchNorm1d(4, affine=False, momentum=1.0, eps=matched_train_loss.EPS)
    norm(train[0])
    norm.running_var *= 49 / 50  # torch keeps the unbiased one
    norm.eval()
    hidden.learning(0, train)
    assert torch.allclose(hidden.testing(0, test)[0], norm(test[0]).relu(), atol=1e-5)


def test_dropout_keeps_the_mean_and_is_off_when_looked_at():
    h = torch.ones(2, 1000, 20)
    hidden = HiddenLayers("dropout")
    dropped = hidden.training(0, h)
    assert dropped.mean() == pytest.approx(1, abs=4 * math.sqrt(0.3 / 0.7 / 20_000))
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert torch.equal(dropped[0], dropped[1])
    assert torch.equal(hidden.testing(0, h), h)
