"""Bringing a store up to date with the result files, after all training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from restudy.results import group_files
from restudy.tracking import run_records
from restudy.tracking.log import Started, compare, find_runs, log_group, send
from restudy.tracking.run_records import GROUP, Study
from restudy.tracking.store import describe, ensure_experiment, open_client, prepare

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


@dataclass
class SyncReport:
    """What a sync found and did; a run that two studies ask for counts twice.

    Attributes:
        present: runs that were there.
        added: runs that were written now.
        missing: runs that are not there still.
        problem: why, or None.
    """

    present: int = 0
    added: int = 0
    missing: int = 0
    problem: str | None = None


def sync(uri: str, artifacts: Path | None, groups: Path, studies: Iterable[Study]) -> SyncReport:
    """Write every planned run that the store does not have, from the result files.

    Only one process may do this at a time. A store that is down is reported, not raised.

    Args:
        uri: the store; an SQLite file is made if it is missing.
        artifacts: folder for the files of new experiments; None: the server decides.
        groups: the folder with the groups' folders.
        studies: descriptions, with ``runs`` (see :mod:`restudy.tracking.run_records`).
    """
    studies = list(studies)
    planned = sum(len(study["runs"]) for study in studies)
    report = SyncReport(problem=prepare(uri))
    if report.problem is None:
        try:
            _sync(uri, artifacts, groups, studies, report)
        except Exception as error:  # whatever the store raises
            report.problem = describe(error)
    report.missing = planned - report.present - report.added
    if report.missing and report.problem is None:
        report.problem = f"{groups} holds no results of them"
    return report


def _sync(
    uri: str, artifacts: Path | None, groups: Path, studies: Iterable[Study], report: SyncReport
) -> None:
    _digests.cache_clear()
    client = open_client(uri)
    # Groups that are not complete in the experiments of some studies: study, experiment, its
    # runs.
    gaps: dict[str, list[tuple[Study, str, list[Run]]]] = {}
    for study in studies:
        experiment = ensure_experiment(client, artifacts, study)
        by_group: dict[str, list[Run]] = {}
        for mlflow_run in find_runs(client, experiment):
            by_group.setdefault(mlflow_run.data.tags.get(GROUP, ""), []).append(mlflow_run)
        _describe(client, study, by_group)
        for group in sorted({planned["group"] for planned in study["runs"]}):
            existing = by_group.get(group, [])
            levels = run_records.runs_of(study, group)
            known = _digests(groups / group / group_files.SUMMARY)
            wanted = {
                run: run_records.identity_tags(group, run, known[run], levels[run])
                for run in levels
                if run in known
            }
            standing = compare(existing, wanted, Started(""))
            report.present += len(standing.kept)
            if not standing.parent or standing.superfluous or len(wanted) < len(levels):
                gaps.setdefault(group, []).append((study, experiment, existing))
    for group, places in gaps.items():
        found = group_files.read(groups / group)
        if found is None:
            report.problem = f"{groups / group} holds no results that fit together"
            continue
        ended = (groups / group / group_files.RECORD).stat().st_mtime
        for study, experiment, existing in places:
            report.added += log_group(
                client, experiment, study, group, found, ended=ended, existing=existing
            )


def _describe(client: MlflowClient, study: Study, by_group: Mapping[str, Sequence[Run]]) -> None:
    """Bring what runs say of their study up to date: its title may change, and where it is."""
    places: dict[str, dict[str, run_records.Levels]] = {}
    for planned in study["runs"]:
        places.setdefault(planned["group"], {})[planned["run"]] = planned["levels"]
    for group, runs in places.items():
        for mlflow_run in by_group.get(group, []):
            tags = mlflow_run.data.tags
            run, seed = tags.get(run_records.RUN), tags.get(run_records.SEED)
            if run is None:
                wanted = run_records.group_tags(study, group)
            elif run in runs and seed is not None:
                wanted = run_records.run_tags(study, runs[run], seed)
            else:
                continue
            changed = {key: value for key, value in wanted.items() if tags.get(key) != value}
            if changed:
                send(client, mlflow_run.info.run_id, [], tags=changed)


@cache
def _digests(summary: Path) -> Mapping[str, str]:
    """Return the digest of each run in a group's summary; empty if the group has no results."""
    try:
        table = pd.read_parquet(summary, columns=["run", "digest"])
    except (OSError, ValueError):
        return {}
    return dict(zip(table["run"], table["digest"], strict=True))
