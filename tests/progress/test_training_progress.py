"""Which groups are trained, seen by the records that are written."""

import pytest

from restudy.config.study import Study
from restudy.planning.plan import make_plan
from restudy.progress.training_progress import Watcher
from restudy.provenance.versions import numerical_versions
from restudy.results import group_files
from restudy.training.train_stacks import train_runs
from tests.config.studies import STUDY
from tests.recipes import images

RECIPE = STUDY["recipe"] | {"train_samples": 50, "validation_samples": 20, "epochs": 4}


@pytest.fixture(scope="module")
def groups():
    """Two groups of three runs each."""
    study = STUDY | {"recipe": RECIPE, "factors": {"hidden": [[8], [9]]}, "seeds": 3}
    return make_plan({"tiny": Study.model_validate(study)}, "full").groups


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results"


def train(group, folder, *, runs=None, version=1):
    """Train runs of a group and write its files."""
    runs = group.runs if runs is None else runs
    trained = train_runs(
        runs,
        images(),
        digests=dict.fromkeys([run.id for run in runs], "digest"),
        stack=10,
    )
    trained.record |= {
        "training_version": version,
        "versions": numerical_versions(),
        "seeds": {run.id: run.recipe.seed for run in runs},
    }
    group_files.write(trained, folder / "groups" / group.id)
    return trained


def watch(groups, folder, version=1, jobs=None):
    """Watch a run in which one job trains all groups."""
    return Watcher(groups, {"all": list(groups)} if jobs is None else jobs, folder, version)


def trained(watcher):
    return [group.done for group in watcher.groups.values()]


def test_a_group_is_done_when_its_record_is_written(groups, folder):
    first, second = groups.values()
    watcher = watch(groups, folder)
    assert (trained(watcher), watcher.finished()) == ([0, 0], [])
    train(first, folder)
    assert watcher.finished() == [first.id]
    train(second, folder)
    assert watcher.finished() == [second.id]
    assert watcher.finished() == []


def test_runs_that_were_there_count_but_their_old_record_ends_nothing(groups, folder):
    group = next(iter(groups.values()))
    train(group, folder, runs=group.runs[:2])
    watcher = watch(groups, folder)
    assert (trained(watcher), watcher.finished()) == ([2, 0], [])
    train(group, folder)
    assert watcher.finished() == [group.id]


def test_runs_that_were_kept_earlier_are_there(groups, folder):
    group = next(iter(groups.values()))
    made = train(group, folder, runs=group.runs[:1])
    earlier = {name: made.record[name] for name in ("training_version", "versions", "seeds")}
    made = train(group, folder, runs=group.runs[1:2])
    made.record["earlier"] = [earlier]
    own = folder / "groups" / group.id
    group_files.write(made, own)
    assert trained(watch(groups, folder)) == [2, 0]


def test_what_other_code_or_libraries_trained_is_not_there(groups, folder):
    group = next(iter(groups.values()))
    made = train(group, folder)
    assert trained(watch(groups, folder)) == [3, 0]
    assert trained(watch(groups, folder, version=2)) == [0, 0]
    made.record["versions"] = made.record["versions"] | {"numpy": "1.0"}
    group_files.write(made, folder / "groups" / group.id)
    assert trained(watch(groups, folder)) == [0, 0]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"training_version": 1, "earlier": 3}'])
def test_a_broken_record_holds_nothing(groups, folder, content):
    file = folder / "groups" / next(iter(groups)) / group_files.RECORD
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert trained(watch(groups, folder)) == [0, 0]


def test_groups_of_no_job_are_done(groups, folder):
    _, second = groups
    assert trained(watch(groups, folder, jobs={"second": [second]})) == [3, 0]
