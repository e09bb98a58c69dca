"""Which cells are trained, seen by the records that are written."""

import pytest

from restudy.config.study import Study
from restudy.planning.plan import make_plan
from restudy.progress.training_progress import Watcher
from restudy.provenance.versions import numerical_versions
from restudy.results import group_files
from restudy.training.train_stacks import train_lanes
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


def train(cell, folder, *, lanes=None, version=1):
    """Train lanes of a cell and write its files."""
    lanes = cell.lanes if lanes is None else lanes
    trained = train_lanes(
        lanes,
        images(),
        digests=dict.fromkeys([lane.id for lane in lanes], "digest"),
        stack=10,
    )
    trained.record |= {
        "training_version": version,
        "versions": numerical_versions(),
        "seeds": {lane.id: lane.recipe.seed for lane in lanes},
    }
    group_files.write(trained, folder / "cells" / cell.id)
    return trained


def watch(cells, folder, version=1, jobs=None):
    """Watch a run in which one job trains all cells."""
    return Watcher(cells, {"all": list(cells)} if jobs is None else jobs, folder, version)


def trained(watcher):
    return [cell.done for cell in watcher.cells.values()]


def test_a_cell_is_done_when_its_record_is_written(cells, folder):
    first, second = cells.values()
    watcher = watch(cells, folder)
    assert (trained(watcher), watcher.finished()) == ([0, 0], [])
    train(first, folder)
    assert watcher.finished() == [first.id]
    train(second, folder)
    assert watcher.finished() == [second.id]
    assert watcher.finished() == []


def test_lanes_that_were_there_count_but_their_old_record_ends_nothing(cells, folder):
    cell = next(iter(cells.values()))
    train(cell, folder, lanes=cell.lanes[:2])
    watcher = watch(cells, folder)
    assert (trained(watcher), watcher.finished()) == ([2, 0], [])
    train(cell, folder)
    assert watcher.finished() == [cell.id]


def test_lanes_that_were_kept_earlier_are_there(cells, folder):
    cell = next(iter(cells.values()))
    made = train(cell, folder, lanes=cell.lanes[:1])
    earlier = {name: made.record[name] for name in ("training_version", "versions", "seeds")}
    made = train(cell, folder, lanes=cell.lanes[1:2])
    made.record["earlier"] = [earlier]
    own = folder / "cells" / cell.id
    group_files.write(made, own)
    assert trained(watch(cells, folder)) == [2, 0]


def test_what_other_code_or_libraries_trained_is_not_there(cells, folder):
    cell = next(iter(cells.values()))
    made = train(cell, folder)
    assert trained(watch(cells, folder)) == [3, 0]
    assert trained(watch(cells, folder, version=2)) == [0, 0]
    made.record["versions"] = made.record["versions"] | {"numpy": "1.0"}
    group_files.write(made, folder / "cells" / cell.id)
    assert trained(watch(cells, folder)) == [0, 0]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"training_version": 1, "earlier": 3}'])
def test_a_broken_record_holds_nothing(cells, folder, content):
    file = folder / "cells" / next(iter(cells)) / group_files.RECORD
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert trained(watch(cells, folder)) == [0, 0]


def test_cells_of_no_job_are_done(cells, folder):
    _, second = cells
    assert trained(watch(cells, folder, jobs={"second": [second]})) == [3, 0]
