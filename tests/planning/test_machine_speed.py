"""The speed of this machine: a number that an estimate can be held against."""

import math

import torch

from restudy.planning import machine_speed


def test_all_cores_are_timed(monkeypatch):
    monkeypatch.setattr(machine_speed, "_SECONDS", 0.01)
    threads = torch.get_num_threads()
    for cores in (1, 2):
        found = machine_speed.measure(cores)
        assert math.isfinite(found)
        assert found > 0
    assert torch.get_num_threads() == threads


def test_a_core_that_is_half_as_fast_takes_twice_the_time(monkeypatch):
    monkeypatch.setattr(machine_speed, "_best_round", lambda: 2 * machine_speed.REFERENCE)
    assert machine_speed.measure(3) == 2
