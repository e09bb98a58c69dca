"""The chain behind a subject: its runs, and code, data, versions and machine of each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.config.recipe import Recipe
from restudy.config.run_ids import label
from restudy.data.downloads import title
from restudy.data.registry import DATASETS, Mirror
from restudy.experiments.project import project
from restudy.lineage.trace.subject import Subject, Use, study_file
from restudy.results.collect import RUNS
from restudy.results.group_record import read_record, training_of
from restudy.results.run_record import read_run_record


def chain(subject: Subject, results: Path) -> dict[str, Any]:
    """Follow a subject back.

    Returns:
        plain values: ``subject``; ``groups`` of runs with one role, each run with ``mlflow`` None;
        ``origin``, label -> the different values that the records of these runs have; ``data`` and
        ``experiments``, name -> label -> value; ``report``, its commit, None if there is none.

    Raises:
        RestudyError: the record of a run is missing.
    """
    groups = [_group(use, _runs_at(use, results)) for use in subject.uses]
    if subject.runs:
        groups += _by_study(subject.runs, results)
    places = {(run["cell"], run["lane"]) for group in groups for run in group["runs"]}
    records = [_record(results, cell, lane) for cell, lane in sorted(places)]
    experiments = {name: _experiment(name) for name in subject.experiments}
    used = {record["data"]["dataset"] for record in records}
    used |= {name for one in experiments.values() for name in one["data sets"]}
    return {
        "subject": asdict(subject),
        "groups": groups,
        "origin": _origin(records),
        "data": {name: _data(name) for name in sorted(used)},
        "experiments": experiments,
        "report": _report(results),
    }


def _runs_at(use: Use, results: Path) -> pd.DataFrame:
    table = pd.read_parquet(results / "studies" / use.study / RUNS)
    for factor, levels in _levels(use).items():
        table = table[table[factor].astype(str).isin(levels)]
    return table


def _levels(use: Use) -> dict[str, list[str]]:
    return {
        factor: [wanted] if isinstance(wanted, str) else list(wanted)
        for factor, wanted in use.where.items()
    }


def _by_study(places: Iterable[tuple[str, str]], results: Path) -> Iterator[dict[str, Any]]:
    wanted = set(places)
    for path in sorted(results.glob(f"studies/*/{RUNS}")):
        table = pd.read_parquet(path)
        kept = [place in wanted for place in zip(table["cell"], table["lane"], strict=True)]
        if any(kept):
            yield _group(Use("", path.parent.name), table[kept])


def _group(use: Use, table: pd.DataFrame) -> dict[str, Any]:
    where = (f"{factor} {' or '.join(levels)}" for factor, levels in _levels(use).items())
    same, varies = _recipe(table)
    return {
        "role": use.role,
        "study": use.study,
        "number": use.number,
        "where": ", ".join(where),
        "file": study_file(use.study),
        "recipe": same,
        "varies": varies,
        "runs": [_run(use, row) for row in table.to_dict("records")],
    }


def _run(use: Use, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    value = row[use.column] if use.column else use.by_seed.get(int(row["seed"]))
    return {
        "study": use.study,
        "cell": str(row["cell"]),
        "lane": str(row["lane"]),
        "seed": int(row["seed"]),
        "digest": str(row["digest"]),
        "value": None if value is None or pd.isna(value) else float(value),
        "mlflow": None,
    }


def _recipe(table: pd.DataFrame) -> tuple[dict[str, str], list[str]]:
    same, varies = {}, []
    for name, field in Recipe.model_fields.items():
        if name not in table or name == "seed":
            continue
        values = list(dict.fromkeys("null" if pd.isna(one) else label(one) for one in table[name]))
        if len(values) > 1:
            varies.append(name)
        elif values and (field.is_required() or values[0] not in _usual(field.default)):
            same[name] = values[0]
    return same, varies


def _usual(default: Any) -> tuple[str, ...]:
    """Return how a default may stand in a table."""
    if default is None:
        return ("null", label(None))
    return (label(default), str(default), *(("none",) if default == [] else ()))


def _record(results: Path, cell: str, lane: str) -> Mapping[str, Any]:
    record = read_record(results, cell)
    if record is None:
        raise RestudyError(f"{results / 'cells' / cell}: has no record; train the cell again")
    return training_of(record, lane)


def _origin(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for record in records:
        dirty = " with uncommitted changes" if record["git_dirty"] else ""
        commit = f"{record['git_commit']}{dirty}" if record["git_commit"] else "unknown (no git)"
        data = record["data"]
        values = {
            "commit of training": commit,
            "version of training": str(record.get("training_version", "unknown")),
            "data": f"{data['dataset']}: SHA-256 of the prepared file {data['sha256']}, "
            f"split seed {data['split_seed']}",
            "versions": ", ".join(f"{name} {one}" for name, one in record["versions"].items()),
            "machine": f"{record['machine']}; {record['device']}; threads {record['threads']}",
            "arithmetic": str(record["arithmetic"]),
        }
        for key, value in values.items():
            found.setdefault(key, {})[value] = None
    return {key: list(values) for key, values in found.items()}


def _data(name: str) -> dict[str, Any]:
    dataset = DATASETS[name]
    return {
        "title": dataset.title,
        "licence": dataset.licence,
        "raw files": {file.name: file.sha256 for file in dataset.files},
        "urls": [
            item.place
            for source in dataset.sources
            if isinstance(source, Mirror)
            for item in source.items
        ],
        "packages": [title(one) for one in dataset.sources if not isinstance(one, Mirror)],
    }


def _experiment(name: str) -> dict[str, Any]:
    every = project()
    declared = every.experiments[name]
    return {
        "title": declared.title,
        "code": str(every.place(declared).file),
        "digest of the code as it is now": every.digest(declared),
        "data sets": list(declared.datasets),
        "seeds": declared.seeds,
    }


def _report(results: Path) -> str | None:
    try:
        return read_run_record(results).commit_in_words()
    except RestudyError:
        return None
