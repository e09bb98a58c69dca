"""Measures what large runs cost; writes ``load.csv`` and ``.md``.

Planning and dry-running a study of thousands of groups, training jobs that log into one store at
once, a store with thousands of runs in the UI, and the memory of the steps that read all results.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.harness import make_parser, write_table
from bench.load import postgres, writers
from bench.load.made_up import CELLS_EACH, group_results, many_groups, runs_of, tracked_study
from bench.workspace import ROOT, Workspace
from docs.screenshots import served
from restudy.config.run_ids import group_id
from restudy.config.settings import Settings
from restudy.config.study import Scale
from restudy.config.yaml import read_mapping
from restudy.docs.browser import Tab, browser, chromium
from restudy.planning.jobs import make_jobs
from restudy.planning.plan import load_plan
from restudy.results import group_files
from restudy.tracking.log import log_group
from restudy.tracking.saved_views import RUNS, address
from restudy.tracking.store import ensure_experiment, open_client, prepare, tracking_uri

Row = tuple[str, float, str, str]
"""What was measured, how much, in which unit, and remarks."""

_COLUMNS = {
    "what": ("what", "{}"),
    "value": ("value", "{:.4g}"),
    "unit": ("unit", "{}"),
    "remarks": ("remarks", "{}"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything that was asked for, and write the table."""
    parser = make_parser("load", __doc__, "a little of each: does it work")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for part in options.only:
        print(f"Measuring {part}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[part](Path(folder), options.quick):
                print("  {}: {:.4g} {} {}".format(*row), flush=True)
                rows.append(row)
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    write_table(options.results / "load", table, "What large runs cost", _COLUMNS)


def _planning(folder: Path, quick: bool) -> Iterator[Row]:
    """Time reading and planning a study of many groups, and Snakemake's dry run of it."""
    for long, words in ((False, "that share jobs"), (True, "most with a job of their own")):
        study = many_groups(CELLS_EACH if quick else 2000, long=long)
        place = Workspace.make(folder / str(long), study)
        started = time.perf_counter()
        made = load_plan(Settings(studies=str(place.folder / "studies")))
        about = f"{len(make_jobs(made))} training jobs"
        seconds = time.perf_counter() - started
        yield f"plan of {len(made.groups)} groups {words}", seconds, "s", about
        seconds = place.snakemake("--dry-run", "--quiet", "all")
        yield f"dry run of {len(made.groups)} groups {words}", seconds, "s", about


def _writers(folder: Path, quick: bool) -> Iterator[Row]:
    """Time jobs that log into one store at once, and look for what was lost."""
    size = {"epochs": 2} if quick else {"runs": 10, "epochs": 20}
    yield _written("SQLite", writers.measure(tracking_uri(None, folder), folder, **size))
    if problem := postgres.missing():
        print(f"  PostgreSQL is left out: {problem}")
        return
    with postgres.server() as uri:
        yield _written("PostgreSQL", writers.measure(uri, folder / "pg", **size))


def _written(store: str, found: writers.Written) -> Row:
    about = f"{len(found.lost)} lost; {'; '.join(found.lost[:3])}" if found.lost else "none lost"
    what = f"{found.jobs} jobs log {found.runs} runs, {found.points} values into {store} at once"
    return what, found.seconds, "s", about


def _browsing(folder: Path, quick: bool) -> Iterator[Row]:
    """Time what MLflow's UI does with a store of many runs: its requests, and its page."""
    number, each = 150 if quick else 5000, 50
    uri = tracking_uri(None, folder)
    problem = prepare(uri)
    assert problem is None, problem  # noqa: S101
    client = open_client(uri)
    recipe = {"dataset": "mnist", "learning_rate": 0.1, "batch_size": 64, "epochs": 2}
    widths = {
        str(width): runs_of(each, **recipe, hidden=[8 + width]) for width in range(number // each)
    }
    study = tracked_study("many-runs", widths)
    experiment = ensure_experiment(client, folder / "artifacts", study)
    for runs in widths.values():
        group = group_id(runs[0].recipe)
        log_group(client, experiment, study, group, group_results(runs), existing=[])
    with served(uri, 5052) as start:
        _search(start, experiment)  # the server reads its modules
        seconds, found, token = _search(start, experiment)
        yield f"REST: the best {found} runs, of {number} runs", seconds, "s", ""
        seconds, found, _ = _search(start, experiment, token)
        yield f"REST: the next {found}, of {number} runs", seconds, "s", ""
        if (path := chromium()) is not None:
            with browser(path) as tab:
                tab.screen(1280, 760)
                for what in ("first look in Chromium", "second look"):
                    seconds = _look(tab, start + address(experiment, RUNS))
                    what += ": the table of the best runs is shown"
                    yield f"{what}, of {number} runs", seconds, "s", ""


def _search(start: str, experiment: str, token: str | None = None) -> tuple[float, int, str | None]:
    """Ask for runs as the UI does; return seconds, number of runs and the next page's token."""
    body = {
        "experiment_ids": [experiment],
        "filter": 'tags.`restudy.kind` = "run"',
        "order_by": ["metrics.`test_accuracy` DESC"],
        "max_results": 100,
        "run_view_type": "ACTIVE_ONLY",
        **({"page_token": token} if token else {}),
    }
    request = urllib.request.Request(  # noqa: S310
        f"{start}/ajax-api/2.0/mlflow/runs/search",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        found = json.load(answer)
    return time.perf_counter() - started, len(found["runs"]), found.get("next_page_token")


# The names of the runs are links in the table.
_SHOWN = "[...document.querySelectorAll('a')].filter((a) => /seed=/.test(a.textContent)).length > 5"


def _look(tab: Tab, page: str) -> float:
    """Return the seconds until the table of runs is shown, with a run in it."""
    tab.open("about:blank")
    started = time.perf_counter()
    tab.open(page)
    while not tab.run(_SHOWN):
        assert time.perf_counter() - started < 120, tab.run("document.body.innerText")  # noqa: S101
        time.sleep(0.05)
    return time.perf_counter() - started


def _memory(folder: Path, quick: bool) -> Iterator[Row]:
    """Measure the peak memory of every step after training, on made-up results.

    The studies are those of this checkout with more seeds, without those whose figure needs trained
    weights. Steps of several jobs have the largest peak of their jobs.
    """
    times, scale = (0.2, "quick") if quick else (11.4, "default")
    place = Workspace.make(folder / "checkout", *_more_seeds(times, scale), scale=scale)
    settings = Settings(studies=str(place.folder / "studies"), scale=scale)
    plan = load_plan(settings)
    datasets = sorted({name for study in plan.studies.values() for name in study.datasets})
    prepared = [f"results/data/{name}.safetensors" for name in datasets]
    place.snakemake(*prepared, "results/mlflow/store.json")
    for group in plan.groups.values():
        group_files.write(group_results(group.runs), place.folder / "results/groups" / group.id)
    shutil.rmtree(place.folder / ".snakemake")  # its records of rules that it has not run
    peaks = folder / "peaks.tsv"
    path = os.pathsep.join([str(place.folder / "src"), str(Path(__file__).parent / "peaks")])
    targets = ("results/report/index.html", "results/report/paper.pdf")
    place.snakemake(*targets, PYTHONPATH=path, RESTUDY_PEAKS=str(peaks))
    found = pd.read_csv(peaks, sep="\t", names=["script", "kilobytes"])
    steps = found["script"].str.extract(r"^tmp.*\.(\w+)\.py$")[0].fillna("snakemake itself")
    runs = sum(len(study.runs) for study in plan.studies.values())
    largest = found.groupby(steps)["kilobytes"].max().sort_values(ascending=False)
    for step, kilobytes in largest.items():
        yield f"peak memory of {step}, {runs} runs", kilobytes * 1024 / 1e6, "MB", ""


def _more_seeds(times: float, scale: Scale) -> Iterator[dict[str, Any]]:
    for file in sorted((ROOT / "config/studies").glob("*.yaml")):
        study = read_mapping(file)
        cut = study.get("scales", {}).get(scale, {})
        if study.get("figure") == "housing" or cut.get("skip"):
            continue
        for part in (study, cut):
            if "seeds" in part:
                seeds = part["seeds"]
                number = seeds if isinstance(seeds, int) else len(seeds)
                part["seeds"] = max(1, round(times * number))
        yield study


PARTS: dict[str, Callable[[Path, bool], Iterator[Row]]] = {
    "planning": _planning,
    "writers": _writers,
    "browsing": _browsing,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
