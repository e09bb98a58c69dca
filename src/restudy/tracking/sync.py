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
from restudy.tracking.log import Started, compare, find_runs, log_cell, send
from restudy.tracking.run_records import CELL, Study
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


def sync(uri: str, artifacts: Path | None, cells: Path, studies: Iterable[Study]) -> SyncReport:
    """Write every planned run that the store does not have, from the result files.

    Only one process may do this at a time. A store that is down is reported, not raised.

    Args:
        uri: the store; an SQLite file is made if it is missing.
        artifacts: folder for the files of new experiments; None: the server decides.
        cells: the folder with the cells' folders.
        studies: descriptions, with ``runs`` (see :mod:`restudy.tracking.run_records`).
    """
    studies = list(studies)
    planned = sum(len(study["runs"]) for study in studies)
    report = SyncReport(problem=prepare(uri))
    if report.problem is None:
        try:
            _sync(uri, artifacts, cells, studies, report)
        except Exception as error:  # whatever the store raises
            report.problem = describe(error)
    report.missing = planned - report.present - report.added
    if report.missing and report.problem is None:
        report.problem = f"{cells} holds no results of them"
    return report


def _sync(
    uri: str, artifacts: Path | None, cells: Path, studies: Iterable[Study], report: SyncReport
) -> None:
    _digests.cache_clear()
    client = open_client(uri)
    # Cells that are not complete in the experiments of some studies: study, experiment, its runs.
    gaps: dict[str, list[tuple[Study, str, list[Run]]]] = {}
    for study in studies:
        experiment = ensure_experiment(client, artifacts, study)
        by_cell: dict[str, list[Run]] = {}
        for run in find_runs(client, experiment):
            by_cell.setdefault(run.data.tags.get(CELL, ""), []).append(run)
        _describe(client, study, by_cell)
        for cell in sorted({run["cell"] for run in study["runs"]}):
            existing = by_cell.get(cell, [])
            levels = run_records.lanes_of(study, cell)
            known = _digests(cells / cell / group_files.SUMMARY)
            wanted = {
                lane: run_records.identity_tags(cell, lane, known[lane], levels[lane])
                for lane in levels
                if lane in known
            }
            standing = compare(existing, wanted, Started(""))
            report.present += len(standing.kept)
            if not standing.parent or standing.superfluous or len(wanted) < len(levels):
                gaps.setdefault(cell, []).append((study, experiment, existing))
    for cell, places in gaps.items():
        found = group_files.read(cells / cell)
        if found is None:
            report.problem = f"{cells / cell} holds no results that fit together"
            continue
        ended = (cells / cell / group_files.RECORD).stat().st_mtime
        for study, experiment, existing in places:
            report.added += log_cell(
                client, experiment, study, cell, found, ended=ended, existing=existing
            )


def _describe(client: MlflowClient, study: Study, by_cell: Mapping[str, Sequence[Run]]) -> None:
    """Bring what runs say of their study up to date: its title may change, and where it is."""
    places: dict[str, dict[str, run_records.Levels]] = {}
    for run in study["runs"]:
        places.setdefault(run["cell"], {})[run["lane"]] = run["levels"]
    for cell, lanes in places.items():
        for run in by_cell.get(cell, []):
            tags = run.data.tags
            lane, seed = tags.get(run_records.LANE), tags.get(run_records.SEED)
            if lane is None:
                wanted = run_records.cell_tags(study, cell)
            elif lane in lanes and seed is not None:
                wanted = run_records.lane_tags(study, lanes[lane], seed)
            else:
                continue
            changed = {key: value for key, value in wanted.items() if tags.get(key) != value}
            if changed:
                send(client, run.info.run_id, [], tags=changed)


@cache
def _digests(summary: Path) -> Mapping[str, str]:
    """Return the digest of each lane in a cell's summary; empty if the cell has no results."""
    try:
        table = pd.read_parquet(summary, columns=["lane", "digest"])
    except (OSError, ValueError):
        return {}
    return dict(zip(table["lane"], table["digest"], strict=True))
