from __future__ import annotations

from types import SimpleNamespace

import pytest
from tracking_samples import GROUP, make_group, make_study, recipe

from restudy.tracking.live_logging import LiveGroup
from restudy.training.metrics_callback import EpochRecord, Recorder

RUNS = ["s0-a", "s1-b"]


class Training:
    """What the Trainer does to the callback, without a network."""

    def __init__(self, live):
        self.recorder = Recorder(RUNS)
        self.callback = live.watch(self.recorder)
        self.module = SimpleNamespace(stack=SimpleNamespace(recipes=[recipe(0), recipe(1)]))
        self.callback.on_fit_start(None, self.module)

    def epoch(self, number, loss=1.0):
        metrics = {("train", "accuracy"): [0.1 * number, 0.2], ("train", "penalty"): [0.0, 0.0]}
        metrics["train", "data_loss"] = [loss, 1.0]
        self.recorder.records.append(EpochRecord(number, 10 * number, metrics, 2.0, 1.0))
        self.callback.on_train_epoch_end(None, self.module)


def test_runs_are_shown_while_they_train(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, seconds=1e-9)
    training = Training(live)
    training.epoch(1, loss=float("nan"))
    live._next = 0.0  # the rest after sending is not waited for
    training.epoch(2)
    runs, (parent,) = store.runs(), store.parents()
    assert parent.info.status == runs["s0-a"][0].info.status == "RUNNING"
    mlflow_run = runs["s0-a"][0]
    assert mlflow_run.info.run_name == "none seed=0"
    assert mlflow_run.data.params["learning_rate"] == "0.1"
    assert mlflow_run.data.metrics["train_accuracy"] == 0.2
    assert mlflow_run.data.metrics["seconds_per_epoch"] == 1.0
    history = store.client.get_metric_history(mlflow_run.info.run_id, "train_data_loss")
    assert [point.step for point in history] == [2]
    assert live.finish(make_group())
    finished = store.runs()
    assert finished["s0-a"][0].info.run_id == mlflow_run.info.run_id
    assert {mlflow_run.info.status for mlflow_run in store.all_runs()} == {"FINISHED"}
    assert finished["s0-a"][0].data.tags["restudy.status"] == "finished"
    history = store.client.get_metric_history(mlflow_run.info.run_id, "train_accuracy")
    assert [point.step for point in history] == [1, 2]


def test_a_run_of_two_studies_is_in_both(store):
    studies = [make_study(), make_study("second", runs=RUNS[:1]), make_study("third", group="x")]
    store.prepare(*studies)
    live = LiveGroup(store.uri, None, lambda: studies, GROUP, seconds=1e-9)
    Training(live).epoch(1)
    assert live.finish(make_group())
    assert sorted(store.runs()) == RUNS
    assert sorted(store.runs("second")) == RUNS[:1]
    assert not store.all_runs("third")


def test_a_short_group_opens_nothing(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, seconds=60)
    Training(live).epoch(1)
    assert not live.finish(make_group())
    assert not store.all_runs()


def test_interrupted_training_is_marked(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, seconds=1e-9)
    training = Training(live)
    training.epoch(1)
    training.callback.on_exception(None, None, KeyboardInterrupt())
    assert {mlflow_run.info.status for mlflow_run in store.all_runs()} == {"FAILED"}


def test_an_experiment_that_is_not_there_is_made(store):
    store.prepare()
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, seconds=1e-9)
    Training(live).epoch(1)
    assert live.finish(make_group())
    assert store.runs()


@pytest.mark.parametrize("kind", ["missing", "refused"])
def test_trouble_is_told_once(kind, tmp_path, store, unused_port, capsys):
    store.prepare()
    uri = {
        "missing": f"sqlite:///{tmp_path}/nowhere/mlflow.db",
        "refused": f"http://127.0.0.1:{unused_port}",
    }[kind]
    live = LiveGroup(uri, None, lambda: [make_study()], GROUP, seconds=1e-9)
    training = Training(live)
    for number in (1, 2):
        live._next = 0.0
        training.epoch(number)
    assert not live.finish(make_group())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("MLflow: ")
    assert "training goes on" in lines[0]
