"""Disks that are full, or that cannot be written to."""

import re
import shutil

import pytest

from tests.faults.disks import filled, read_only, small_disk
from tests.workflow.outcome import (
    groups,
    jobs_of,
    numbers,
    planned_runs,
    tracked,
    trained,
    training,
)

pytestmark = pytest.mark.pipeline

MAKE_ROOM = "the disk is full; make room on it, then give the same command again"


def errors(output):
    """Return what the jobs said went wrong."""
    return sorted(set(re.findall(r"^(?:error|warning): (.*)", output, re.MULTILINE)))


def test_a_full_disk_is_told_and_nothing_half_written_stays(finished, copy):
    """In drawing, training, tracking: with room again, the same as if nothing had been."""
    figure, store = "results/figures/tiny.svg", "results/mlflow/sync.json"
    networks = training(finished)
    with small_disk(copy.results, megabytes=120):
        for file in copy.results.glob("figures/tiny.*"):
            file.unlink()
        # Room for logs, but not for a figure.
        with filled(copy.results, left=12_000):
            output = copy.run(figure, fails=True)
            assert [MAKE_ROOM in error for error in errors(output)] == [True], output
            assert str(copy.results) in output
            assert not list(copy.results.glob("figures/tiny.*"))
        copy.run(figure)

        shutil.rmtree(copy.results / "groups")
        with filled(copy.results, left=40_000):
            (target,) = jobs_of(finished, groups(finished, "mnist*"))
            output = copy.run(target, fails=True)
            assert any(MAKE_ROOM in error for error in errors(output)), output
            assert not list(copy.results.glob("groups/*/group.json"))
            assert not list(copy.results.rglob("*.part"))
        assert trained(copy.run(*networks)) == dict.fromkeys(groups(finished), (2, 2))

        # The store is a view: without it everything else is made.
        for file in copy.results.glob("mlflow/mlflow.db*"):
            file.unlink()
        with filled(copy.results, left=200_000):
            output = copy.run(store)
            assert "runs are missing in the store" in output
            assert "make room on its disk" in output
            assert not list(copy.results.rglob("*.part"))
        copy.run(store)
        assert tracked(copy) == planned_runs(copy)
        found = numbers(copy)
        assert not [name for name, made in numbers(finished).items() if found[name] != made]


@pytest.mark.parametrize("place", ["results", "."])
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_done(copy, place):
    figure = copy.results / "figures/tiny.svg"
    with read_only(copy.folder / place):
        output = copy.run("--force", "results/figures/tiny.svg", fails=True)
    assert (
        "results: 'results' is not allowed; allowed: a folder that files can be written to"
        in output
    )
    assert "Read-only file system" in output
    assert figure.is_file()
