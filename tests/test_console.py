"""What a job's process tells the one that started it."""

import subprocess
import sys

import pytest

JOB = """
import signal, sys
from restudy.console import job
from restudy.errors import RestudyError
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
    ],
)
def test_only_finished_work_ends_with_status_0(tmp_path, happens, status, said):
    log = tmp_path / "job.log"
    command = [sys.executable, "-c", JOB.format(happens), str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert said in ended.stderr.splitlines()[-1]
    assert said in log.read_text()
