"""How far a run is and what is left of it: by work, by what was trained, on several cores."""

import pytest

from restudy.planning.costs import START
from restudy.progress.time_left import GroupProgress, Run, duration, percent


def started(cores=1, jobs=None, **work):
    """Return a run with a group of two runs for each seconds of work, each in a job of its own."""
    run = Run()
    run.cores = cores
    jobs = [[name] for name in work] if jobs is None else jobs
    run.expect({name: GroupProgress(2, seconds) for name, seconds in work.items()}, jobs)
    run.jobs = (0, len(jobs))
    return run


def ended(run, number, now, **options):
    run.end(number, now, **options)
    run.jobs = (run.jobs[0] + 1, run.jobs[1])


def test_before_anything_is_trained_the_estimates_count():
    run = started(a=10, b=20)
    assert run.seconds_left(0) == pytest.approx(2 * START + 30)
    run.begin(1, "a", ["a"], 0)
    assert run.seconds_left(5) == pytest.approx(2 * START + 30 - 5)


def test_the_speed_is_that_of_the_jobs_with_their_starts():
    run = started(a=10, b=20)
    run.begin(1, "a", ["a"], 100)
    ended(run, 1, 100 + 3 * (START + 10))
    # A third of the estimated speed.
    assert run.seconds_left(1000) == pytest.approx(3 * (START + 20))


def test_between_two_groups_a_job_goes_on_as_expected_until_it_is_overdue():
    run = started(a=10, b=30, jobs=[["a", "b"]])
    run.begin(1, "job", ["a", "b"], 0)
    run.finish("a", START + 10)
    left = [run.seconds_left(START + 10 + since) for since in (0, 10, 20, 300)]
    assert left == pytest.approx([30, 20, 10, 30])


def test_what_was_there_before_counts_as_done_and_not_for_the_speed():
    run = Run()
    groups = {
        "a": GroupProgress(2, 10),
        "b": GroupProgress(2, 100, 1),
        "old": GroupProgress(3, 90, 3),
    }
    run.expect(groups, [["a"], ["b"]])
    run.jobs = (0, 2)
    run.begin(1, "b", ["b"], 0)
    assert "4 of 7 runs trained, training 70% done" in run.describe(0)
    ended(run, 1, START + 50)
    assert run.seconds_left(START + 50) == pytest.approx(START + 10)


def test_a_job_that_finds_everything_there_says_nothing_of_the_speed():
    run = Run()
    run.expect({"a": GroupProgress(2, 10, 2), "b": GroupProgress(2, 100)}, [["a"], ["b"]])
    run.jobs = (0, 2)
    run.begin(1, "a", ["a"], 0)
    ended(run, 1, 1000)
    assert run.seconds_left(1000) == pytest.approx(START + 100)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(1, 4 * START + 120), (2, (4 * START + 120) / 2), (4, START + 60), (64, START + 60)],
)
def test_cores_share_what_is_left_and_a_job_has_one(cores, expected):
    run = started(cores, first=5, a=20, b=20, c=20, long=60)
    run.begin(1, "first", ["first"], 0)
    ended(run, 1, START + 5)
    assert run.seconds_left(START + 5) == pytest.approx(expected)


def test_jobs_that_run_at_once_each_have_their_time():
    run = started(2, a=10, b=10, c=10)
    run.begin(1, "a", ["a"], 0)
    run.begin(2, "b", ["b"], 0)
    for number in (1, 2):
        ended(run, number, 2 * (START + 10))
    # Half the estimated speed, though twice as much is done in that time.
    assert run.seconds_left(60) == pytest.approx(2 * (START + 10))


def test_a_job_that_fails_leaves_its_groups_and_is_not_waited_for():
    run = started(a=10, b=10, jobs=[["a", "b"]])
    run.begin(1, "ab", ["a", "b"], 0)
    run.finish("a", START + 10)
    ended(run, 1, START + 12, well=False)
    assert run.seconds_left(100) == 0
    assert run.describe(100) == "1 of 1 jobs done, 2 of 4 runs trained, training 50% done"


def test_other_jobs_take_the_median_of_those_that_ended():
    """One experiment of two minutes does not tell how long the tables take."""
    run = started(2, a=10)
    run.jobs = (0, 7)
    for number, (begin, end) in enumerate([(-110, 10), (0, 3), (3, 8)]):
        run.begin(number, "other", [], begin)
        ended(run, number, end)
    run.begin(3, "a", ["a"], 10)
    # One that trains, three others.
    assert run.seconds_left(10) == pytest.approx(START + 10 + 3 * 5 / 2)
    ended(run, 3, 10 + START + 10)
    assert run.seconds_left(30) == pytest.approx(3 * 5 / 2)


def test_the_words():
    run = Run()
    groups = {"a": GroupProgress(2, 30), "b": GroupProgress(2, 30), "c": GroupProgress(2, 40)}
    old = {"old": GroupProgress(4994, 0.0, 4994)}
    run.expect(groups | old, [["a", "b"], ["c"]])
    run.jobs = (0, 3)
    run.begin(1, "Fetch", [], 0)
    ended(run, 1, 5)
    run.begin(2, "study-01", ["a", "b"], 0)
    run.begin(3, "c", ["c"], 0)
    run.finish("a", START + 30)
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
    assert run.describe_briefly(0) == f"about {START:.0f} s left, jobs 0/1: study-01"
    ended(run, 1, 8)
    assert not run.is_running
    assert run.describe(8) == "1 of 1 jobs done"


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
