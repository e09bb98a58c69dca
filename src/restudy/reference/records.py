"""What a run was asked, and where its numbers come from; kept as JSON beside results in git."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.experiments.project import project
from restudy.planning.plan import Plan, StudyPlan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.results.group_files import TIMING
from restudy.results.group_record import read_record
from restudy.results.run_record import read_run_record

REFERENCE, GATHERED = Path("results/reference"), Path("results/gathered")
ORIGIN, PARTS, README = "reference.json", "gathered.json", "README.md"
KINDS = ("studies", "experiments")

Parts = dict[str, dict[str, dict[str, Any]]]
"""``studies`` and ``experiments``: name -> where its rows come from."""


def study_digest(description: Mapping[str, Any], runs: Iterable[Iterable[str]]) -> str:
    """Digest what a study asks for at a scale: levels, comparisons, recipes and seeds.

    Titles and questions do not count. The ids of groups and runs are digests of the recipes.

    Args:
        description: content of ``study.json``.
        runs: group and run of each run.
    """
    asked = {name: description[name] for name in ("scale", "as_published", "factors", "compare")}
    return digest([asked, sorted(map(list, runs))])


def plan_digest(study: StudyPlan) -> str:
    """Digest what a planned study asks for, as :func:`study_digest` does."""
    return study_digest(study.description(), [(run.group, run.id) for run in study.runs])


def read_configuration(results: Path) -> dict[str, Any]:
    """Return what the run in a results folder was asked to do.

    Returns:
        ``scale``, ``studies`` (name -> digest) and ``experiments`` (names).

    Raises:
        RestudyError: there is no run, or files of it cannot be read.
    """
    if not any(results.glob("studies/*/study.json")):
        raise RestudyError(f"{results}: there is no run here; start one with `make run`")
    record = read_run_record(results)
    studies = {}
    # Studies and experiments of earlier runs may still be there.
    for path in sorted(results.glob("studies/*/study.json")):
        if path.parent.name in record.studies:
            try:
                description = json.loads(path.read_text(encoding="utf-8"))
                runs = pd.read_parquet(path.with_name("runs.parquet"), columns=["group", "run"])
                studies[path.parent.name] = study_digest(description, runs.to_numpy().tolist())
            except (OSError, ValueError, KeyError) as error:
                problem = f"{path.parent}: cannot be read ({error}); run it again"
                raise RestudyError(problem) from None
    experiments = sorted(set(record.experiments) & project().experiments.keys())
    return {"scale": record.scale, "studies": studies, "experiments": experiments}


def describe_origin(plan: Plan, results: Path) -> dict[str, Any]:
    """Return the content of ``reference.json`` for a finished run.

    Args:
        plan: plan of the run's scale.
        results: folder of the run.
    """
    groups = [record for group in plan.groups if (record := read_record(results, group))]
    configuration, run = read_configuration(results), read_run_record(results)
    data = sorted((group["data"] for group in groups), key=lambda one: str(one["dataset"]))
    return {
        **configuration,
        "studies": {name: configuration["studies"][name] for name in plan.studies},
        "runs": sum(len(group.runs) for group in plan.groups.values()),
        "commit": run.commit_in_words(),
        "training_version": TRAINING_VERSION,
        "trained_at": _distinct(group["git_commit"] for group in groups),
        "versions": {
            name: ", ".join(_distinct(group["versions"][name] for group in groups))
            for name in (groups[0]["versions"] if groups else ())
        },
        "machine": {
            "system": ", ".join(_distinct(group["machine"] for group in groups)),
            "processor": run.machine.processor,
            "cores": run.machine.cores,
            "devices": _distinct(group["device"] for group in groups),
        },
        "hours": {"jobs": job_hours(results), "training": training_hours(plan.groups, results)},
        "data": {
            one["dataset"]: {"sha256": one["sha256"], "split_seed": one["split_seed"]}
            for one in data
        },
    }


def describe_parts(plan: Plan, results: Path, experiments: Iterable[str]) -> Parts:
    """Return the content of ``gathered.json`` for what a finished run has.

    Args:
        plan: plan of the run.
        results: folder of the run.
        experiments: the experiments that the run has.
    """
    run = read_run_record(results)
    machine = {"processor": run.machine.processor, "cores": run.machine.cores}
    source = {"commit": run.commit_in_words(), **machine}
    studies = {
        name: {
            **_stamps(study),
            "runs": len(study.runs),
            "training_hours": training_hours(study.groups, results),
            **source,
        }
        for name, study in plan.studies.items()
    }
    done = {name: {"code": _code(name), **source} for name in experiments}
    return {"studies": studies, "experiments": done}


def up_to_date(parts: Parts, plan: Plan) -> Parts:
    """Return the parts made with the present code, levels, recipes and seeds.

    Args:
        parts: what is kept.
        plan: all studies at the full scale.
    """
    stamps = {
        "studies": {name: _stamps(study) for name, study in plan.studies.items()},
        "experiments": {name: {"code": _code(name)} for name in project().experiments},
    }
    return {
        kind: {
            name: part
            for name, part in parts[kind].items()
            if name in stamps[kind] and part.items() >= stamps[kind][name].items()
        }
        for kind in KINDS
    }


def read_origin(folder: Path) -> dict[str, Any]:
    """Read ``reference.json``.

    Raises:
        RestudyError: there is no reference, or it cannot be read.
    """
    found = _read(folder / ORIGIN, "make it anew")
    if found is None:
        raise RestudyError(f"{folder}: there is no reference here")
    if not {"scale", "studies", "experiments"} <= found.keys():
        raise RestudyError(f"{folder / ORIGIN}: is no description of a reference; make it anew")
    return found


def read_parts(folder: Path) -> Parts:
    """Read ``gathered.json``; nothing is kept if there is no such file.

    Raises:
        RestudyError: the file cannot be read.
    """
    found = _read(folder / PARTS, "remove the folder") or {}
    return {kind: dict(found.get(kind, {})) for kind in KINDS}


def describe(origin: Mapping[str, Any]) -> str:
    """Return scale, commit, machine and hours of a reference in a sentence."""
    machine, hours = origin["machine"], origin["hours"]
    number = machine["cores"]
    return (
        f"Scale {origin['scale']}, {origin['runs']:,} runs, of commit {origin['commit']}, on "
        f"{number} core{'s'[: number - 1]} of {machine['processor']}: {hours['jobs']:.1f} hours of "
        f"jobs, {hours['training']:.1f} of them training."
    )


def job_hours(results: Path) -> float:
    """Return the hours of all jobs together, by Snakemake's records of the last run of each."""
    paths = results.glob("benchmarks/**/*.tsv")
    return round(sum(float(pd.read_csv(path, sep="\t")["s"].sum()) for path in paths) / 3600, 2)


def training_hours(groups: Iterable[str], results: Path) -> float:
    """Return the hours of training and evaluation; each run has a share of its stack's seconds."""
    seconds = 0.0
    for group in groups:
        table = pd.read_parquet(results / "groups" / group / TIMING)
        spent = (table["train_seconds"] + table["evaluation_seconds"]) / table["runs_in_stack"]
        seconds += float(spent.sum())
    return round(seconds / 3600, 2)


def _stamps(study: StudyPlan) -> dict[str, Any]:
    return {"asked": plan_digest(study), "training_version": TRAINING_VERSION}


def _code(experiment: str) -> str:
    return project().digest(project().experiments[experiment])


def _read(path: Path, remedy: str) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return dict(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise RestudyError(f"{path}: cannot be read: {error}; {remedy}") from None


def _distinct(values: Iterable[Any]) -> list[str]:
    return sorted({str(value) for value in values})
