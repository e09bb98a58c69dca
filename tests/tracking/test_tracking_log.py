from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tracking_samples import GROUP, make_group, make_study

from restudy.tracking.log import Started, create, log_group, send
from restudy.tracking.run_records import Point, RunContent, run_contents


def log(store, group, study=None, **options):
    study = study or make_study()
    return log_group(store.client, store.experiment(study["name"]), study, GROUP, group, **options)


def test_structure(store):
    store.prepare(make_study())
    assert log(store, make_group()) == 2
    (parent,) = store.parents()
    runs = {run: mlflow_run for run, (mlflow_run,) in store.runs().items()}
    assert parent.info.run_name == GROUP
    for mlflow_run in [parent, *runs.values()]:
        assert mlflow_run.info.status == "FINISHED"
        assert [i.dataset.name for i in mlflow_run.inputs.dataset_inputs] == [
            "mnist-train",
            "mnist-test",
        ]
    for mlflow_run in runs.values():
        assert mlflow_run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert mlflow_run.data.params["learning_rate"] == "0.1"
        assert mlflow_run.data.metrics["test_accuracy"] >= 0.2
        history = store.client.get_metric_history(mlflow_run.info.run_id, "validation_accuracy")
        assert [point.step for point in history] == [1, 2]
        files = store.client.list_artifacts(mlflow_run.info.run_id)
        assert [file.path for file in files] == ["weights.safetensors"]
    files = store.client.list_artifacts(parent.info.run_id)
    assert [file.path for file in files] == ["group.json", "learning_curves.png"]
    assert Path(parent.info.artifact_uri).is_relative_to(store.results / "mlflow" / "artifacts")


def test_twice_is_once(store):
    store.prepare(make_study())
    log(store, make_group())
    before = {mlflow_run.info.run_id for mlflow_run in store.all_runs()}
    assert log(store, make_group()) == 0
    assert {mlflow_run.info.run_id for mlflow_run in store.all_runs()} == before


def test_retrained_run_replaces_its_run(store):
    store.prepare(make_study())
    log(store, make_group())
    before = store.runs()
    group = make_group()
    group.summary.loc[1, "digest"] = "d2"
    assert log(store, group) == 1
    runs, (parent,) = store.runs(), store.parents()
    assert [len(found) for found in runs.values()] == [1, 1]
    assert runs["s0-a"][0].info.run_id == before["s0-a"][0].info.run_id
    assert runs["s1-b"][0].data.tags["restudy.digest"] == "d2"
    for (mlflow_run,) in runs.values():
        assert mlflow_run.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_deleted_unfinished_and_double_runs_are_mended(store):
    store.prepare(make_study())
    log(store, make_group())
    runs, (parent,) = store.runs(), store.parents()
    store.client.delete_run(runs["s0-a"][0].info.run_id)
    content = run_contents(make_study(), GROUP, make_group())["s1-b"]
    double = create(store.client, store.experiment(), content, parent.info.run_id)
    assert log(store, make_group()) == 1
    assert [len(found) for found in store.runs().values()] == [1, 1]
    assert len(store.parents()) == 1
    assert double not in {mlflow_run.info.run_id for mlflow_run in store.all_runs()}


def test_other_levels_make_another_view(store):
    store.prepare(make_study())
    log(store, make_group())
    assert log(store, make_group(), make_study(levels=("off", "on"))) == 2
    factors = {
        mlflow_run.data.tags["restudy.factor.norm"] for (mlflow_run,) in store.runs().values()
    }
    assert factors == {"off", "on"}


def test_runs_of_another_scale_stay(store):
    store.prepare(make_study())
    log(store, make_group())
    assert log(store, make_group(), make_study(runs=("s0-a",))) == 0
    (parent,) = store.parents()
    assert {
        mlflow_run.data.tags["mlflow.parentRunId"] for (mlflow_run,) in store.runs().values()
    } == {parent.info.run_id}
    assert len(store.runs()) == 2


def test_started_runs_are_completed(store):
    store.prepare(make_study())
    client, experiment = store.client, store.experiment()
    begun = RunContent("x", {"restudy.kind": "group", "restudy.group": GROUP}, {}, [], 1, 1)
    started = Started(create(client, experiment, begun))
    started.runs["s1-b"] = create(client, experiment, begun, started.parent)
    send(client, started.runs["s1-b"], [Point("train_accuracy", 0.11, 1, 1)])
    started.sent["s1-b"] = 1
    assert log(store, make_group(), started=started) == 2
    runs = store.runs()
    assert runs["s1-b"][0].info.run_id == started.runs["s1-b"]
    assert [mlflow_run.info.run_id for mlflow_run in store.parents()] == [started.parent]
    history = client.get_metric_history(started.runs["s1-b"], "train_accuracy")
    assert [point.step for point in history] == [1, 2]


def test_many_epochs_take_several_calls(store):
    store.prepare(make_study())
    log(store, make_group(epochs=300))
    run_id = store.runs()["s0-a"][0].info.run_id
    assert len(store.client.get_metric_history(run_id, "train_data_loss")) == 300


_WRITE = """
import sys
sys.path.insert(0, sys.argv[1])
from tracking_samples import make_group, make_study
from restudy.tracking.log import log_group
from restudy.tracking.store import ensure_experiment, open_client
client = open_client(sys.argv[2])
runs = [f"s{i}-x" for i in range(8)]
study = make_study(runs=runs, group=sys.argv[3])
log_group(client, ensure_experiment(client, None, study), study, sys.argv[3], make_group(runs))
"""


def test_two_processes_at_once(store):
    store.prepare(make_study())
    command = [sys.executable, "-c", _WRITE, str(Path(__file__).parent), store.uri]
    writers = [subprocess.Popen([*command, group]) for group in ("group-1", "group-2")]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert len(store.all_runs()) == 2 * 9
    assert {mlflow_run.info.status for mlflow_run in store.all_runs()} == {"FINISHED"}
