"""What stores and mirrors need that the tests of both parts have too."""

import socket
import threading

import pytest

from restudy.tracking.store import create_store
from tests.tracking.tracking_samples import Store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """Bytes of a new store: making one takes seconds."""
    results = tmp_path_factory.mktemp("store")
    create_store(Store(results).uri)
    return (results / "mlflow/mlflow.db").read_bytes()


@pytest.fixture
def store(tmp_path, monkeypatch, empty_database):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "results/mlflow"
    folder.mkdir(parents=True)
    (folder / "mlflow.db").write_bytes(empty_database)
    return Store(tmp_path / "results")


@pytest.fixture
def silent_server(monkeypatch):
    """The address of a server that takes connections and never says anything."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = []

        def take():
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for connection in taken:
            connection.close()
