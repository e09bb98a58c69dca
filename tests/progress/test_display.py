"""What is shown of a run: on a terminal one line at the bottom, elsewhere plain lines."""

import io
from types import SimpleNamespace

import pytest

from restudy.planning.costs import START
from restudy.progress import training_progress
from restudy.progress.time_left import GroupProgress
from restudy.runtime.terminal import BottomLine
from snakemake_logger_plugin_restudy import display
from snakemake_logger_plugin_restudy.display import TELL, Display
from tests.screen import Screen


class Watcher:
    """Sees that the first of two groups of five runs is trained, when a test says so."""

    def __init__(self):
        self.groups = {"a": GroupProgress(5, 50.0), "b": GroupProgress(5, 50.0)}
        self.jobs = {"job": ["a", "b"]}
        self.done = []

    def finished(self):
        found, self.done = self.done, []
        return found


@pytest.fixture(autouse=True)
def watcher(monkeypatch):
    made = Watcher()
    monkeypatch.setattr(training_progress, "_watchers", [made])
    # The tests look themselves.
    monkeypatch.setattr(display, "LOOK", 1000.0)
    monkeypatch.setenv("TERM", "xterm")
    return made


@pytest.fixture
def clock():
    return SimpleNamespace(now=0.0)


def begin(stream, clock, **options):
    made = Display(stream, clock=lambda: clock.now, **options)
    made.expect(cores=2)
    made.expect(jobs=2)
    made.print("Train both")
    made.began(1, "job", "job")
    return made


def test_a_terminal_shows_the_line_while_jobs_run(watcher, clock):
    screen = Screen()
    shown = begin(screen, clock)
    # By the plan's estimates, as long as nothing is trained; the other job on one of two cores.
    seconds = START + 100 + START / 2
    at_start = f"runs 0/10, training 0%, about {seconds / 60:.0f} min left, jobs 0/2: job"
    assert screen.text == f"Train both\n\n{at_start}"
    clock.now, watcher.done = 55.0, ["a"]
    shown.look()
    # The other half at the speed of the first, and the start of the other job on one of two cores.
    seconds = 50 * 55 / (START + 50) + START / 2
    line = f"runs 5/10, training 50%, about {seconds:.0f} s left, jobs 0/2: job 50%"
    assert screen.text == f"Train both\n\n{line}"
    shown.print("a warning")
    assert screen.text.startswith("Train both\na warning\n\nruns 5/10")
    shown.ended(1, well=True)
    shown.counted(1, 2)
    assert screen.text == "Train both\na warning"
    shown.began(2, "Collect")
    last = f"runs 10/10, training 100%, about {START / 2:.0f} s left, jobs 1/2: Collect"
    assert screen.text.endswith(f"\n\n{last}")
    shown.ended(2, well=True)
    shown.counted(2, 2)
    shown.close()
    last = "2 of 2 jobs done, 10 of 10 runs trained, training 100% done"
    assert screen.text == f"Train both\na warning\n{last}"


def test_the_line_goes_when_the_run_is_stopped(clock):
    screen = Screen()
    shown = begin(screen, clock)
    shown.close()
    shown.look()
    shown.ended(1, well=False)
    shown.print("error")
    assert screen.text == "Train both\nerror"


def test_elsewhere_lines_come_when_a_job_ends_and_now_and_then(watcher, clock):
    stream = io.StringIO()
    shown = begin(stream, clock)

    def at(now, done=()):
        """Look at a time, in seconds; return what is printed."""
        clock.now, watcher.done = now, list(done)
        before = len(stream.getvalue())
        shown.look()
        return stream.getvalue()[before:]

    assert at(1) == at(TELL - 1) == ""
    assert at(TELL).startswith("0 of 2 jobs done, 0 of 10 runs trained, training 0% done, about ")
    assert at(TELL + 100, ["a"]) == at(2 * TELL - 1) == ""
    # What is left at the speed of the first group, and the start of the other job.
    seconds = 50 * (TELL + 100) / (START + 50) - (TELL - 100) + START / 2
    assert at(2 * TELL) == (
        "0 of 2 jobs done, 5 of 10 runs trained, training 50% done, "
        f"about {seconds / 60:.0f} min left; now job 50%\n"
    )
    shown.ended(1, well=True)
    shown.counted(1, 2)
    last = stream.getvalue().splitlines()[-1]
    assert last == (
        f"1 of 2 jobs done, 10 of 10 runs trained, training 100% done, about {START / 2:.0f} s left"
    )
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_trouble_with_the_progress_ends_it_alone(watcher, clock, monkeypatch):
    def fails():
        raise RuntimeError("made up")

    monkeypatch.setattr(watcher, "finished", fails)
    for stream, text in [(Screen(), lambda s: s.text), (io.StringIO(), io.StringIO.getvalue)]:
        shown = begin(stream, clock)
        for _ in range(3):
            shown.look()
        shown.print("a message")
        shown.ended(1, well=True)
        shown.counted(1, 2)
        shown.close()
        lines = text(stream).splitlines()
        assert lines[:3] == [
            "Train both",
            "warning: no progress is shown: RuntimeError: made up",
            "a message",
        ]
        assert len(lines) == 4


def test_a_line_that_cannot_be_drawn_stops_nobody(clock, monkeypatch):
    screen = Screen()
    shown = begin(screen, clock)
    monkeypatch.setattr(BottomLine, "show", lambda *_: 1 / 0)
    shown.look()
    shown.ended(1, well=True)
    shown.print("a message")
    assert "a message" in screen.text.split("\n")


def test_where_it_is_not_wanted_there_are_no_threads_and_no_line(clock):
    screen = Screen()
    shown = begin(screen, clock, live=False)
    assert shown._thread is None
    assert screen.text == "Train both"


def test_the_thread_looks_and_ends(watcher, clock, monkeypatch):
    monkeypatch.setattr(display, "LOOK", 0.001)
    screen = Screen()
    shown = begin(screen, clock)
    clock.now, watcher.done = 60.0, ["a"]
    assert shown._thread.daemon
    for _ in range(6000):
        if "runs 5/10" in screen.text:
            break
        shown._thread.join(0.01)
    assert "runs 5/10" in screen.text
    shown.close()
    shown._thread.join(60)
    assert not shown._thread.is_alive()
    assert screen.text == "Train both"
