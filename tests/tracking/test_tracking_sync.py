from __future__ import annotations

import pytest
from tracking_samples import CELL, make_cell, make_study

from restudy.results import group_files
from restudy.tracking.sync import SyncReport, sync


@pytest.fixture
def cells(tmp_path):
    group_files.write(make_cell(), tmp_path / "cells" / CELL)
    return tmp_path / "cells"


def run(store, cells, studies):
    return sync(store.uri, store.artifacts, cells, studies)


def test_missing_runs_are_added_once(store, cells):
    studies = [make_study(), make_study("second", lanes=("s0-a",))]
    assert run(store, cells, studies) == SyncReport(present=0, added=3)
    assert run(store, cells, studies) == SyncReport(present=3, added=0)
    store.prepare()
    store.client.delete_run(store.lanes()["s1-b"][0].info.run_id)
    assert run(store, cells, studies) == SyncReport(present=2, added=1)
    assert [len(found) for found in store.lanes().values()] == [1, 1]
    assert len(store.parents()) == 1


def test_retrained_runs_are_replaced(store, cells):
    run(store, cells, [make_study()])
    group_files.write(make_cell(digest="d2"), cells / CELL)
    assert run(store, cells, [make_study()]) == SyncReport(present=0, added=2)
    store.prepare()
    assert len(store.runs()) == 3


def test_cells_without_results_are_reported(store, cells):
    studies = [make_study(), make_study("second", cell="nothing")]
    report = run(store, cells, studies)
    assert (report.added, report.missing) == (2, 2)
    assert "nothing" in report.problem


def test_lanes_without_results_are_reported(store, cells):
    for _ in range(2):
        report = run(store, cells, [make_study(lanes=("s0-a", "s9-z"))])
        assert (report.present + report.added, report.missing) == (1, 1)
        assert report.problem


def test_a_store_that_is_down_is_reported(store, cells, unused_port):
    report = sync(f"http://127.0.0.1:{unused_port}", None, cells, [make_study()])
    assert (report.present, report.added, report.missing) == (0, 0, 2)
    assert report.problem


def test_a_store_that_is_missing_is_made(store, cells):
    for file in (store.results / "mlflow").iterdir():
        file.unlink()
    assert run(store, cells, [make_study()]).added == 2
