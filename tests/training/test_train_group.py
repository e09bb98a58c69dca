"""Bringing a group up to date: what is right is kept to the bit, everything else is trained."""

import shutil

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.results import group_files
from restudy.training import train_group
from tests.recipes import houses, images, run

RUNS = [run(seed=seed) for seed in range(2)]
TABLES = (group_files.HISTORY, group_files.SUMMARY)


@pytest.fixture(autouse=True)
def data(monkeypatch):
    """What stands in for the prepared file; a test may put something else there."""
    there = {"data": images()}
    monkeypatch.setattr(train_group, "load", lambda _path: there["data"])
    return there


def train(folder, runs=RUNS, version=1, **options):
    return train_group.train_group(
        runs, folder, folder / "data", version=version, device="cpu", **options
    )


def contents(folder, names=group_files.FILES):
    return {name: (folder / name).read_bytes() for name in names}


def rows(folder, table, runs):
    found = pd.read_parquet(folder / table)
    return found[found["run"].isin([one.id for one in runs])].reset_index(drop=True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A trained group, to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_group, "load", lambda _path: images())
        _, trained = train(folder)
    assert trained == len(RUNS)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "group")


def test_two_trainings_write_the_same_bytes(finished, tmp_path):
    train(tmp_path)
    same = (*TABLES, group_files.WEIGHTS)
    assert contents(tmp_path, same) == contents(finished, same)


def test_the_second_call_trains_nothing_and_changes_nothing(folder):
    before = contents(folder)
    found, trained = train(folder)
    assert trained == 0
    assert contents(folder) == before
    assert found.record["seeds"] == {one.id: one.recipe.seed for one in RUNS}


def test_one_more_seed_trains_one_run_and_keeps_the_others_to_the_bit(folder, finished, tmp_path):
    runs = [*RUNS, run(seed=2)]
    found, trained = train(folder, runs)
    assert trained == 1
    for table in TABLES:
        pd.testing.assert_frame_equal(
            rows(folder, table, RUNS), rows(finished, table, RUNS), check_exact=True
        )
    assert found.record["seeds"] == {runs[2].id: 2}
    assert [list(old["seeds"]) for old in found.record["earlier"]] == [[one.id for one in RUNS]]
    at_once = tmp_path / "at once"
    train(at_once, runs)
    same = (*TABLES, group_files.WEIGHTS)
    assert contents(folder, same) == contents(at_once, same)


def test_one_seed_less_trains_nothing_and_forgets_it(folder, finished):
    _, trained = train(folder, RUNS[:1])
    assert trained == 0
    assert list(pd.read_parquet(folder / group_files.SUMMARY)["run"]) == [RUNS[0].id]
    pd.testing.assert_frame_equal(
        rows(folder, group_files.HISTORY, RUNS), rows(finished, group_files.HISTORY, RUNS[:1])
    )


def test_another_version_of_training_trains_all_again(folder):
    assert train(folder, version=2)[1] == len(RUNS)
    assert train(folder, version=2)[1] == 0


def test_other_data_train_all_again(folder, data, monkeypatch):
    data["data"] = images(seed=1)
    assert train(folder)[1] == 0  # known by its digest alone
    object.__setattr__(data["data"], "digest", "other data")
    assert train(folder)[1] == len(RUNS)


def test_another_engine_trains_all_again(folder):
    assert train(folder, engine="torch")[1] == len(RUNS)
    assert train(folder, engine="torch")[1] == 0
    assert train(folder, engine="compiled")[1] == len(RUNS)


def test_other_libraries_train_all_again(folder, monkeypatch):
    monkeypatch.setattr(train_group, "numerical_versions", lambda: {"torch": "3"})
    assert train(folder)[1] == len(RUNS)


@pytest.mark.parametrize("name", group_files.FILES)
@pytest.mark.parametrize("damage", ["truncated", "missing", "from another group"])
def test_half_written_files_are_never_taken_for_finished(folder, finished, tmp_path, name, damage):
    path = folder / name
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "missing":
        path.unlink()
    else:
        other = tmp_path / "other"
        train(other, [run(seed=seed, learning_rate=0.3) for seed in range(2)])
        shutil.copy(other / name, path)
    assert group_files.read(folder) is None
    assert train(folder)[1] == len(RUNS)
    same = (*TABLES, group_files.WEIGHTS)
    assert contents(folder, same) == contents(finished, same)


def test_weights_that_were_dropped_are_trained_again_when_they_are_wanted(folder, finished):
    _, trained = train(folder, keep_weights=False)
    assert trained == 0
    assert group_files.read(folder).weights == {}
    assert contents(folder, TABLES) == contents(finished, TABLES)
    assert train(folder, keep_weights=False)[1] == 0
    assert train(folder)[1] == len(RUNS)
    same = (*TABLES, group_files.WEIGHTS)
    assert contents(folder, same) == contents(finished, same)


def test_nothing_is_written_if_training_fails(folder, finished, data):
    data["data"] = houses()
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever it is)
        train(folder, [*RUNS, run(seed=2)])
    assert contents(folder) == contents(finished)


def test_the_line_that_is_printed(folder):
    runs = [*RUNS, run(seed=2, learning_rate=1e30)]
    found, trained = train(folder, runs)
    line = train_group.describe("group", found, trained)
    assert line.startswith("group: 1 of 3 runs trained in ")
    assert "test accuracy 0." in line
    assert line.endswith("1 diverged")
    found, trained = train(folder, runs)
    assert train_group.describe("group", found, trained).startswith(
        "group: 0 of 3 runs trained, test"
    )


def test_data_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(RestudyError, match="data"):
        train(tmp_path)
