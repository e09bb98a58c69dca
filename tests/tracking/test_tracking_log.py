from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tracking_samples import CELL, make_cell, make_study

from restudy.tracking.log import Started, create, log_cell, send
from restudy.tracking.run_records import Point, RunContent, lane_contents


def log(store, cell, study=None, **options):
    study = study or make_study()
    return log_cell(store.client, store.experiment(study["name"]), study, CELL, cell, **options)


def test_structure(store):
    store.prepare(make_study())
    assert log(store, make_cell()) == 2
    (parent,) = store.parents()
    lanes = {lane: run for lane, (run,) in store.lanes().items()}
    assert parent.info.run_name == CELL
    for run in [parent, *lanes.values()]:
        assert run.info.status == "FINISHED"
        assert [i.dataset.name for i in run.inputs.dataset_inputs] == ["mnist-train", "mnist-test"]
    for run in lanes.values():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params["learning_rate"] == "0.1"
        assert run.data.metrics["test_accuracy"] >= 0.2
        history = store.client.get_metric_history(run.info.run_id, "validation_accuracy")
        assert [point.step for point in history] == [1, 2]
        files = store.client.list_artifacts(run.info.run_id)
        assert [file.path for file in files] == ["weights.safetensors"]
    files = store.client.list_artifacts(parent.info.run_id)
    assert [file.path for file in files] == ["cell.json", "learning_curves.png"]
    assert Path(parent.info.artifact_uri).is_relative_to(store.results / "mlflow" / "artifacts")


def test_twice_is_once(store):
    store.prepare(make_study())
    log(store, make_cell())
    before = {run.info.run_id for run in store.runs()}
    assert log(store, make_cell()) == 0
    assert {run.info.run_id for run in store.runs()} == before


def test_retrained_lane_replaces_its_run(store):
    store.prepare(make_study())
    log(store, make_cell())
    before = store.lanes()
    cell = make_cell()
    cell.summary.loc[1, "digest"] = "d2"
    assert log(store, cell) == 1
    lanes, (parent,) = store.lanes(), store.parents()
    assert [len(found) for found in lanes.values()] == [1, 1]
    assert lanes["s0-a"][0].info.run_id == before["s0-a"][0].info.run_id
    assert lanes["s1-b"][0].data.tags["restudy.digest"] == "d2"
    for (run,) in lanes.values():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_deleted_unfinished_and_double_runs_are_mended(store):
    store.prepare(make_study())
    log(store, make_cell())
    lanes, (parent,) = store.lanes(), store.parents()
    store.client.delete_run(lanes["s0-a"][0].info.run_id)
    content = lane_contents(make_study(), CELL, make_cell())["s1-b"]
    double = create(store.client, store.experiment(), content, parent.info.run_id)
    assert log(store, make_cell()) == 1
    assert [len(found) for found in store.lanes().values()] == [1, 1]
    assert len(store.parents()) == 1
    assert double not in {run.info.run_id for run in store.runs()}


def test_other_levels_make_another_view(store):
    store.prepare(make_study())
    log(store, make_cell())
    assert log(store, make_cell(), make_study(levels=("off", "on"))) == 2
    factors = {run.data.tags["restudy.factor.norm"] for (run,) in store.lanes().values()}
    assert factors == {"off", "on"}


def test_lanes_of_another_scale_stay(store):
    store.prepare(make_study())
    log(store, make_cell())
    assert log(store, make_cell(), make_study(lanes=("s0-a",))) == 0
    (parent,) = store.parents()
    assert {run.data.tags["mlflow.parentRunId"] for (run,) in store.lanes().values()} == {
        parent.info.run_id
    }
    assert len(store.lanes()) == 2


def test_started_runs_are_completed(store):
    store.prepare(make_study())
    client, experiment = store.client, store.experiment()
    begun = RunContent("x", {"restudy.kind": "cell", "restudy.cell": CELL}, {}, [], 1, 1)
    started = Started(create(client, experiment, begun))
    started.lanes["s1-b"] = create(client, experiment, begun, started.parent)
    send(client, started.lanes["s1-b"], [Point("train_accuracy", 0.11, 1, 1)])
    started.sent["s1-b"] = 1
    assert log(store, make_cell(), started=started) == 2
    lanes = store.lanes()
    assert lanes["s1-b"][0].info.run_id == started.lanes["s1-b"]
    assert [run.info.run_id for run in store.parents()] == [started.parent]
    history = client.get_metric_history(started.lanes["s1-b"], "train_accuracy")
    assert [point.step for point in history] == [1, 2]


def test_many_epochs_take_several_calls(store):
    store.prepare(make_study())
    log(store, make_cell(epochs=300))
    run_id = store.lanes()["s0-a"][0].info.run_id
    assert len(store.client.get_metric_history(run_id, "train_data_loss")) == 300


_WRITE = """
import sys
sys.path.insert(0, sys.argv[1])
from tracking_samples import make_cell, make_study
from restudy.tracking.log import log_cell
from restudy.tracking.store import ensure_experiment, open_client
client = open_client(sys.argv[2])
lanes = [f"s{i}-x" for i in range(8)]
study = make_study(lanes=lanes, cell=sys.argv[3])
log_cell(client, ensure_experiment(client, None, study), study, sys.argv[3], make_cell(lanes))
"""


def test_two_processes_at_once(store):
    store.prepare(make_study())
    command = [sys.executable, "-c", _WRITE, str(Path(__file__).parent), store.uri]
    writers = [subprocess.Popen([*command, cell]) for cell in ("cell-1", "cell-2")]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert len(store.runs()) == 2 * 9
    assert {run.info.status for run in store.runs()} == {"FINISHED"}
