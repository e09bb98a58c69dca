"""Troubles of the machine, in words that say what to do."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from restudy.runtime.system_errors import in_words


def system_error(number, file=None):
    return OSError(number, os.strerror(number), *([file] if file else []))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (system_error(errno.ENOSPC, "/a/b/c.csv"), "/a/b: the disk is full; make room on it"),
        (system_error(errno.ENOSPC), "the disk is full; make room on it"),
        (system_error(errno.EDQUOT), "the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (system_error(errno.EFBIG), "ulimit -f"),
        (system_error(errno.EMFILE), "ulimit -n"),
        (system_error(errno.EROFS, "results/.x.part"), "results: Read-only file system; make it"),
        (system_error(errno.EACCES, "results/x"), "results/x: Permission denied; see to its perm"),
        (MemoryError(), "not enough memory; give fewer --cores"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            "training.max_stacked_runs",
        ),
    ],
)
def test_what_to_do_is_said(error, words):
    said = in_words(error)
    assert words in said
    assert "then give the same command again" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), KeyError("x"), system_error(errno.ENOENT, "x"), OSError("odd")]
)
def test_what_is_a_bug_is_none_of_the_machine_s(error):
    assert in_words(error) is None


def test_the_reason_below_is_found():
    """Libraries wrap what the system said."""
    wrapped = RuntimeError("could not save")
    wrapped.__cause__ = system_error(errno.ENOSPC, "/a/b")
    assert "the disk is full" in in_words(wrapped)


def test_an_error_that_names_no_file_names_disks_with_little_room(tmp_path, monkeypatch):
    room = {tmp_path: 1000, Path("/elsewhere"): 2**40}
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/elsewhere")
    monkeypatch.setattr(
        "shutil.disk_usage", lambda place: type("Usage", (), {"free": room[Path(place)]})
    )
    assert in_words(system_error(errno.ENOSPC), tmp_path).startswith(f"{tmp_path}: the disk is")
