"""The runs behind a target, and code, data, versions and machine of each."""

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
from restudy.evidence.checks import as_list
from restudy.evidence.metric_extraction import at_levels
from restudy.experiments.project import project
from restudy.lineage.trace.targets import Target, Use, study_file
from restudy.results.collect import RUNS
from restudy.results.group_record import read_record, training_of
from restudy.results.run_record import RUN_RECORD, read_run_record


def follow(target: Target, results: Path) -> dict[str, Any]:
    """Follow a target back.

    Returns:
        plain values: ``target``; ``run_sets`` of runs with one role, each run with ``mlflow`` None;
        ``origin``, label -> the different values in the records of these runs; ``data`` and
        ``experiments``, name -> label -> value; ``report``, its commit, None if there is none.

    Raises:
        RestudyError: the record of a run is missing.
    """
    run_sets = [_run_set(use, _read_runs(use, results)) for use in target.uses]
    for path in sorted(results.glob(f"studies/*/{RUNS}")) if target.runs else ():
        table = pd.read_parquet(path)
        runs = pd.MultiIndex.from_frame(table[["group", "run"]])
        if (kept := runs.isin(target.runs)).any():
            run_sets.append(_run_set(Use("", path.parent.name), table[kept]))
    places = {(run["group"], run["run"]) for run_set in run_sets for run in run_set["runs"]}
    records = [_record(results, group, run) for group, run in sorted(places)]
    experiments = {name: _experiment(name) for name in target.experiments}
    used = {record["data"]["dataset"] for record in records}
    used |= {name for one in experiments.values() for name in one["data sets"]}
    made = (results / RUN_RECORD).is_file()
    return {
        "target": asdict(target),
        "run_sets": run_sets,
        "origin": _origin(records),
        "data": {name: _data(name) for name in sorted(used)},
        "experiments": experiments,
        "report": read_run_record(results).commit_in_words() if made else None,
    }


def _read_runs(use: Use, results: Path) -> pd.DataFrame:
    return at_levels(pd.read_parquet(results / "studies" / use.study / RUNS), use.where)


def _run_set(use: Use, table: pd.DataFrame) -> dict[str, Any]:
    where = (f"{factor} {' or '.join(as_list(levels))}" for factor, levels in use.where.items())
    recipe = {
        name: list(dict.fromkeys("null" if pd.isna(one) else label(one) for one in table[name]))
        for name in Recipe.model_fields
        if name in table and name != "seed"
    }
    return {
        "role": use.role,
        "study": use.study,
        "number": use.number,
        "where": ", ".join(where),
        "file": study_file(use.study),
        "recipe": {
            name: values[0]
            for name, values in recipe.items()
            if len(values) == 1 and values[0] not in _usual(name)
        },
        "varies": [name for name, values in recipe.items() if len(values) > 1],
        "runs": [_run(use, row) for row in table.to_dict("records")],
    }


def _usual(name: str) -> tuple[str, ...]:
    """Return the texts of a recipe field's default in a table."""
    field = Recipe.model_fields[name]
    if field.is_required():
        return ()
    default = field.default
    return (
        label(default),
        str(default),
        "null" if default is None else "",
        "none" * (default == []),
    )


def _run(use: Use, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    value = row[use.column] if use.column else use.by_seed.get(int(row["seed"]))
    return {
        "study": use.study,
        **{key: str(row[key]) for key in ("group", "run", "digest")},
        "seed": int(row["seed"]),
        "value": None if value is None or pd.isna(value) else float(value),
        "mlflow": None,
    }


def _record(results: Path, group: str, run: str) -> Mapping[str, Any]:
    record = read_record(results, group)
    if record is None:
        raise RestudyError(f"{results / 'groups' / group}: has no record; train the group again")
    return training_of(record, run)


def _origin(records: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return label -> the different values in the records of runs."""
    found: dict[str, dict[str, None]] = {}
    for key, value in (pair for record in records for pair in _origin_of(record)):
        found.setdefault(key, {})[value] = None
    return {key: list(values) for key, values in found.items()}


def _origin_of(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    data, dirty = record["data"], " with uncommitted changes" if record["git_dirty"] else ""
    commit = f"{record['git_commit']}{dirty}" if record["git_commit"] else "unknown (no git)"
    yield "commit of training", commit
    yield "version of training", str(record.get("training_version", "unknown"))
    sha = f"SHA-256 of the prepared file {data['sha256']}, split seed {data['split_seed']}"
    yield "data", f"{data['dataset']}: {sha}"
    yield "versions", ", ".join(f"{name} {one}" for name, one in record["versions"].items())
    yield "machine", f"{record['machine']}; {record['device']}; threads {record['threads']}"
    yield "matmul_backend", str(record["matmul_backend"])


def _data(name: str) -> dict[str, Any]:
    dataset = DATASETS[name]
    mirrors = [one for one in dataset.sources if isinstance(one, Mirror)]
    return {
        "title": dataset.title,
        "licence": dataset.licence,
        "raw files": {file.name: file.sha256 for file in dataset.files},
        "urls": [item.place for mirror in mirrors for item in mirror.items],
        "packages": [title(one) for one in dataset.sources if not isinstance(one, Mirror)],
    }


def _experiment(name: str) -> dict[str, Any]:
    declared = project().experiments[name]
    return {
        "title": declared.title,
        "code": str(project().place(declared).file),
        "digest of the code as it is now": project().digest(declared),
        "data sets": list(declared.datasets),
        "seeds": declared.seeds,
    }
