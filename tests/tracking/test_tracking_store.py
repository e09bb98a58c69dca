from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from tracking_samples import make_study

from restudy.common.errors import RestudyError
from restudy.tracking.store import (
    StoreError,
    create_store,
    describe,
    open_client,
    prepare,
    public,
    sqlite_file,
    tracking_uri,
)
from restudy.tracking.ui import runs_pages, server


def test_uri(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there")
    assert tracking_uri("http://here", tmp_path) == "http://here"
    assert tracking_uri(None, tmp_path) == "http://there"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tracking_uri(None, tmp_path) == f"sqlite:///{tmp_path}/mlflow/mlflow.db"


def test_new_store(tmp_path):
    uri = tracking_uri(f"sqlite:///{tmp_path}/a b/mlflow.db", tmp_path)
    create_store(uri)
    create_store(uri)
    path = sqlite_file(uri)
    assert not list(path.parent.glob(".*"))
    assert sqlite3.connect(path).execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert open_client(uri).search_experiments()


def test_experiments_are_made_kept_and_brought_back(store):
    store.prepare(make_study())
    first = store.experiment()
    store.client.delete_experiment(first)
    store.prepare({**make_study(), "title": "Another title"})
    found = store.client.get_experiment_by_name("norms")
    assert (found.experiment_id, found.lifecycle_stage) == (first, "active")
    assert found.tags["restudy.title"] == "Another title"
    assert "Another title" in found.tags["mlflow.note.content"]


def test_the_ui_s_pages_lead_to_the_runs_of_studies_that_have_some(store):
    store.prepare(make_study())
    assert runs_pages(store.uri) == []
    mlflow_run = store.client.create_run(store.experiment())
    store.client.log_metric(mlflow_run.info.run_id, "test_r2", 0.5)
    ((name, path),) = runs_pages(store.uri)
    assert name == "norms"
    assert path.startswith(f"/#/experiments/{store.experiment()}/runs?")
    assert "workflowType=machine_learning" in path
    assert path.endswith("viewStateShareKey=runs")


def test_missing_store_is_not_made(tmp_path):
    path = tmp_path / "mlflow.db"
    with pytest.raises(StoreError, match="is missing"):
        open_client(f"sqlite:///{path}")
    assert not path.exists()


def test_broken_store_is_told_at_once(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be read"):
        open_client(f"sqlite:///{path}")


def test_store_that_is_down_is_reported(unused_port):
    problem = prepare(f"http://user:secret@127.0.0.1:{unused_port}")
    assert problem
    assert "secret" not in problem


def test_passwords_are_not_shown():
    assert public("http://me:secret@host/x") == "http://host/x"
    assert "secret" not in describe(ValueError("http://me:secret@host: refused\nmore"))


def test_imports_are_cheap():
    code = "import sys, restudy.tracking.store; print('mlflow' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_server_needs_a_store(tmp_path, store):
    with pytest.raises(RestudyError, match="run the pipeline first"):
        server(tracking_uri(None, tmp_path))
    with pytest.raises(RestudyError, match="browser"):
        server("http://there")
    command, environment = server(store.uri, 5001)
    assert "5001" in command
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
