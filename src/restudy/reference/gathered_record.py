"""What has been gathered, and of which code: ``gathered.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restudy.common.errors import RestudyError
from restudy.experiments.project import project
from restudy.planning.plan import Plan, StudyPlan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.reference.configuration import study_digest
from restudy.reference.origin import training_hours
from restudy.results.run_record import read_run_record

RECORD = "gathered.json"
KINDS = ("studies", "experiments")

Record = dict[str, dict[str, dict[str, Any]]]
"""``studies`` and ``experiments``: name -> what is known of it."""


def read_record(folder: Path) -> Record:
    """Return what has been gathered; nothing if there is no such folder.

    Raises:
        RestudyError: the record cannot be read.
    """
    path = folder / RECORD
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {kind: dict(found[kind]) for kind in KINDS}
    except FileNotFoundError:
        return {kind: {} for kind in KINDS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RestudyError(f"{path}: cannot be read: {error!r}; remove the folder") from None


def still_right(record: Record, plan: Plan) -> Record:
    """Return what is of the code, levels, recipes and seeds that are here.

    Args:
        record: what has been gathered.
        plan: all studies at the full scale.
    """
    now = {name: _stamps(study) for name, study in plan.studies.items()}
    then = {name: {"code": _code(name)} for name in project().experiments}
    return {
        kind: {
            name: about
            for name, about in record[kind].items()
            if name in stamps and about.items() >= stamps[name].items()
        }
        for kind, stamps in zip(KINDS, (now, then), strict=True)
    }


def describe(plan: Plan, results: Path, experiments: list[str]) -> Record:
    """Return what a finished run brings.

    Args:
        plan: of the run.
        results: its folder.
        experiments: those that it did.
    """
    run = read_run_record(results)
    commit = run.commit_in_words()
    machine = {"processor": run.machine.processor, "cores": run.machine.cores}
    studies = {}
    for name, study in plan.studies.items():
        own = Plan({name: study}, {cell: plan.cells[cell] for cell in study.cells})
        studies[name] = {
            **_stamps(study),
            **{"runs": len(study.runs), "training_hours": training_hours(own, results)},
            **{"commit": commit, **machine},
        }
    done = {name: {"code": _code(name), "commit": commit, **machine} for name in experiments}
    return {"studies": studies, "experiments": done}


def joined(earlier: Record, new: Record) -> Record:
    """Return both, sorted by name; of what both have, the new."""
    return {kind: dict(sorted((earlier[kind] | new[kind]).items())) for kind in KINDS}


def write_record(record: Mapping[str, Any], folder: Path) -> None:
    """Write ``gathered.json``."""
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _stamps(study: StudyPlan) -> dict[str, Any]:
    places = [(run.cell, run.lane) for run in study.runs]
    asked = study_digest(study.description(), places)
    return {"asked": asked, "training_version": TRAINING_VERSION}


def _code(experiment: str) -> str:
    return project().digest(project().experiments[experiment])
