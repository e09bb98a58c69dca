"""Processes that are killed: all of them, one, all but one; and two pipelines in one folder."""

import os
import re
import resource
import signal
import subprocess
import time
from contextlib import contextmanager

import numpy as np
import pytest

from tests.workflow.checkout import STUDIES, Checkout, kill
from tests.workflow.outcome import (
    NOTHING,
    numbers,
    planned_runs,
    records,
    tracked,
    trained,
    unfinished,
    wait_for,
)

pytestmark = pytest.mark.pipeline

KILLS = int(os.environ.get("RESTUDY_KILLS", "2"))
SCALE = os.environ.get("RESTUDY_KILLS_SCALE", "tiny")
SEED = 20261122


class Quick(Checkout):
    """A checkout in which the repository's own studies are done, at the quick scale."""

    @property
    def results(self):
        return self.folder / "results/quick"


@pytest.fixture
def undisturbed(request, tmp_path):
    if SCALE == "tiny":
        return request.getfixturevalue("finished")
    made = Quick.fresh(tmp_path / "undisturbed", config="config/quick.yaml")
    made.output = made.run(timeout=3600)
    return made


@pytest.fixture
def four(finished, tmp_path):
    return finished.with_four_groups_to_train(tmp_path / "checkout")


def test_killed_at_random_moments_it_ends_the_same(undisturbed, tmp_path):
    """One run, killed again and again. In between, once while MLflow shows runs that train."""
    checkout = type(undisturbed).fresh(tmp_path / "checkout", undisturbed.config)
    if SCALE == "tiny":
        # MLflow is told at once, so that there are runs in it that a kill leaves unfinished.
        checkout.configure(tracking={"flush_interval_s": 0.01})
    chance, killed, log = np.random.default_rng(SEED), [], tmp_path / "printed"
    left = jobs_done(undisturbed.output)[1]
    for number in range(KILLS):
        if number == KILLS // 2 and SCALE == "tiny":
            kill_when(lambda _: unfinished(checkout), checkout, log)
            left -= jobs_done(log.read_text())[0]
        moment = int(chance.integers(max(2 * left // (KILLS - number + 1), 1)))
        moment = min(moment, left - 4)
        more = float(chance.uniform(0, 3))
        if kill_when(lambda done, moment=moment: done >= moment, checkout, log, more):
            killed.append((moment, round(more, 1)))
        left -= jobs_done(log.read_text())[0]
    print("killed after so many jobs, and seconds:", *killed)
    assert len(killed) >= KILLS - 1

    checkout.run(timeout=3600)
    expected, found = numbers(undisturbed), numbers(checkout)
    assert found.keys() == expected.keys()
    assert not [name for name, content in expected.items() if found[name] != content]
    assert tracked(checkout) == planned_runs(checkout)
    assert NOTHING in checkout.run()


def kill_when(condition, checkout, log, more=0.0):
    """Run until a condition on the number of jobs that ended holds, and some seconds more.

    Returns whether the run was killed, and had not come to its end by then.
    """
    with log.open("w") as file:
        process = checkout.start(output=file)
    try:
        wait_for(lambda: condition(jobs_done(log.read_text())[0]), process, seconds=1800)
        time.sleep(more)
        return process.poll() is None
    finally:
        kill(process)


def jobs_done(printed):
    """Return how many jobs have ended by what was printed, and how many there are."""
    *_, last = [("0", "0"), *re.findall(r"^(\d+) of (\d+) jobs done", printed, re.MULTILINE)]
    return tuple(map(int, last))


def worker(process):
    """Return the number of the process that trains."""
    listed = subprocess.run(
        ["pgrep", "-g", str(process.pid), "-f", r"\.snakemake/scripts/.*train"],
        capture_output=True,
        text=True,
        check=False,
    )
    (number,) = listed.stdout.split()
    return int(number)


def test_a_training_process_that_is_killed_takes_no_finished_group_with_it(four, tmp_path):
    """As the system does when memory runs out."""
    targets = ["results/studies/four/runs.parquet", "results/mlflow/sync.json"]
    four.configure(only=["four"], tracking={"flush_interval_s": 0.01})
    log = tmp_path / "printed"
    with log.open("w") as file:
        process = four.start(*targets, output=file)
    try:
        wait_for(lambda: records(four), process)
        os.kill(worker(process), signal.SIGKILL)
        assert process.wait(timeout=120) != 0
    finally:
        kill(process)
    done = set(records(four))
    assert 1 <= len(done) < 4
    assert "error: the process of this job was killed from outside" in log.read_text()
    assert "--cores" in log.read_text()
    assert "Traceback" not in log.read_text()

    output = four.run(*targets)
    after = records(four)
    assert trained(output) == {name: (0 if name in done else 2, 2) for name in after}
    assert len(after) == 4
    # The runs that were shown while they trained are there as they should be, and once.
    assert tracked(four) == planned_runs(four)
    assert NOTHING in four.run(*targets)


@contextmanager
def little_memory(gigabytes):
    """Start processes that may have so much address space, however much is free."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (gigabytes * 2**30, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_too_little_memory_is_told(four):
    """A network of a million units beside a few gigabytes: asked for, and refused."""
    recipe = STUDIES["tiny"]["recipe"] | {"hidden": [1_000_000]}
    study = STUDIES["tiny"] | {"recipe": recipe, "factors": {"norm": ["none"]}, "compare": []}
    four.write_study("large", **study)
    four.configure(only=["large"])
    with little_memory(8):
        process = four.start("results/studies/large/runs.parquet")
    output, _ = process.communicate(timeout=200)
    assert process.returncode != 0
    (line,) = set(re.findall(r"^error: mnist-1000000\S+: .*", output, re.MULTILINE))
    assert "not enough memory" in line
    assert "training.max_stacked_runs" in line
    assert "Traceback" not in output
    assert records(four) == {}


def test_there_is_one_pipeline_in_a_folder_and_no_orphan_beside_it(four):
    """A second one beside it is refused; so is one beside jobs whose pipeline was killed alone."""
    target = "results/studies/four/runs.parquet"
    first = four.start(target, output=subprocess.DEVNULL)
    try:
        wait_for(lambda: records(four), first)
        orphan = worker(first)
        # It goes on when it is looked at, and not before.
        os.killpg(first.pid, signal.SIGSTOP)
        output = four.run(target, fails=True)
        assert f"another run of the pipeline is going on in {four.folder}" in output
        assert f"(kill {first.pid})" in output
        assert "wait until it has ended" in output

        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        output = four.run(target, fails=True)
        assert f"a run of the pipeline in {four.folder} was killed, and jobs of it" in output
        (advice,) = set(re.findall(r"\(kill ([\d ]+)\)", output))
        assert str(orphan) in advice.split()
        for number in advice.split():
            os.kill(int(number), signal.SIGKILL)
    finally:
        kill(first)
    # Files that were being written are not taken for finished.
    four.run(target)
    assert len(records(four)) == 4
    assert NOTHING in four.run(target)
