"""Seconds before the first cell trains: reading and planning a study, and Snakemake's dry run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.workspace import Workspace
from restudy.config.settings import Settings
from restudy.planning.jobs import make_jobs
from restudy.planning.plan import load_plan


@dataclass(frozen=True)
class Planned:
    """What a study costs before anything is done.

    Attributes:
        cells, runs, jobs: of the study; jobs are those that train.
        plan: seconds from the study's file to its cells and jobs.
        dry_run: seconds of ``snakemake --dry-run``, from the start of Python.
    """

    cells: int
    runs: int
    jobs: int
    plan: float
    dry_run: float


def measure(study: dict[str, Any], folder: Path) -> Planned:
    """Plan a study, and dry-run the pipeline on it in an empty folder."""
    place = Workspace.make(folder, study)
    started = time.perf_counter()
    made = load_plan(Settings(studies=str(folder / "studies")))
    jobs = make_jobs(made)
    planned = time.perf_counter() - started
    dry_run = place.snakemake("--dry-run", "--quiet", "all")
    runs = sum(len(study.runs) for study in made.studies.values())
    return Planned(len(made.cells), runs, len(jobs), planned, dry_run)
