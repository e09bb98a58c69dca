"""The time that is left: by work, not by number of jobs."""

import pytest

from restudy import progress
from restudy.config.study import Study
from restudy.plan import make_plan
from tests.config.studies import STUDY


@pytest.fixture
def cells():
    study = Study.model_validate(STUDY | {"factors": {"hidden": [[8], [400, 400]]}})
    made = make_plan({"tiny": study}, "full").cells
    return dict(sorted(made.items(), key=lambda item: item[1].work))


def test_the_time_left_goes_by_work(cells, tmp_path):
    progress.expect(cells, tmp_path)
    small, large = cells
    clock = progress.Clock(100.0)
    assert clock.describe(110.0) == ""
    clock.finished(small)
    share = cells[small].work / (cells[small].work + cells[large].work)
    left = 10 * cells[large].work / cells[small].work
    expected = f", training {share:.0%} done, about {progress.duration(left)} left"
    assert clock.describe(110.0) == expected
    clock.finished(large)
    assert clock.describe(130.0) == ""


def test_cells_that_are_there_count_for_nothing(cells, tmp_path):
    small, large = cells
    (tmp_path / small).mkdir()
    progress.expect(cells, tmp_path)
    clock = progress.Clock(0.0)
    clock.finished(small)
    assert clock.done == 0
    clock.finished(large)
    assert clock.done == cells[large].work


def test_if_all_are_there_all_may_be_trained_again(cells, tmp_path):
    for name in cells:
        (tmp_path / name).mkdir()
    progress.expect(cells, tmp_path)
    clock = progress.Clock(0.0)
    clock.finished(next(iter(cells)))
    assert clock.describe(1.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (12_600, "3.5 h")],
)
def test_durations(seconds, words):
    assert progress.duration(seconds) == words
