"""Looking at the runs: ``python -m restudy.tracking.ui --results results [--port 5000]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.tracking.saved_views import RUNS, address, has_view
from restudy.tracking.store import open_client, sqlite_file, tracking_uri

_HOST = "127.0.0.1"
_SWITCHES = (
    "MLFLOW_SERVER_ALLOWED_HOSTS",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
)
"""Variables that open MLflow to others, meant for servers that are there for others."""


def server(uri: str, port: int = 5000) -> tuple[list[str], dict[str, str]]:
    """Return the command that serves a store, and its environment.

    Only this machine can reach it, and only under its own names: a page in a browser here that
    points a name of its own at this machine (DNS rebinding) is refused, whatever variables of
    MLflow are set.

    Raises:
        RestudyError: there is nothing to serve.
    """
    if uri.startswith(("http://", "https://")):
        raise RestudyError(f"the store is a server; open {uri} in a browser")
    path = sqlite_file(uri)
    if path and not path.is_file():
        raise RestudyError(f"{path}: there is no MLflow store yet; run the pipeline first")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri]
    command += ["--host", _HOST, "--port", str(port), "--workers", "1"]
    command += ["--allowed-hosts", f"localhost:{port},{_HOST}:{port}"]
    kept = {name: value for name, value in os.environ.items() if name not in _SWITCHES}
    # Without a queue for jobs of its own, which nothing here uses, it is two processes.
    return command, {**kept, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def runs_pages(uri: str) -> list[tuple[str, str]]:
    """Return, for each study with runs, its name and the address of its table of runs in the UI.

    MLflow's own start page leads to its view of language-model traces; these lead to the runs,
    with the columns, order and filter of the view that is saved with them.
    """
    client = open_client(uri)
    pages = []
    for experiment in sorted(client.search_experiments(), key=lambda found: str(found.name)):
        known = has_view(experiment.tags, RUNS)
        if known and client.search_runs([experiment.experiment_id], max_results=1):
            pages.append((str(experiment.name), address(experiment.experiment_id, RUNS)))
    return pages


def main(arguments: list[str] | None = None) -> None:
    """Serve the store of a results folder until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m restudy.tracking.ui", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--uri", help="another store (default: as in the pipeline)")
    parser.add_argument("--port", type=int, default=5000)
    options = parser.parse_args(arguments)
    try:
        uri = tracking_uri(options.uri, options.results)
        command, environment = server(uri, options.port)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    start = f"http://{_HOST}:{options.port}"
    print(f"MLflow: {start} (Ctrl-C stops it). The runs of each study, best first:")
    for name, path in runs_pages(uri):
        print(f"  {name:24} {start}{path}")
    print(f"The best network of each study: {start}/#/models", flush=True)
    os.execve(command[0], command, environment)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main()
