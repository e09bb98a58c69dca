from __future__ import annotations

import pytest
from tracking_samples import GROUP, make_group, make_study

from restudy.results import group_files
from restudy.tracking.sync import SyncReport, sync


@pytest.fixture
def groups(tmp_path):
    group_files.write(make_group(), tmp_path / "groups" / GROUP)
    return tmp_path / "groups"


def run(store, groups, studies):
    return sync(store.uri, store.artifacts, groups, studies)


def test_missing_runs_are_added_once(store, groups):
    studies = [make_study(), make_study("second", runs=("s0-a",))]
    assert run(store, groups, studies) == SyncReport(present=0, added=3)
    assert run(store, groups, studies) == SyncReport(present=3, added=0)
    store.prepare()
    store.client.delete_run(store.runs()["s1-b"][0].info.run_id)
    assert run(store, groups, studies) == SyncReport(present=2, added=1)
    assert [len(found) for found in store.runs().values()] == [1, 1]
    assert len(store.parents()) == 1


def test_retrained_runs_are_replaced(store, groups):
    run(store, groups, [make_study()])
    group_files.write(make_group(digest="d2"), groups / GROUP)
    assert run(store, groups, [make_study()]) == SyncReport(present=0, added=2)
    store.prepare()
    assert len(store.all_runs()) == 3


def test_groups_without_results_are_reported(store, groups):
    studies = [make_study(), make_study("second", group="nothing")]
    report = run(store, groups, studies)
    assert (report.added, report.missing) == (2, 2)
    assert "nothing" in report.problem


def test_runs_without_results_are_reported(store, groups):
    for _ in range(2):
        report = run(store, groups, [make_study(runs=("s0-a", "s9-z"))])
        assert (report.present + report.added, report.missing) == (1, 1)
        assert report.problem


def test_a_store_that_is_down_is_reported(store, groups, unused_port):
    report = sync(f"http://127.0.0.1:{unused_port}", None, groups, [make_study()])
    assert (report.present, report.added, report.missing) == (0, 0, 2)
    assert report.problem


def test_a_store_that_is_missing_is_made(store, groups):
    for file in (store.results / "mlflow").iterdir():
        file.unlink()
    assert run(store, groups, [make_study()]).added == 2
