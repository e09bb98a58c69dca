"""The text of a chain."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SHOWN = 12
"""Runs of a run_set that are shown; ``--json`` has all."""
_WIDTH, _LABEL = 110, 20


def lines(chain: Mapping[str, Any], mlflow_problem: str = "") -> Iterator[str]:
    """Yield the lines of a chain, as :func:`restudy.lineage.trace.chain.follow` returns it."""
    target = chain["target"]
    yield f"{target['name']}: {target['kind']}"
    yield from _pairs(target["says"].items())
    yield from _list("where", filter(None, target["places"]))
    yield from _list("rests on", target["related"])
    for run_set in chain["run_sets"]:
        yield from ("", *_run_set(run_set))
    for name, made in chain["experiments"].items():
        yield from ("", f"Experiment {name}")
        texts = {
            key: value if isinstance(value, list) else [str(value)] for key, value in made.items()
        }
        yield from _pairs((key, ", ".join(value)) for key, value in texts.items())
    if not chain["run_sets"] and not chain["experiments"]:
        yield from ("", "No run of ours is behind it.")
    if chain["origin"]:
        yield from ("", "What these runs were made with")
        for key, values in chain["origin"].items():
            yield from _list(key, values)
    for name, data in chain["data"].items():
        yield from ("", f"Data set {name}: {data['title']} ({data['licence']})")
        yield from _list("raw files, SHA-256", (f"{k} {v}" for k, v in data["raw files"].items()))
        # Files of one folder are shown as the folder.
        folders = dict.fromkeys(f"{url.rpartition('/')[0]}/" for url in data["urls"])
        yield from _list("from one of", [*folders, *data["packages"]])
    report = f"of commit {chain['report']}" if chain["report"] else "not made yet"
    yield from ("", *_pairs([("report", report)]))
    if mlflow_problem:
        yield from _pairs([("MLflow", f"run ids are not known: {mlflow_problem}")])


def _run_set(run_set: Mapping[str, Any]) -> Iterator[str]:
    role = f"{run_set['role']}: " if run_set["role"] else ""
    where = f", {run_set['where']}" if run_set["where"] else ""
    runs = run_set["runs"]
    yield f"{role}study {run_set['study']}{where}: {len(runs)} run{'' if len(runs) == 1 else 's'}"
    recipe = ", ".join(f"{key} {value}" for key, value in run_set["recipe"].items())
    yield from _pairs([("declared in", run_set["file"]), ("recipe", recipe)])
    yield from _pairs([("varies", ", ".join(run_set["varies"])), ("number", run_set["number"])])
    for run in runs[:_SHOWN]:
        value = "" if run["value"] is None else f"  {run['value']:.6g}"
        mlflow = f"  MLflow {run['mlflow']}" if run["mlflow"] else ""
        yield f"  seed {run['seed']}{value}  groups/{run['group']} run {run['run']}{mlflow}"
    if len(runs) > _SHOWN:
        yield f"  and {len(runs) - _SHOWN} more (--json has all)"


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, value in pairs:
        wrapped = textwrap.wrap(
            value, _WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False
        )
        if wrapped and len(key) > _LABEL:
            yield f"  {key}"
            key = ""
        yield from _list(key, wrapped)


def _list(key: str, values: Iterable[str]) -> Iterator[str]:
    for place, value in enumerate(values):
        yield f"  {key if place == 0 else '':{_LABEL}} {value}"
