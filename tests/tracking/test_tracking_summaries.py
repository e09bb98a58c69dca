from __future__ import annotations

import json

import pytest
from tracking_samples import GROUP, make_group, make_study

from restudy.results import group_files
from restudy.tracking.register_results import FinishReport, finish
from restudy.tracking.store import ensure_experiment
from restudy.tracking.summaries import files_of, read_verdicts
from restudy.tracking.sync import sync

VIEW = {
    "claims": [
        {"id": id_, "status": status, "statement": statement}
        for id_, status, statement in (
            ("CLM-BN-01", "supported", "It is faster, and better."),
            ("CLM-BN-02", "contradicted", "It is cheaper."),
        )
    ]
}
STUDY = make_study() | {"claims": ["CLM-BN-01"], "results": "results", "keep_weights": False}
NOTE = "mlflow.note.content"


@pytest.fixture
def made(store):
    """The results of a run of the pipeline, and a store that has its runs."""
    folder = store.results
    group_files.write(make_group(), folder / "groups" / GROUP)
    files = files_of("norms", ["FIG-S3-01"], folder)
    for name, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"<svg>{name}</svg>".encode())
    (folder / "report").mkdir()
    (folder / "report/view.json").write_text(json.dumps(VIEW))
    sync(store.uri, store.artifacts, folder / "groups", [STUDY])
    return store.prepare()


def run(store, study=STUDY):
    return finish(store.uri, store.results, [study], {"norms": ["FIG-S3-01"]})


def summaries(store):
    return [
        mlflow_run
        for mlflow_run in store.all_runs()
        if mlflow_run.data.tags["restudy.kind"] == "summary"
    ]


def test_a_summary_holds_figures_tables_and_verdicts(made):
    assert run(made) == FinishReport(summaries=1)
    (summary,) = summaries(made)
    assert summary.info.run_name == "summary of norms"
    folder = made.artifacts / "norms" / summary.info.run_id / "artifacts"
    for name, path in files_of("norms", ["FIG-S3-01"], made.results).items():
        assert (folder / name).read_bytes() == path.read_bytes()
    note = made.client.get_experiment(made.experiment()).tags[NOTE]
    for text in (summary.data.tags[NOTE], note):
        assert "- CLM-BN-01: **supported**. It is faster, and better." in text
        assert f"get-artifact?path=norms.svg&run_uuid={summary.info.run_id}" in text
        assert "CLM-BN-02" not in text
    assert "A question?" in note


def everything(store):
    tags = store.client.get_experiment(store.experiment()).tags
    return tags, {
        mlflow_run.info.run_id: (mlflow_run.info.end_time, mlflow_run.data.tags)
        for mlflow_run in store.all_runs()
    }


def test_twice_is_once(made):
    run(made)
    before = everything(made)
    assert run(made) == FinishReport(present=1)
    sync(made.uri, made.artifacts, made.results / "groups", [STUDY])
    assert everything(made) == before


def test_a_verdict_that_changes_makes_it_anew(made):
    run(made)
    (old,) = summaries(made)
    view = made.results / "report/view.json"
    view.write_text(view.read_text().replace("supported", "inconclusive"))
    assert run(made).summaries == 1
    (new,) = summaries(made)
    assert new.info.run_id != old.info.run_id
    assert "inconclusive" in made.client.get_experiment(made.experiment()).tags[NOTE]


def test_what_runs_say_of_their_study_follows_it(made):
    run(made)
    before = {found.info.run_id for found in made.all_runs()}
    changed = STUDY | {"title": "Another title"}
    groups = made.results / "groups"
    assert sync(made.uri, made.artifacts, groups, [changed]).added == 0
    runs = [found for found in made.all_runs() if found.data.tags["restudy.kind"] != "summary"]
    assert all("Another title" in found.data.tags[NOTE] for found in runs)
    assert {found.info.run_id for found in made.all_runs()} == before


def test_another_claim_leaves_the_runs_alone(made, monkeypatch):
    run(made)
    monkeypatch.setattr("restudy.tracking.sync.send", None)  # thousands of runs take minutes
    changed = STUDY | {"claims": ["CLM-BN-01", "CLM-BN-02"]}
    groups = made.results / "groups"
    assert sync(made.uri, made.artifacts, groups, [changed]).problem is None


def test_training_leaves_the_description_alone(made):
    run(made)
    before = everything(made)
    ensure_experiment(made.client, made.artifacts, make_study(), describe=False)
    assert everything(made) == before


def test_a_store_that_is_down_is_reported(made, unused_port):
    report = finish(f"http://127.0.0.1:{unused_port}", made.results, [STUDY], {})
    assert (report.present, report.summaries, report.missing) == (0, 0, 1)
    assert report.problem


def test_verdicts_are_those_of_the_view_model(made):
    verdicts = read_verdicts(made.results / "report/view.json")
    assert verdicts["CLM-BN-01"].statement == "It is faster, and better."
    assert verdicts["CLM-BN-02"].status == "contradicted"
