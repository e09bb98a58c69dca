"""The UI is for this machine: asked for real, in an environment that would open it to all."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from restudy.tracking.ui import server

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture
def serving(store, unused_port, monkeypatch):
    """The port of a running UI."""
    store.prepare()
    monkeypatch.setenv("MLFLOW_SERVER_ALLOWED_HOSTS", "*")
    monkeypatch.setenv("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*")
    monkeypatch.setenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true")
    command, environment = server(store.uri, unused_port)
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(unused_port, process)
        yield unused_port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(port, process, seconds=120):
    end = time.monotonic() + seconds
    while True:
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < end, "the server never answered"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def ask(port, path, host, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Host": host, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_this_machine_is_answered_and_only_under_its_own_names(serving):
    assert ask(serving, SEARCH, f"127.0.0.1:{serving}") == 200
    assert ask(serving, SEARCH, f"localhost:{serving}") == 200
    for stranger in (
        "evil.example",
        f"evil.example:{serving}",
        "192.168.0.7",
        f"10.0.0.1:{serving}",
    ):
        assert ask(serving, SEARCH, stranger) == 403, stranger

    # A page of somebody else's that a browser here has open may not write either.
    new = {"body": json.dumps({"name": "new"}), "method": "POST"}
    kind = {"Content-Type": "application/json"}
    create, own = "/api/2.0/mlflow/experiments/create", f"127.0.0.1:{serving}"
    assert ask(serving, create, own, **new, **kind, Origin="http://evil.example") == 403
    assert ask(serving, create, own, **new, **kind) == 200

    # Bound to this one address: all others of this machine's refuse, as those of a network would.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", serving), 5)
