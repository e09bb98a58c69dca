"""The speed of this machine: a number that an estimate can be held against."""

import math

import torch

from restudy import speed


def test_all_cores_are_timed(monkeypatch):
    monkeypatch.setattr(speed, "_SECONDS", 0.01)
    threads = torch.get_num_threads()
    for cores in (1, 2):
        found = speed.measure(cores)
        assert math.isfinite(found)
        assert found > 0
    assert torch.get_num_threads() == threads


def test_a_core_that_is_half_as_fast_takes_twice_the_time(monkeypatch):
    monkeypatch.setattr(speed, "_best_round", lambda: 2 * speed.REFERENCE)
    assert speed.measure(3) == 2
