"""Whether a run is whole, and of code that everybody can have: only such a run is a reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from restudy.common.errors import RestudyError
from restudy.planning.plan import Plan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.reference.configuration import first_of, read_configuration, study_digest
from restudy.reference.contents import PAGE, PAPER, files_of
from restudy.results.group_files import RECORD
from restudy.results.run_record import RUN_RECORD

_TARGETS = (PAGE, PAPER, RUN_RECORD, "mlflow/finish.json")


def check_finished(plan: Plan, results: Path) -> None:
    """See to it that a results folder holds all that a plan asks for, by the code that is here.

    Args:
        plan: of the scale.
        results: the folder.

    Raises:
        RestudyError: something is missing, or was made by other code or before the last tables.
    """
    problems = [*_missing(plan, results), *_stale(plan, results)]
    if problems:
        told = first_of(problems)
        raise RestudyError(f"{results}: the run is not finished: {told}; run it to its end")


def check_clean(now: Mapping[str, Any], commit: str) -> None:
    """See to it that code and report are those of a commit.

    Args:
        now: what :func:`restudy.provenance.versions.commit` says.
        commit: of the report, as :func:`restudy.provenance.versions.commit_in_words` had it.

    Raises:
        RestudyError: there are changes that are in no commit, or no commit at all.
    """
    if now["git_commit"] is None:
        raise RestudyError("the code is no git checkout: nobody could get the reference's code")
    if now["git_dirty"]:
        raise RestudyError("there are uncommitted changes: commit them, and run the pipeline again")
    if " " in commit:
        raise RestudyError(f"the report is of commit {commit}: run the pipeline again")


def read_record(results: Path, cell: str) -> dict[str, Any] | None:
    """Return what ``cell.json`` says; None if it is not there or half-written."""
    try:
        record = json.loads((results / "cells" / cell / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _missing(plan: Plan, results: Path) -> Iterator[str]:
    targets = [*_TARGETS, *_of_studies(plan)]
    yield from (f"{name} is missing" for name in targets if not (results / name).is_file())


def _of_studies(plan: Plan) -> Iterable[str]:
    for name in plan.studies:
        yield f"studies/{name}/study.json"
        yield from (f"tables/{name}/{table}.csv" for table in ("summary", "comparison", "winners"))
        yield from (f"figures/{name}.{suffix}" for suffix in ("svg", "csv"))


def _stale(plan: Plan, results: Path) -> Iterator[str]:
    for cell in plan.cells:
        record = read_record(results, cell)
        if record is None:
            yield f"cell {cell} is missing"
        elif record.get("training_version") != TRAINING_VERSION:
            yield f"cell {cell} was trained by other code"
    found = read_configuration(results)["studies"]
    for name, study in plan.studies.items():
        places = [(run.cell, run.lane) for run in study.runs]
        if name not in found:
            yield f"study {name} is not in the last run"
        elif found[name] != study_digest(study.description(), places):
            yield f"study {name} was collected for another plan"
    page = results / PAGE
    if page.is_file():
        tables = [results / path for path in files_of(results)["tables"]]
        newer = [path.name for path in tables if path.stat().st_mtime > page.stat().st_mtime]
        yield from (f"{PAGE} is older than {name}" for name in newer)
