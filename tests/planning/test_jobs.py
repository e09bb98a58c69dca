"""How groups share jobs: each in one, none too long, whatever other studies there are."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.planning import costs
from restudy.planning.jobs import make_jobs
from tests.planning.test_plan import designs, plan, study


@st.composite
def sized(draw):
    """Designs whose groups take from tenths of a second to hours."""
    design = draw(designs())
    recipe = {
        "train_samples": draw(st.sampled_from([500, 5000, 50_000])),
        "epochs": draw(st.sampled_from([1, 5, 50])),
        "hidden": draw(st.sampled_from([[8], [64], [512, 256]])),
    }
    return design | {"recipe": recipe}


def jobs(*studies):
    """Job -> groups, without what the groups hold."""
    made = make_jobs(plan(*studies))
    return {name: [group.id for group in job.groups] for name, job in made.items()}


def long_jobs(*studies):
    """The jobs that are work enough to be a study's own, whichever studies there are."""
    made = make_jobs(plan(*studies))
    work = {name: sum(group.work for group in job.groups) for name, job in made.items()}
    return {
        name: [group.id for group in job.groups]
        for name, job in made.items()
        if work[name] >= 56 or (len(job.groups) == 1 and work[name] > 40)
        if not name.startswith("short-")
    }


@settings(max_examples=60, deadline=None)
@given(sized(), sized())
def test_each_group_is_in_exactly_one_job(one, other):
    studies = study("one", **one), study("other", **other)
    found = list(itertools.chain(*jobs(*studies).values()))
    assert sorted(found) == sorted(plan(*studies).groups)


@settings(max_examples=60, deadline=None)
@given(sized(), sized())
def test_a_study_after_it_leaves_the_jobs_of_a_study_as_they_are(one, other):
    alone = long_jobs(study("one", **one))
    assert jobs(study("one", **one), study("other", **other)).items() >= alone.items()


@settings(max_examples=60, deadline=None)
@given(sized(), sized(), st.randoms(use_true_random=False))
def test_jobs_of_studies_without_common_groups_do_not_depend_on_order(one, other, random):
    other = other | {"recipe": other["recipe"] | {"train_samples": 700}}
    studies = [study("one", **one), study("other", **other), study("third", recipe={"epochs": 3})]
    expected = {}
    for each in studies:
        expected |= long_jobs(each)
    random.shuffle(studies)
    assert long_jobs(*studies) == expected


@settings(max_examples=60, deadline=None)
@given(sized())
def test_jobs_are_neither_too_long_nor_too_few(design):
    made = make_jobs(plan(study(**design)))
    work = {name: [group.work for group in job.groups] for name, job in made.items()}
    for seconds in work.values():
        assert len(seconds) == 1 or (sum(seconds) <= 180 and max(seconds) <= 40)
    short = [x for seconds in work.values() for x in seconds if x <= 40]
    if sum(short) >= 80:
        assert sum(min(seconds) <= 40 for seconds in work.values()) >= 2
    # Two neighbours that could have been one job: there are none.
    assert len([x for x in work.values() if sum(x) <= 8]) <= 1


def test_the_shortest_of_several_studies_are_put_together():
    """A start takes eight seconds; these groups one or two each."""
    studies = [
        study(name, factors={"hidden": [[8], [width]], "dataset": ["mnist", "fashion_mnist"]})
        for name, width in (("one", 9), ("two", 10), ("three", 11))
    ]
    made = make_jobs(plan(*studies))
    assert sorted(made) == ["short-fashion_mnist-01", "short-mnist-01"]
    assert [len(job.groups) for job in made.values()] == [4, 4]
    # Twenty of them are no longer one job.
    recipe = {"train_samples": 1000, "epochs": 20}
    many = [study(f"s{i}", recipe=recipe, factors={"hidden": [[64 + i]]}) for i in range(20)]
    work = [sum(group.work for group in job.groups) for job in make_jobs(plan(*many)).values()]
    assert len(work) > 1
    assert all(seconds <= 60 for seconds in work)


def test_what_jobs_are_called():
    mixed = {"factors": {"hidden": [[8], [9]], "dataset": ["mnist", "fashion_mnist"]}}
    assert list(jobs(study("mixed", **mixed))) == ["mixed-mnist-01", "mixed-fashion_mnist-01"]
    (one,) = make_jobs(plan(study())).values()
    assert one.id == one.groups[0].id


def test_long_groups_are_alone_and_the_short_ones_beside_them_together():
    recipe = {"train_samples": 50_000, "epochs": 10}
    made = jobs(study(recipe=recipe, factors={"hidden": [[8], [512, 256], [9]]}))
    assert sorted(len(groups) for groups in made.values()) == [1, 2]
    (name,) = [name for name, groups in made.items() if len(groups) == 2]
    assert name == "tiny-mnist-01"


def test_a_job_is_handed_its_groups_as_plain_values():
    made = plan(study(factors={"hidden": [[8], [9]]}))
    (job,) = make_jobs(made).values()
    assert job.dataset == "mnist"
    assert job.parameters() == [group.parameters() for group in job.groups]


def test_the_estimate_is_operations_by_time():
    """By hand, for a network whose products take most of the time."""
    recipe = {"hidden": [1000], "batch_size": 1000, "epochs": 5, "evaluate_every": 5}
    (group,) = plan(study(recipe=recipe, seeds=1)).groups.values()
    operations = 6 * (784 * 1000 + 1000 * 10) * 54_000 * 5
    assert group.work == pytest.approx(operations * 1.2e-11, rel=0.3)
    assert costs.seconds(group.shared, 4) > 3.5 * group.work
