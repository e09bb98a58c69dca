"""A group's files: what is written is read again, and nothing half-written is taken for whole."""

import json

import numpy as np
import pandas as pd
import pytest

from restudy.results import group_files
from restudy.training.train_stacks import train_runs
from tests.recipes import images, run


@pytest.fixture(scope="module")
def trained():
    runs = [run(seed=0), run(seed=1, learning_rate=1e30)]
    return group_files.merge([train_runs(runs, images(), digests={x.id: "d" for x in runs})])


@pytest.fixture
def folder(trained, tmp_path):
    group_files.write(trained, tmp_path)
    return tmp_path


def test_what_is_written_is_read_again(trained, folder):
    found = group_files.read(folder)
    for name in ("history", "summary", "timing"):
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(trained, name), check_exact=True
        )
    assert found.weights.keys() == trained.weights.keys()
    for one, state in trained.weights.items():
        assert found.weights[one].keys() == state.keys()
        for name, array in state.items():
            np.testing.assert_array_equal(found.weights[one][name], array)
    assert found.record == trained.record
    assert set(found.summary["status"]) == {"finished", "diverged"}


def test_the_same_results_give_the_same_bytes(folder, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    group_files.write(group_files.read(folder), again)
    for name in group_files.FILES:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name
    assert sorted(path.name for path in again.iterdir()) == sorted(group_files.FILES)


def test_results_of_runs_merge_in_any_order(trained):
    runs = list(trained.summary["run"])
    parts = [trained.only([one]) for one in runs]
    for merged in (group_files.merge(parts), group_files.merge(parts[::-1])):
        pd.testing.assert_frame_equal(merged.history, trained.history, check_exact=True)
        pd.testing.assert_frame_equal(merged.summary, trained.summary, check_exact=True)
        assert list(merged.weights) == sorted(runs)


@pytest.mark.parametrize("name", group_files.FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "longer"])
def test_files_that_do_not_fit_together_are_none(folder, name, damage):
    path = folder / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {"empty": b"", "truncated": content[:-1], "longer": content + b"}"}[damage]
        )
    assert group_files.read(folder) is None


@pytest.mark.parametrize("record", [{}, {"files": {}}, {"files": {"history.parquet": "0"}}])
def test_a_record_that_tells_of_other_files_is_none(folder, record):
    (folder / group_files.RECORD).write_text(json.dumps(record))
    assert group_files.read(folder) is None


def test_a_folder_that_is_not_there_is_none(tmp_path):
    assert group_files.read(tmp_path / "missing") is None
