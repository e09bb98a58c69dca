"""Locks that go with their processes."""

import os
import signal
import subprocess
import sys

import pytest

from restudy.common.errors import RestudyError
from restudy.runtime import run_lock

OTHER = """
import sys
from pathlib import Path
from restudy.runtime import run_lock
getattr(run_lock, sys.argv[1])(Path(sys.argv[2]))
print("has it", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run_lock, "_held", [])
    (tmp_path / ".snakemake").mkdir()
    return tmp_path / ".snakemake"


@pytest.fixture
def other(folder):
    """Start a process that takes a lock."""
    started = []

    def start(what):
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, what, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == "has it\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("acquire_run_lock", "another run of the pipeline is going on in"),
        ("mark_job_running", "was killed, and jobs of it are still at work"),
    ],
)
def test_who_has_it_is_named_and_a_kill_lets_it_go(folder, other, what, words):
    process = other(what)
    with pytest.raises(RestudyError) as caught:
        run_lock.acquire_run_lock(folder)
    assert words in str(caught.value)
    assert str(folder.parent) in str(caught.value)
    if os.path.exists("/proc/locks"):
        assert f"(kill {process.pid})" in str(caught.value)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run_lock.acquire_run_lock(folder)


def test_jobs_share_theirs_and_the_run_has_its_own(folder, other):
    run_lock.acquire_run_lock(folder)
    other("mark_job_running")
    other("mark_job_running")


def test_outside_of_a_checkout_a_job_leaves_nothing(tmp_path):
    run_lock.mark_job_running(tmp_path / ".snakemake")
    assert not list(tmp_path.iterdir())
