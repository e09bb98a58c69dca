"""How far a run is and what is left of it: by work, by what was seen, on several cores."""

import pytest

from restudy.costs import START
from restudy.progress import CellProgress, Run, Training, duration, percent


def cells(**work):
    """Cells of two lanes, by their work in all."""
    return {name: CellProgress(2, seconds / 2) for name, seconds in work.items()}


def done(training, cell, now):
    training.see(cell, now, 2, 2)


def test_nothing_is_said_before_something_was_trained():
    training = Training(cells(a=10, b=20), [["a"], ["b"]])
    assert training.seconds_left(0, 1) is None
    training.begin("a", 0)
    training.see("a", 9, 0, 0)
    assert training.seconds_left(10, 1) is None
    training.see("a", 10, 0.5, 0)
    assert training.seconds_left(10, 1) is not None


def test_the_speed_is_that_of_the_jobs_with_their_starts():
    training = Training(cells(a=10, b=20), [["a"], ["b"]])
    training.begin("a", 100)
    training.end("a", 100 + 3 * (START + 10), well=True)
    # A third of the estimated speed.
    assert training.seconds_left(1000, 1) == pytest.approx(3 * (START + 20))


def test_a_part_of_a_cell_counts():
    training = Training(cells(a=40), [["a"]])
    training.begin("a", 0)
    training.see("a", START + 10, 0.5, 0)
    assert training.seconds_left(START + 10, 1) == pytest.approx(30)
    assert (training.runs, training.share()) == ((0, 2), 0.25)


def test_between_two_looks_a_job_goes_on_as_expected_until_it_is_overdue():
    training = Training(cells(a=40), [["a"]])
    training.begin("a", 0)
    training.see("a", START + 10, 0.5, 0)
    left = [training.seconds_left(START + 10 + since, 1) for since in (0, 10, 20, 300)]
    assert left == pytest.approx([30, 20, 10, 30])


def test_what_was_there_before_counts_as_done_and_not_for_the_speed():
    there = cells(a=10, b=100, c=100) | {"old": CellProgress(3, 1000, 3, 3)}
    there["b"].done = there["b"].runs = 1
    training = Training(there, [["a"], ["b"], ["c"]])
    assert training.runs == (4, 9)
    assert training.share() == pytest.approx((3000 + 50) / 3210)
    training.begin("b", 0)
    training.end("b", START + 50, well=True)
    assert training.seconds_left(START + 50, 1) == pytest.approx(2 * START + 110)
    # A job that finds everything there says nothing of the speed.
    there["a"].done = there["a"].runs = 2
    training.begin("a", START + 50)
    training.end("a", START + 1000, well=True)
    assert training.seconds_left(START + 1000, 1) == pytest.approx(START + 100)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(1, 4 * START + 120), (2, (4 * START + 120) / 2), (4, START + 60), (64, START + 60)],
)
def test_cores_share_what_is_left_and_a_job_has_one(cores, expected):
    there = cells(first=5, a=20, b=20, c=20, long=60)
    training = Training(there, [[cell] for cell in there])
    training.begin(["first"], 0)
    training.end(["first"], START + 5, well=True)
    assert training.seconds_left(START + 5, cores) == pytest.approx(expected)


def test_jobs_that_run_at_once_each_have_their_time():
    training = Training(cells(a=10, b=10, c=10), [["a"], ["b"], ["c"]])
    training.begin("a", 0)
    training.begin("b", 0)
    for cell in "ab":
        training.end(cell, 2 * (START + 10), well=True)
    # Half the estimated speed, though twice as much is done in that time.
    assert training.seconds_left(60, 2) == pytest.approx(2 * (START + 10))


def test_cells_of_one_job_are_seen_one_by_one():
    training = Training(cells(a=10, b=10, c=20), [["a", "b", "c"]])
    training.begin("abc", 0)
    assert training.in_work() == ["a", "b", "c"]
    done(training, "a", START + 10)
    assert training.in_work() == ["b", "c"]
    assert training.runs == (2, 6)
    assert training.share() == training.share("abc") == 0.25
    assert training.seconds_left(START + 10, 8) == pytest.approx(30)
    training.end("abc", START + 40, well=True)
    assert (training.in_work(), training.runs, training.share()) == ([], (6, 6), 1)
    assert training.seconds_left(START + 40, 8) == 0


