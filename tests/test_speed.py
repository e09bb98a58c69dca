"""The speed of this machine: numbers that an estimate can be held against."""

import math

import torch

from restudy import speed
from restudy.costs import Work


def test_each_kind_of_work_is_timed(monkeypatch):
    monkeypatch.setattr(speed, "_SECONDS", 0.01)
    threads = torch.get_num_threads()
    for cores in (1, 2):
        found = speed.measure(cores)
        assert isinstance(found, Work)
        assert all(math.isfinite(times) and times > 0 for times in found)
    assert torch.get_num_threads() == threads


def test_a_core_that_is_half_as_fast_takes_twice_the_time(monkeypatch):
    monkeypatch.setattr(speed, "_best_round", lambda work: 2 * speed.REFERENCE.products)
    assert speed.measure(3).products == 2
