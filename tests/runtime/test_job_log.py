"""What a job's process tells the one that started it."""

import subprocess
import sys

import pytest

JOB = """
import signal, sys
from restudy.runtime.job_log import job
from restudy.common.errors import RestudyError
with job(sys.argv[1]) as say:
    say("begun")
    {}
    say("done")
"""


@pytest.mark.parametrize(
    ("happens", "status", "said"),
    [
        ("pass", 0, "done"),
        ("raise RestudyError('bad')", 1, "error: bad"),
        # Lightning turns a request to stop into an exit without a status.
        ("raise SystemExit", 143, "error: stopped from outside"),
        ("sys.exit(3)", 3, "begun"),
        ("raise OSError(28, 'No space left on device')", 1, "error: "),
        ("raise MemoryError", 1, "error: there is not enough memory"),
    ],
)
def test_only_finished_work_ends_with_status_0(tmp_path, happens, status, said):
    log = tmp_path / "job.log"
    command = [sys.executable, "-c", JOB.format(happens), str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert said in ended.stderr.splitlines()[-1]
    assert said in log.read_text()


def test_a_log_that_cannot_be_written_hides_nothing(tmp_path):
    """What goes to /dev/full fails as on a full disk."""
    log = tmp_path / "job.log"
    log.symlink_to("/dev/full")
    command = [sys.executable, "-c", JOB.format("raise RestudyError('bad')"), str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["begun", "error: bad"]


def test_a_log_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "logs").write_text("a file where the folder should be")
    command = [sys.executable, "-c", JOB.format("pass"), str(tmp_path / "logs/job.log")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "Traceback" not in ended.stderr
