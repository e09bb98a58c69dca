"""A job with several groups: what is done is kept, whatever becomes of the rest."""

import errno
import os
import time

import numpy as np
import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.results import group_files
from restudy.training.train_job import train_in_turn


def write(folder, value=1.0):
    table = pd.DataFrame({"run": ["s0"], "value": [value]})
    weights = {"s0": {"weight": np.full(3, value)}}
    group_files.write(
        group_files.GroupResults(table, table, table, weights, {"value": value}), folder
    )


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}


@pytest.fixture
def folders(tmp_path):
    return {name: tmp_path / name for name in ("a", "b", "c")}


@pytest.fixture
def said():
    return []


def trainer(folders, broken=None, error=None):
    def train(name):
        if name == broken:
            raise error
        write(folders[name])
        return f"{name}: trained"

    return train


def test_a_line_a_group_and_nothing_left_behind(folders, said):
    train_in_turn(folders, trainer(folders), said.append)
    assert said == ["a: trained", "b: trained", "c: trained"]
    assert all(sorted(files(folder)) == sorted(group_files.FILES) for folder in folders.values())
    assert all(len(list(folder.iterdir())) == 5 for folder in folders.values())


@pytest.mark.parametrize(
    ("error", "words"),
    [(RestudyError("no data"), "no data"), (ValueError("a bug"), "ValueError: a bug")],
)
def test_a_group_that_fails_is_named_and_the_others_are_kept(folders, said, error, words):
    with pytest.raises(RestudyError, match=r"^1 of 3 groups failed \(b\)"):
        train_in_turn(folders, trainer(folders, "b", error), said.append)
    assert said == ["a: trained", f"error: b: {words}", "c: trained"]
    assert [sorted(files(folders[name])) for name in "abc"] == [
        sorted(group_files.FILES),
        [],
        sorted(group_files.FILES),
    ]


def test_an_interrupt_ends_the_job_and_keeps_what_is_done(folders, said):
    with pytest.raises(KeyboardInterrupt):
        train_in_turn(folders, trainer(folders, "b", KeyboardInterrupt()), said.append)
    assert said == ["a: trained"]
    done = files(folders["a"])
    again = []
    missing = trainer(folders)
    train_in_turn(
        folders,
        lambda name: f"{name}: there" if files(folders[name]) else missing(name),
        again.append,
    )
    assert again == ["a: there", "b: trained", "c: trained"]
    assert files(folders["a"]) == done


def test_a_full_disk_ends_the_job_at_once(folders, said):
    """The groups after it would train, and then find no room either."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(RestudyError, match=r"^1 of 3 groups failed \(b\)"):
        train_in_turn(folders, trainer(folders, "b", full), said.append)
    assert said[0] == "a: trained"
    assert said[1].startswith("error: b: ")
    assert "make room" in said[1]
    assert len(said) == 2


def test_an_input_from_the_future_keeps_the_groups(folders, said, tmp_path):
    data = tmp_path / "data"
    data.touch()
    os.utime(data, (time.time() + 3600,) * 2)
    with pytest.raises(RestudyError, match="data was written in the future"):
        train_in_turn(folders, trainer(folders), said.append, [data])
    assert all(files(folder) for folder in folders.values())
