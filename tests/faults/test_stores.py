"""MLflow stores that fail in one way or another. Training never minds; the message says what to do.

The store is a view of the result files: whatever becomes of it, a new one is made from them.
"""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from restudy.results import group_files
from restudy.tracking.live_logging import LiveGroup
from restudy.tracking.retry_counter import next_attempt
from restudy.tracking.store import describe, sqlite_file
from restudy.tracking.sync import sync
from tests.faults.disks import filled, small_disk
from tests.tracking.tracking_samples import GROUP, make_group, make_study
from tests.workflow.outcome import NOTHING, numbers, planned_runs, tracked

HOLD = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA locking_mode = EXCLUSIVE")
store.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def groups(tmp_path):
    group_files.write(make_group(), tmp_path / "groups" / GROUP)
    return tmp_path / "groups"


def brought_up_to_date(store, groups):
    return sync(store.uri, store.artifacts, groups, [make_study()])


def assert_complete(store):
    """Each of the study's two runs is there, once, and ended."""
    found = store.prepare().runs()
    assert sorted(found) == ["s0-a", "s1-b"]
    assert [[mlflow_run.info.status for mlflow_run in runs] for runs in found.values()] == [
        ["FINISHED"]
    ] * 2
    assert len(store.parents()) == 1


@contextmanager
def locked(file):
    """Have another process keep a store to itself."""
    command = [sys.executable, "-c", HOLD, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.stdin.close()


def test_a_locked_store_is_told_and_completed_later(store, groups):
    with locked(sqlite_file(store.uri)):
        report = brought_up_to_date(store, groups)
    assert report.missing == 2
    assert "another program is using the store" in report.problem
    assert brought_up_to_date(store, groups).problem is None
    assert_complete(store)


@pytest.mark.parametrize("damage", ["page", "head", "half"])
def test_a_broken_store_is_told_and_made_anew_once_it_is_out_of_the_way(store, groups, damage):
    assert brought_up_to_date(store, groups).problem is None
    file = sqlite_file(store.uri)
    content = bytearray(file.read_bytes())
    if damage == "half":
        del content[len(content) // 2 :]
    else:
        start = 0 if damage == "head" else 4096
        content[start : start + len(content) // 2] = bytes(len(content) // 2)
    for path in file.parent.glob("mlflow.db*"):
        path.unlink()
    file.write_bytes(content)

    report = brought_up_to_date(store, groups)
    assert report.missing
    assert "its file is broken; move it away" in report.problem
    # What the message says.
    for path in file.parent.glob("mlflow.db*"):
        path.rename(path.with_name(f"broken-{path.name}"))
    assert brought_up_to_date(store, groups).problem is None
    assert_complete(store)


def test_a_store_on_a_full_disk_is_told_and_completed_later(store, groups):
    with small_disk(store.results, megabytes=8):
        with filled(store.results, left=100_000):
            report = brought_up_to_date(store, groups)
        assert report.missing
        assert "make room on its disk" in report.problem
        assert brought_up_to_date(store, groups).problem is None
        assert_complete(store)


def test_a_server_that_says_nothing_holds_nothing_up_for_long(
    store, groups, silent_server, monkeypatch
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    report = sync(silent_server, None, groups, [make_study()])
    assert report.missing == 2
    assert report.problem.endswith("the server does not answer in time")
    said = []
    live = LiveGroup(silent_server, None, lambda: [make_study()], GROUP, 1e-9, warn=said.append)
    live.start()
    for _ in range(3):
        live._next = 0.0
        live.tick()
    # Once: after that it is not asked again.
    assert len(said) == 1
    assert "training goes on" in said[0]


@pytest.mark.parametrize(
    ("says", "advice"),
    [
        ("database is locked", "end it"),
        ("attempt to write a readonly database", "cannot be written to"),
        ("database disk image is malformed", "makes a new store from the results"),
        ("something else", None),
    ],
)
def test_the_advice_fits_what_the_store_says(says, advice):
    words = describe(RuntimeError(f"{says}\nmore"))
    assert words.startswith(f"RuntimeError: {says}")
    assert words.endswith(advice or says)


def test_a_store_that_is_gone_is_noticed(tmp_path):
    report, store = tmp_path / "sync.json", tmp_path / "mlflow.db"
    assert next_attempt(report, store) == 0
    report.write_text('{"attempt": 3, "missing": 0}')
    assert next_attempt(report, store) == 4
    # A server has no file.
    assert next_attempt(report, None) == 3
    store.touch()
    assert next_attempt(report, store) == 3
    report.write_text('{"attempt": 3, "missing": 1}')
    assert next_attempt(report, store) == 4


@pytest.mark.pipeline
def test_a_deleted_store_is_made_again_by_the_same_command(finished):
    """Not in a copy: a store in another place is made there anyway."""
    before = numbers(finished)
    for path in (finished.results / "mlflow").glob("mlflow.db*"):
        path.unlink()
    assert finished.planned() == {"sync_tracking": 1, "register_results": 1}
    finished.run()
    assert tracked(finished) == planned_runs(finished)
    assert numbers(finished) == before
    assert NOTHING in finished.run()
