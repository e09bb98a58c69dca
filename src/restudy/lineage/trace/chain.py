"""The chain behind a subject: its runs, and code, data, versions and machine of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
from restudy.reference.finished import read_record
from restudy.reference.origin import report_commit
from restudy.results.collect import RUNS
from restudy.results.group_record import training_of

_DATASET = "dataset"


@dataclass(frozen=True)
class Traced:
    """A run behind a subject.

    Attributes:
        study: the study that it is of; a run may be of several, and stand here once for each.
        cell, lane, seed: which run.
        digest: what its numbers depend on (recipe, code, data, versions).
        value: the number read of it, if one was.
        mlflow: its id in MLflow; None if it is not known.
    """

    study: str
    cell: str
    lane: str
    seed: int
    digest: str
    value: float | None = None
    mlflow: str | None = None


@dataclass(frozen=True)
class Group:
    """Runs with one role.

    Attributes:
        role, study, number: as in :class:`~restudy.lineage.trace.subject.Use`.
        where: factor -> levels, in words.
        file: where the study is declared.
        recipe: field -> value that all runs have, where it is not the default.
        varies: fields that they differ in.
        runs: the runs.
    """

    role: str
    study: str
    number: str
    where: str
    file: str
    recipe: Mapping[str, str]
    varies: tuple[str, ...]
    runs: tuple[Traced, ...]


@dataclass(frozen=True)
class Chain:
    """A subject and all that it comes from.

    Attributes:
        subject: what was asked about.
        groups: the runs behind it.
        origin: label -> the different values that the records of these runs have.
        data: data set -> where its files are from.
        experiments: experiment -> label -> what it is made by.
        report: the commit that the report is of; None if there is none.
    """

    subject: Subject
    groups: tuple[Group, ...]
    origin: Mapping[str, tuple[str, ...]]
    data: Mapping[str, Mapping[str, Any]]
    experiments: Mapping[str, Mapping[str, Any]]
    report: str | None


def chain(subject: Subject, results: Path) -> Chain:
    """Follow a subject back.

    Raises:
        RestudyError: the record of a run is missing.
    """
    groups = [_group(use, results) for use in subject.uses]
    if subject.runs:
        groups = [*groups, *_by_study(subject.runs, results)]
    places = {(run.cell, run.lane) for group in groups for run in group.runs}
    records = [_record(results, cell, lane) for cell, lane in sorted(places)]
    experiments = {name: _experiment(name) for name in subject.experiments}
    used = {record["data"]["dataset"] for record in records}
    used |= {name for one in experiments.values() for name in one["data sets"]}
    return Chain(
        subject,
        tuple(groups),
        _origin(records),
        {name: _data(name) for name in sorted(used)},
        experiments,
        _report(results),
    )


def with_mlflow(found: Chain, ids: Mapping[tuple[str, str, str], str]) -> Chain:
    """Return the chain with MLflow's run ids: (study, cell, lane) -> id."""
    groups = [
        replace(
            group,
            runs=tuple(
                replace(run, mlflow=ids.get((run.study, run.cell, run.lane))) for run in group.runs
            ),
        )
        for group in found.groups
    ]
    return replace(found, groups=tuple(groups))


def _group(use: Use, results: Path) -> Group:
    table = pd.read_parquet(results / "studies" / use.study / RUNS)
    for factor, wanted in use.where.items():
        levels = [wanted] if isinstance(wanted, str) else list(wanted)
        table = table[table[factor].astype(str).isin(levels)]
    return _rows(use, table)


def _rows(use: Use, table: pd.DataFrame) -> Group:
    runs = []
    for row in table.to_dict("records"):
        seed = int(row["seed"])
        value = row[use.column] if use.column else use.by_seed.get(seed)
        known = value is not None and not pd.isna(value)
        runs.append(
            Traced(
                use.study,
                str(row["cell"]),
                str(row["lane"]),
                seed,
                str(row["digest"]),
                float(value) if known and value is not None else None,
            )
        )
    levels = [
        f"{factor} {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
        for factor, wanted in use.where.items()
    ]
    same, varies = _recipe(table)
    return Group(
        use.role,
        use.study,
        use.number,
        ", ".join(levels),
        study_file(use.study),
        same,
        varies,
        tuple(runs),
    )


def _by_study(places: Iterable[tuple[str, str]], results: Path) -> list[Group]:
    wanted = set(places)
    groups = []
    for path in sorted(results.glob(f"studies/*/{RUNS}")):
        table = pd.read_parquet(path)
        kept = [place in wanted for place in zip(table["cell"], table["lane"], strict=True)]
        if any(kept):
            groups.append(_rows(Use("", path.parent.name), table[kept]))
    return groups


def _recipe(table: pd.DataFrame) -> tuple[dict[str, str], tuple[str, ...]]:
    same, varies = {}, []
    for name, field in Recipe.model_fields.items():
        if name not in table or name == "seed":
            continue
        values = list(dict.fromkeys("null" if pd.isna(one) else label(one) for one in table[name]))
        if len(values) > 1:
            varies.append(name)
        elif values and (field.is_required() or values[0] not in _usual(field.default)):
            same[name] = values[0]
    return same, tuple(varies)


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


def _origin(records: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
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
    return {key: tuple(values) for key, values in found.items()}


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
        return report_commit(results)
    except RestudyError:
        return None