def test_a_job_that_fails_leaves_its_cells_and_is_not_waited_for():
    training = Training(cells(a=10, b=10), [["a", "b"]])
    training.begin("ab", 0)
    done(training, "a", START + 10)
    training.end("ab", START + 12, well=False)
    assert (training.runs, training.share()) == ((2, 4), 0.5)
    assert (training.seconds_left(100, 1), training.jobs_left, training.in_work()) == (0, 0, [])


def test_it_never_goes_back():
    training = Training(cells(a=10), [["a"]])
    training.begin("a", 0)
    training.see("a", 8, 1.5, 1)
    training.see("a", 9, 0.5, 0)
    assert (training.share(), training.runs) == (0.75, (1, 2))


def test_other_jobs_take_the_median_of_those_that_ended():
    """One experiment of two minutes does not tell how long the tables take."""
    run = Run()
    run.training, run.cores, run.jobs = Training(cells(a=10), [["a"]]), 2, (0, 7)
    run.begin(0, "Experiment", [], -110)
    run.end(0, 10)
    run.begin(1, "Fetch", [], 0)
    run.end(1, 3)
    run.begin(2, "Prepare", [], 3)
    run.end(2, 8)
    run.jobs = (3, 7)
    assert run.seconds_left(10) is None
    run.begin(3, "a", ["a"], 10)
    run.training.see("a", 10 + START + 5, 1, 1)
    # One that trains, three others.
    assert run.seconds_left(10 + START + 5) == pytest.approx(5 + 3 * 5 / 2)
    run.end(3, 10 + START + 10)
    run.jobs = (4, 7)
    assert run.seconds_left(30) == pytest.approx(3 * 5 / 2)


def test_without_training_the_first_job_tells_how_long_others_take():
    run = Run()
    run.jobs = (0, 3)
    run.begin(1, "Collect", [], 0)
    assert run.describe(1) == "0 of 3 jobs done, estimating the time left"
    assert run.describe_briefly(1) == "estimating the time left, jobs 0/3: Collect"
    run.end(1, 8)
    run.jobs = (1, 3)
    assert run.describe(8) == "1 of 3 jobs done, about 16 s left"
    run.jobs = (3, 3)
    assert run.describe(8) == "3 of 3 jobs done"


def test_the_words():
    run = Run()
    there = cells(a=30, b=30, c=40) | {"old": CellProgress(4994, 0.0, 4994, 4994)}
    run.training, run.jobs = Training(there, [["a", "b"], ["c"]]), (0, 3)
    run.begin(1, "Fetch", [], 0)
    run.end(1, 5)
    run.jobs = (1, 3)
    run.begin(2, "study-01", ["a", "b"], 0)
    run.begin(3, "c", ["c"], 0)
    assert run.describe_briefly(0) == (
        "runs 4,994/5,000, training 0%, estimating the time left, jobs 1/3: study-01, c"
    )
    run.training.see("a", START + 30, 2, 2)
    # 30 left of the first; of the other as much as of its 40 seconds and its start by now.
    assert run.describe(START + 30) == (
        "1 of 3 jobs done, 4,996 of 5,000 runs trained, training 30% done, about 40 s left"
    )
    assert run.describe_briefly(START + 30) == (
        "runs 4,996/5,000, training 30%, about 40 s left, jobs 1/3: study-01 50%, c"
    )


def test_a_training_job_that_nobody_expected_is_like_any_other():
    run = Run()
    run.jobs = (0, 1)
    run.begin(1, "study-01", ["a"], 0)
    assert run.describe_briefly(0) == "estimating the time left, jobs 0/1: study-01"
    run.end(1, 8)
    assert not run.is_running


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (0.29, "29%"), (0.57, "57%"), (0.9999, "99%"), (1, "100%")]
)
def test_only_what_is_done_is_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (12_600, "3.5 h")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
