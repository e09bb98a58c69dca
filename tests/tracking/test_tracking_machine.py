"""System metrics on request."""

from __future__ import annotations

from test_tracking_live import Training
from tracking_samples import GROUP, make_group, make_study

from restudy.tracking.live_logging import LiveGroup
from restudy.tracking.system_metrics import Machine


def system(mlflow_run):
    return {name for name in mlflow_run.data.metrics if name.startswith("system/")}


def test_the_shortest_group_is_measured_if_asked_for(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, 60, system_metrics=True)
    Training(live).epoch(1)
    assert live.finish(make_group())
    (parent,) = store.parents()
    assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= system(
        parent
    )
    assert parent.data.metrics["system/system_memory_usage_megabytes"] > 0
    assert parent.info.status == "FINISHED"
    assert not any(system(run) for (run,) in store.runs().values())


def test_nothing_is_measured_unasked(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, 1e-9)
    Training(live).epoch(1)
    assert live.finish(make_group())
    assert not any(system(run) for run in store.all_runs())


def test_it_ends_when_training_is_stopped(store):
    store.prepare(make_study())
    live = LiveGroup(store.uri, None, lambda: [make_study()], GROUP, 60, system_metrics=True)
    training = Training(live)
    training.epoch(1)
    (machine,) = live._machines
    training.callback.on_exception(None, None, KeyboardInterrupt())
    assert not machine._thread.is_alive()
    (parent,) = store.parents()
    assert parent.info.status == "FAILED"


def test_an_end_is_an_end(store):
    store.prepare(make_study())
    mlflow_run = store.client.create_run(store.experiment())
    machine = Machine(store.uri, mlflow_run.info.run_id)
    machine.stop()
    machine.stop()
    assert system(store.client.get_run(mlflow_run.info.run_id))
