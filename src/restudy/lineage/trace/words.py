"""A chain in lines for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from restudy.common.text_format import amount

_SHOWN = 12
"""Runs of a group that are shown; ``--json`` has them all."""
_WIDTH = 110
_LABEL = 20


def lines(chain: Mapping[str, Any], mlflow_problem: str = "") -> Iterator[str]:
    """Yield the chain in lines."""
    subject = chain["subject"]
    yield f"{subject['name']}: {subject['kind']}"
    yield from _pairs(subject["says"].items())
    yield from _list("where", [place for place in subject["places"] if place])
    yield from _list("rests on", subject["related"])
    for group in chain["groups"]:
        yield ""
        yield from _group(group)
    for name, made in chain["experiments"].items():
        yield ""
        yield f"Experiment {name}"
        yield from _pairs((key, _text(value)) for key, value in made.items())
    if not chain["groups"] and not chain["experiments"]:
        yield ""
        yield "No run of ours is behind it."
    if chain["origin"]:
        yield ""
        yield "What these runs were made with"
        for key, values in chain["origin"].items():
            yield from _list(key, values)
    for name, data in chain["data"].items():
        yield ""
        yield f"Data set {name}: {data['title']} ({data['licence']})"
        yield from _list("raw files, SHA-256", [f"{k} {v}" for k, v in data["raw files"].items()])
        yield from _list("from one of", [*_folders(data["urls"]), *data["packages"]])
    yield ""
    yield from _pairs(
        [("report", f"of commit {chain['report']}" if chain["report"] else "not made yet")]
    )
    if mlflow_problem:
        yield from _pairs([("MLflow", f"run ids are not known: {mlflow_problem}")])


def _group(group: Mapping[str, Any]) -> Iterator[str]:
    role = f"{group['role']}: " if group["role"] else ""
    where = f", {group['where']}" if group["where"] else ""
    runs = group["runs"]
    yield f"{role}study {group['study']}{where}: {amount(len(runs), 'run')}"
    recipe = ", ".join(f"{key} {value}" for key, value in group["recipe"].items())
    yield from _pairs(
        [
            ("declared in", group["file"]),
            ("recipe", recipe),
            ("varies", ", ".join(group["varies"])),
            ("number", group["number"]),
        ]
    )
    for run in runs[:_SHOWN]:
        value = "" if run["value"] is None else f"  {run['value']:.6g}"
        mlflow = f"  MLflow {run['mlflow']}" if run["mlflow"] else ""
        yield f"  seed {run['seed']}{value}  cells/{run['cell']} lane {run['lane']}{mlflow}"
    if len(runs) > _SHOWN:
        yield f"  and {len(runs) - _SHOWN} more (--json has all)"


def _folders(urls: Iterable[str]) -> list[str]:
    """Return addresses, those of several files in one folder as that folder."""
    found: dict[str, list[str]] = {}
    for url in urls:
        found.setdefault(f"{url.rpartition('/')[0]}/", []).append(url)
    return [folder if len(files) > 1 else files[0] for folder, files in found.items()]


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, value in pairs:
        if value.strip():
            rest = " " * (_LABEL + 3)
            start = f"  {key:{_LABEL}} " if len(key) <= _LABEL else f"  {key}\n{rest}"
            first, *more = textwrap.wrap(
                value, _WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False
            )
            yield start + first
            yield from (rest + line for line in more)


def _list(key: str, values: Iterable[str]) -> Iterator[str]:
    for place, value in enumerate(values):
        yield f"  {key if place == 0 else '':{_LABEL}} {value}"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
