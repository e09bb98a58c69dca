"""How far training is, seen by the files that it writes."""

import os
import shutil

import pytest

from restudy import results, watching
from restudy.config.study import Study
from restudy.lanes.train import train_lanes
from restudy.plan import make_plan
from restudy.provenance import numerical_versions
from restudy.watching import Checkpoint, Seen, Watcher, read_checkpoint, trained
from tests.config.studies import STUDY
from tests.recipes import images

RECIPE = STUDY["recipe"] | {"train_samples": 50, "validation_samples": 20, "epochs": 4}


@pytest.fixture(scope="module")
def cells():
    """Two cells of three lanes each."""
    study = STUDY | {"recipe": RECIPE, "factors": {"hidden": [[8], [9]]}, "seeds": 3}
    return make_plan({"tiny": Study.model_validate(study)}, "full").cells


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


def train(cell, folder, *, lanes=None, stack=10, version=1, checkpoints=True):
    """Train lanes of a cell; write its files, and leave the checkpoints where they are."""
    lanes = cell.lanes if lanes is None else lanes
    trained = train_lanes(
        lanes,
        images(),
        digests=dict.fromkeys([lane.id for lane in lanes], "digest"),
        stack=stack,
        checkpoints=folder / "checkpoints" / cell.id if checkpoints else None,
        checkpoint_seconds=0,
    )
    trained.record |= {
        "training_version": version,
        "versions": numerical_versions(),
        "seeds": {lane.id: lane.recipe.seed for lane in lanes},
    }
    results.write(trained, folder / "cells" / cell.id)
    return trained


def watch(cells, folder, version=1, jobs=None):
    """Watch a run in which one job trains all cells."""
    watcher = Watcher(cells, {"all": list(cells)} if jobs is None else jobs, folder, version)
    watcher.training.begin(cells, 0)
    return watcher


def test_the_names_are_those_of_training():
    assert watching.RECORD == results.RECORD


def test_a_cell_is_done_when_its_record_is_written(cells, folder):
    first, second = cells.values()
    watcher = watch(cells, folder)
    watcher.look(10)
    assert (watcher.training.runs, watcher.training.in_work()) == ((0, 6), list(cells))
    train(first, folder, checkpoints=False)
    watcher.look(20)
    assert (watcher.training.runs, watcher.training.in_work()) == ((3, 6), [second.id])
    assert watcher.training.share([first.id]) == 1


def test_lanes_that_were_there_count_but_their_old_record_ends_nothing(cells, folder):
    cell = next(iter(cells.values()))
    train(cell, folder, lanes=cell.lanes[:2], checkpoints=False)
    watcher = watch(cells, folder)
    for now in (10, 20):
        watcher.look(now)
        assert watcher.training.runs == (2, 6)
    assert watcher.training.seconds_left(20, 1) is None
    train(cell, folder, checkpoints=False)
    watcher.look(30)
    assert watcher.training.runs == (3, 6)
    assert watcher.training.seconds_left(30, 1) is not None


def test_lanes_that_were_kept_earlier_are_there(cells, folder):
    cell = next(iter(cells.values()))
    made = train(cell, folder, lanes=cell.lanes[:1], checkpoints=False)
    earlier = {name: made.record[name] for name in ("training_version", "versions", "seeds")}
    made = train(cell, folder, lanes=cell.lanes[1:2], checkpoints=False)
    made.record["earlier"] = [earlier]
    own = folder / "cells" / cell.id
    results.write(made, own)
    assert watch(cells, folder).training.runs == (2, 6)


def test_what_other_code_or_libraries_trained_is_not_there(cells, folder):
    cell = next(iter(cells.values()))
    made = train(cell, folder, checkpoints=False)
    assert watch(cells, folder).training.runs == (3, 6)
    assert watch(cells, folder, version=2).training.runs == (0, 6)
    made.record["versions"] = made.record["versions"] | {"numpy": "1.0"}
    results.write(made, folder / "cells" / cell.id)
    assert watch(cells, folder).training.runs == (0, 6)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"training_version": 1, "earlier": 3}'])
def test_a_broken_record_holds_nothing(cells, folder, content):
    file = folder / "cells" / next(iter(cells)) / results.RECORD
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert watch(cells, folder).training.runs == (0, 6)


def test_cells_of_no_job_are_done(cells, folder):
    _, second = cells
    training = watch(cells, folder, jobs={"second": [second]}).training
    assert (training.runs, training.in_work()) == ((3, 6), [second])


def test_checkpoints_tell_how_far_a_cell_is(cells, folder):
    """Stacks of two lanes and of one, each checkpoint as after the last epoch."""
    cell = next(iter(cells.values()))
    train(cell, folder, stack=2)
    shutil.rmtree(folder / "cells")
    files = {read_checkpoint(file): file for file in (folder / "checkpoints" / cell.id).iterdir()}
    assert set(files) == {Checkpoint(2, 4), Checkpoint(1, 4)}
    kept = files[1, 4].read_bytes()
    files[1, 4].unlink()
    watcher = watch(cells, folder)
    assert watcher.training.runs == (2, 6)
    files[1, 4].write_bytes(kept)
    watcher.look(10)
    assert watcher.training.runs == (3, 6)
    # Broken or gone, and nothing goes back.
    for change in (lambda file: file.write_bytes(b"not whole"), lambda file: file.unlink()):
        for file in files.values():
            change(file)
        watcher.look(20)
        assert watcher.training.runs == (3, 6)


def test_a_checkpoint_is_read_again_only_when_it_changes(cells, folder, monkeypatch):
    cell = next(iter(cells.values()))
    train(cell, folder, stack=3)
    shutil.rmtree(folder / "cells")
    (file,) = (folder / "checkpoints" / cell.id).iterdir()
    read = []
    monkeypatch.setattr(watching, "read_checkpoint", lambda path: read.append(path))
    watcher = watch(cells, folder)
    watcher.look(10)
    assert read == [file]
    os.utime(file, ns=(1, 1))
    watcher.look(20)
    assert read == [file, file]


@pytest.mark.parametrize(
    ("checkpoints", "expected"),
    [
        ([], (0, 0)),
        ([(10, 5)], (2.5, 0)),
        ([(10, 20)], (10, 10)),
        # The older one's last epochs were not written down.
        ([(5, 10), (10, 15)], (12.5, 10)),
        ([(5, 20), (10, 15)], (15, 15)),
        # The oldest is of something else.
        ([(5, 10), (10, 20), (10, 20)], (12.5, 10)),
        ([(5, 10), (15, 20)], (12.5, 10)),
    ],
)
def test_stacks_are_trained_one_after_the_other(checkpoints, expected):
    found = trained([Checkpoint(*one) for one in checkpoints], 15, 20)
    assert found == Seen(*expected)
