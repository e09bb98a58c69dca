from __future__ import annotations

import socket

import pytest
from tracking_samples import Store

from restudy.tracking.store import create_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """Bytes of a new store: making one takes seconds."""
    results = tmp_path_factory.mktemp("store")
    create_store(Store(results).uri)
    return (results / "mlflow" / "mlflow.db").read_bytes()


@pytest.fixture
def store(tmp_path, monkeypatch, empty_database):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "results" / "mlflow"
    folder.mkdir(parents=True)
    (folder / "mlflow.db").write_bytes(empty_database)
    return Store(tmp_path / "results")


@pytest.fixture
def unused_port():
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
