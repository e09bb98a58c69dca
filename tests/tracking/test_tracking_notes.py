from __future__ import annotations

import json

from tracking_samples import make_study

from restudy.config.loading import load_studies
from restudy.planning.plan import make_plan
from restudy.tracking import descriptions, run_records
from restudy.tracking.saved_views import RUNS, address, main_metrics, view_tags
from restudy.tracking.store import experiment_tags
from tests.workflow.checkout import ROOT

KNOWN = {"claims": ["CLM-BN-01", "CLM-BN-02"], "results": "results/quick"}


def states(study):
    """Key of a view -> what is saved in it."""
    saved = {key: json.loads(value) for key, value in view_tags(study).items()}
    return {key.rpartition(".")[2]: json.loads(one["state"]) for key, one in saved.items()}


def test_an_experiment_says_what_it_asks_cuts_and_tests():
    note = descriptions.experiment_note(make_study() | KNOWN | {"source": "S3"})
    for text in (
        "A title\n",
        "A question?",
        "Scale: quick. Less than the full study: 2 seeds instead of 10.",
        "Source: S3.",
        "CLM-BN-01, CLM-BN-02; verdicts: `results/quick/tables/claims.csv`",
        "`results/quick/figures/norms.svg`",
        "`results/quick/report/index.html#norms`",
        "Runs are named by norm, seed.",
    ):
        assert text in note


def test_a_study_as_published_says_so():
    study = make_study() | {"source": "S3", "as_published": True}
    assert "feeds no verdict" in descriptions.experiment_note(study)
    assert run_records.study_tags(study)["restudy.honesty"] == "as_published"
    assert run_records.study_tags(make_study())["restudy.honesty"] == "honest"


def test_what_came_out_is_kept_apart():
    note = descriptions.with_outcome("what it is", "what came out")
    assert note.startswith("what it is")
    assert "what it is" + descriptions.outcome_in(note) == note
    assert descriptions.outcome_in("what it is") == ""


def test_views_have_the_columns_that_are_asked_for_first():
    found = states(make_study())
    assert found["runs"]["selectedColumns"] == [
        "metrics.`test_accuracy`",
        "metrics.`validation_accuracy`",
        "metrics.`train_accuracy`",
        "tags.`restudy.factor.norm`",
        "tags.`restudy.status`",
    ]
    assert found["runs"]["orderByKey"] == "metrics.`test_accuracy`"
    groups = found["means"]["groupBy"]["groupByKeys"]
    assert [group["groupByData"] for group in groups] == ["restudy.factor.norm"]
    assert address("7", RUNS).startswith("/#/experiments/7/runs?")


def test_nothing_to_group_by_is_no_group():
    study = make_study() | {"factors": {"dataset": ["mnist"]}}
    assert sorted(states(study)) == ["overview", "runs"]


def test_regressions_are_judged_by_r2():
    assert main_metrics(make_study() | {"datasets": ["california_housing"]})[0] == "test_r2"


def test_what_is_said_of_the_repository_s_studies_fits_into_a_store():
    plan = make_plan(load_studies(ROOT / "config/studies"), "full")
    claims = [f"CLM-XXX-{number:02}" for number in range(99)]
    for study in plan.studies.values():
        told = study.tracked() | {"claims": claims, "results": "results/full"}
        assert max(map(len, experiment_tags(told).values())) < 5000
        levels, group = told["runs"][0]["levels"], told["runs"][0]["group"]
        for tags in (run_records.run_tags(told, levels, "0"), run_records.group_tags(told, group)):
            assert max(map(len, tags.values())) < 5000
