"""What a person sees while the pipeline trains: on a terminal, and in a file."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import termios

import pytest

from tests.screen import Screen
from tests.workflow.checkout import STUDIES, Checkout, kill

pytestmark = pytest.mark.pipeline

RUNS = "results/studies/four/runs.parquet"
DISPLAY = "src/snakemake_logger_plugin_restudy/display.py"
WIDTH = 100
MESSAGES = [
    "Train four-mnist-01",
    r"mnist-\S+: 2 of 2 runs trained in \d+ s, test accuracy [\d.]+ \([\d.]+ to [\d.]+\)",
    "Collect the runs of four",
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout with one study: four groups in one job."""
    made = Checkout.fresh(tmp_path_factory.mktemp("progress") / "checkout")
    study = STUDIES["tiny"] | {"factors": {"hidden": [[8], [9], [10], [11]]}, "compare": []}
    made.write_study("four", **study | {"recipe": STUDIES["tiny"]["recipe"] | {"epochs": 40}})
    made.configure(only=["four"], training={"device": "cpu"})
    return made


def run_on_a_terminal(checkout, *arguments):
    """Return all that a run of the pipeline writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    process = checkout.start(*arguments, output=theirs)
    os.close(theirs)
    written = b""
    try:
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while part := os.read(ours, 1 << 16):
                written += part
        assert process.wait(timeout=60) == 0, written.decode()
    except BaseException:
        kill(process)
        raise
    finally:
        os.close(ours)
    return written.decode()


def test_on_a_terminal_one_line_is_always_up_to_date(checkout, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with checkout.replaced(DISPLAY, "LOOK = 2.0", "LOOK = 0.05"):
        written = run_on_a_terminal(checkout, RUNS)
    screen = Screen()
    screen.write(written)
    lines = screen.text.split("\n")
    for message in MESSAGES:
        assert any(re.fullmatch(message, line) for line in lines), screen.text
    # What is at the bottom was drawn between the sequences that move there and back.
    drawn = re.findall(r"\x1b\[B\r([^\x1b]*)\x1b8", written)
    assert not any(line in lines for line in drawn)
    assert not any("runs 0/8" in line for line in lines)
    assert all(len(line) < WIDTH for line in drawn)
    # Runs and work within the one job that trains.
    runs = [int(done) for line in drawn for done in re.findall(r"^runs (\d)/8,", line)]
    shares = [int(share) for line in drawn for share in re.findall(r", training (\d+)%,", line)]
    assert len(runs) == len(shares) == len(drawn)
    assert runs == sorted(runs)
    assert shares == sorted(shares)
    assert (runs[0], runs[-1], shares[0], shares[-1]) == (0, 8, 0, 100)
    assert set(runs) - {0, 8}
    assert any(
        re.search(r"about \d+ s left, jobs ./5: four-mnist-01 \d+%$", line) for line in drawn
    )
    assert re.fullmatch(
        r"(\d+) of \1 jobs done, 8 of 8 runs trained, training 100% done",
        next(line for line in lines if "jobs done" in line),
    )


def test_elsewhere_there_are_plain_lines(checkout):
    for folder in ("groups", "studies"):
        shutil.rmtree(checkout.results / folder)
    with (
        checkout.replaced(DISPLAY, "LOOK = 2.0", "LOOK = 0.05"),
        checkout.replaced(DISPLAY, "TELL = 300.0", "TELL = 0.05"),
    ):
        output = checkout.run(RUNS)
    assert "\x1b" not in output
    assert "\r" not in output
    found = re.findall(r"^(\d+) of (\d+) jobs done, (\d) of 8 runs trained, training", output, re.M)
    assert {done for _, _, done in found} > {"0", "8"}
    assert re.search(r"about \d+ s left; now four-mnist-01 \d+%$", output, re.M)
    assert found[-1] == (found[-1][1], found[-1][1], "8")
    for message in MESSAGES:
        assert re.search(f"^{message}$", output, re.M), output
