"""A store with thousands of runs: how long its pages take."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.load.results import made_up
from bench.load.studies import seeds, tracked
from restudy.config.run_ids import cell_id
from restudy.docs.browser import Tab, browser, chromium
from restudy.tracking.log import log_cell
from restudy.tracking.saved_views import RUNS, address
from restudy.tracking.store import ensure_experiment, open_client, prepare

STUDY = "many-runs"
PAGE = 100
"""Runs that the UI asks for at a time."""
_LANES = 50
_RECIPE = {"dataset": "mnist", "learning_rate": 0.1, "batch_size": 64, "epochs": 2}
# The names of the runs are links in the table.
_SHOWN = "[...document.querySelectorAll('a')].filter((a) => /seed=/.test(a.textContent)).length > 5"
_SEARCH = "/ajax-api/2.0/mlflow/runs/search"


def fill(uri: str, artifacts: Path, runs: int) -> str:
    """Write a study of so many runs into a new store, as the pipeline would; return its view."""
    problem = prepare(uri)
    assert problem is None, problem  # noqa: S101
    client = open_client(uri)
    cells = -(-runs // _LANES)
    widths = {str(width): seeds(_LANES, **_RECIPE, hidden=[8 + width]) for width in range(cells)}
    study = tracked(STUDY, widths)
    experiment = ensure_experiment(client, artifacts, study)
    for lanes in widths.values():
        cell = cell_id(lanes[0].recipe)
        log_cell(client, experiment, study, cell, made_up(lanes), existing=[])
    return address(experiment, RUNS)


def measure(start: str, page: str) -> Iterator[tuple[str, float]]:
    """Yield what is looked at of a store that is served, and the seconds that it takes.

    Args:
        start: address of the server.
        page: address of the study's view on it.
    """
    experiment = re.search(r"experiments/(\d+)", page)
    assert experiment is not None, page  # noqa: S101
    search(start, experiment[1])  # the server reads its modules
    seconds, found, token = search(start, experiment[1])
    yield f"REST: the best {len(found)} runs", seconds
    seconds, found, _ = search(start, experiment[1], token)
    yield f"REST: the next {len(found)}", seconds
    if (path := chromium()) is not None:
        with browser(path) as tab:
            tab.screen(1280, 760)
            for what in ("first look in Chromium", "second look"):
                tab.open("about:blank")
                yield f"{what}: the table of the best runs is shown", look(tab, start + page)


def search(
    start: str, experiment: str, token: str | None = None
) -> tuple[float, list[dict[str, Any]], str | None]:
    """Return seconds, runs and the next page's token of what the UI asks its server for."""
    body = {
        "experiment_ids": [experiment],
        "filter": 'tags.`restudy.kind` = "run"',
        "order_by": ["metrics.`test_accuracy` DESC"],
        "max_results": PAGE,
        "run_view_type": "ACTIVE_ONLY",
        **({"page_token": token} if token else {}),
    }
    request = urllib.request.Request(  # noqa: S310
        start + _SEARCH, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        found = json.load(answer)
    return time.perf_counter() - started, found["runs"], found.get("next_page_token")


def look(tab: Tab, address: str, seconds: float = 120) -> float:
    """Return how long it takes until the table of runs is there, with a run in it."""
    started = time.perf_counter()
    tab.open(address)
    while not tab.run(_SHOWN):
        assert time.perf_counter() - started < seconds, tab.run("document.body.innerText")  # noqa: S101
        time.sleep(0.05)
    return time.perf_counter() - started
