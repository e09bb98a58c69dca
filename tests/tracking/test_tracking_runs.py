from __future__ import annotations

import pytest
from tracking_samples import GROUP, make_group, make_study, recipe

from restudy.config.run_ids import to_flat_dict
from restudy.tracking import run_records
from restudy.tracking.curves import learning_curves


def test_content_of_a_run():
    content = run_records.run_contents(make_study(), GROUP, make_group(), ended=100.0)["s1-b"]
    assert content.name == "batch seed=1"
    assert content.tags["restudy.factor.norm"] == "batch"
    assert content.tags["restudy.git_commit"] == "c" * 40 + "-dirty"
    assert (content.started, content.ended) == (100_000 - 6_000, 100_000)
    points = {(p.name, p.epoch): p for p in content.points}
    assert points["train_accuracy", 1].value == 0.11
    assert points["train_accuracy", 1].time == 97_000
    assert points["seconds_per_epoch", 2].value == 1.0
    assert ("test_accuracy", 2) in points
    assert ("test_accuracy", 1) not in points


def test_parameters_are_the_same_from_recipe_and_summary():
    summary = run_records.run_contents(make_study(), GROUP, make_group())["s0-a"].params
    told = run_records.params(to_flat_dict(recipe(0)))
    assert {name: summary[name] for name in told} == told
    assert "steps" not in told
    assert told["hidden"] == "8"


def test_group_has_the_means_of_its_finished_runs():
    results = make_group(("s0-a", "s1-b", "s2-c"), diverged=("s2-c",))
    study = make_study(runs=("s0-a", "s1-b", "s2-c"))
    runs = run_records.run_contents(study, GROUP, results)
    group = run_records.group_content(study, GROUP, results, runs)
    values = {p.name: p.value for p in group.points}
    assert values["test_accuracy"] == pytest.approx(0.205)
    assert (values["runs"], values["runs_diverged"]) == (3, 1)
    assert runs["s2-c"].tags["restudy.status"] == "diverged"
    assert runs["s2-c"].tags["restudy.diverged_epoch"] == "1"
    assert not any(p.name.endswith("loss") for p in runs["s2-c"].points)
    assert "seed" not in group.params
    assert group.params["batch_size"] == "64"
    assert "restudy.factor.norm" not in group.tags
    assert group.tags["restudy.factor.dataset"] == "mnist"


def test_commit_is_told_of_runs_that_it_trained():
    results = make_group()
    results.record["seeds"] = {"s1-b": 1}
    results.record["earlier"] = [{"seeds": {"s0-a": 0}, "git_commit": "e" * 40, "git_dirty": False}]
    runs = run_records.run_contents(make_study(), GROUP, results)
    assert runs["s0-a"].tags["restudy.git_commit"] == "e" * 40
    assert runs["s1-b"].tags["restudy.git_commit"] == "c" * 40 + "-dirty"


def test_curves_are_a_picture():
    groups = run_records.varying_levels(run_records.runs_of(make_study(), GROUP))
    assert groups == {"s0-a": "norm=none", "s1-b": "norm=batch"}
    assert learning_curves(make_group().history, groups, "title").startswith(b"\x89PNG")
