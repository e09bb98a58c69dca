"""Clocks that are wrong for a while: nothing is trained again, nothing that is done is lost."""

import os
import re
import shlex
import shutil
import subprocess
import time

import pytest

from restudy.progress.time_left import Run
from restudy.runtime import timestamps
from tests.workflow.outcome import NOTHING, groups, jobs_of, numbers, trained

YEAR = 365 * 24 * 3600


def set_back(*files, seconds):
    """Have files as if the clock had been ahead by some seconds when they were written."""
    for file in files:
        os.utime(file, (time.time() + seconds,) * 2)


def test_only_the_future_is_complained_about(tmp_path):
    now = time.time()
    files = {name: tmp_path / name for name in ("old", "new", "soon", "late", "later")}
    ages = {"old": -30 * YEAR, "new": 0, "soon": 30, "late": 3600, "later": YEAR}
    for name, file in files.items():
        file.touch()
        os.utime(file, (now + ages[name],) * 2)
    gone = tmp_path / "gone"
    late = timestamps.written_after([*files.values(), gone], now, tolerance=60)
    assert [one.path.name for one in late] == ["later", "late"]
    assert timestamps.written_after([files["old"], gone], now) == []
    words = timestamps.complaint(late)
    assert str(files["later"]) in words
    assert "and 1 more were written in the future" in words
    # The command of the message does what it says.
    command = words.partition("then: ")[2]
    subprocess.run(shlex.split(command), check=True)
    assert timestamps.written_after(files.values(), time.time(), tolerance=1) == []
    assert abs(files["old"].stat().st_mtime - (now - 30 * YEAR)) < 2


@pytest.mark.pipeline
def test_after_a_clock_that_was_ahead_the_run_says_what_to_do(finished, copy):
    """Without that Snakemake would do every job again, and take back what each has made."""
    name = next(iter(groups(copy, "mnist*")))
    (target,) = jobs_of(copy, [name])
    set_back(copy.results / "data/mnist.safetensors", seconds=YEAR)
    output = copy.run(target, fails=True)
    assert "results/data/mnist.safetensors was written in the future" in output
    (line,) = {line for line in output.splitlines() if "find results" in line}
    subprocess.run(shlex.split(line.partition("then: ")[2]), cwd=copy.folder, check=True)
    # The data are newer than the networks now, so they are looked at; but not trained again.
    assert trained(copy.run(target)) == dict.fromkeys(groups(copy, "mnist*"), (0, 2))
    assert NOTHING in copy.run(target)
    found = numbers(copy)
    assert not [file for file, made in numbers(finished).items() if found[file] != made]


@pytest.mark.pipeline
def test_a_clock_that_is_set_back_while_a_network_trains_costs_no_network(finished, copy):
    """Snakemake takes back the record of the job, and no network."""
    wanted = groups(finished, "mnist*")
    targets = jobs_of(copy, wanted)
    shutil.rmtree(copy.results / "groups")
    # As it was half a minute ago, when the clock was ahead: less than a run minds at its start.
    set_back(copy.results / "data/mnist.safetensors", seconds=timestamps.TOLERANCE - 5)
    with copy.replaced(
        "workflow/scripts/train.py",
        "    train_in_turn(",
        "    import time\n    real = time.time\n    time.time = lambda: real() - 3600\n"
        "    train_in_turn(",
    ):
        output = copy.run(*targets, fails=True)
    assert trained(output) == dict.fromkeys(wanted, (2, 2))
    assert re.search("error: results/data/mnist.safetensors .*written in the future", output)

    set_back(copy.results / "data/mnist.safetensors", seconds=0)
    assert trained(copy.run(*targets)) == dict.fromkeys(wanted, (0, 2))
    assert NOTHING in copy.run(*targets)


@pytest.mark.pipeline
def test_results_from_the_past_are_not_trained_again(finished, copy):
    """A machine that thinks it is 1995: everything that was made there is older than its data."""
    wanted = groups(copy, "mnist*")
    targets = jobs_of(copy, wanted)
    set_back(
        *copy.results.glob("groups/*/*"), *map(copy.folder.joinpath, targets), seconds=-30 * YEAR
    )
    assert trained(copy.run(*targets)) == dict.fromkeys(wanted, (0, 2))
    assert NOTHING in copy.run(*targets)
    found = numbers(copy)
    assert not [file for file, made in numbers(finished).items() if found[file] != made]


def test_progress_asks_no_clock_that_can_be_set(monkeypatch):
    """The time left comes from a clock that only goes forward, wherever it is looked at."""
    from snakemake_logger_plugin_restudy.display import Display

    def is_set_back():
        raise AssertionError("the clock on the wall was asked")

    monkeypatch.setattr(time, "time", is_set_back)
    with open(os.devnull, "w") as stream:
        display = Display(stream)
        display.expect(jobs=2, cores=1)
        display.began(1, "a job", [])
        display.ended(1, well=True)
        display.counted(1, 2)
        display.look()
        display.close()
    assert isinstance(display._run, Run)
    assert display._run.jobs == (1, 2)
