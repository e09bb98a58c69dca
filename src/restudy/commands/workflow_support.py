"""What the Snakefile needs beside settings and plan; nothing heavy is imported.

Some functions are handed Snakemake's workflow object, and use parts of it that plugins see too.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.config.settings import Settings
from restudy.planning.plan import Plan
from restudy.progress import training_progress
from restudy.runtime import timestamps
from restudy.tracking.store import TRACKED, public

if TYPE_CHECKING:
    from restudy.evidence.validation import Evidence
    from restudy.experiments.project import Project
    from restudy.planning.jobs import Job

_EXPERIMENT_JOBS = 6
TIMED = "timed"
"""The job of the experiments that measure time."""


def check_clock(results: Path) -> None:
    """Raise an error if files that Snakemake compares by age were written in the future."""
    files = timestamps.of_a_run(results)
    late = timestamps.written_after(files, time.time(), tolerance=timestamps.TOLERANCE)
    if late:
        raise RestudyError(timestamps.complaint(late))


def look_for_jobs_only_when_one_ends(workflow: Any) -> None:
    """Keep the scheduler from looking for jobs to start all the time.

    Snakemake 9.27 limits the rate of starts, and so looks again a second after each look, once more
    for every job that has ended: in a run of a hundred jobs it soon does nothing else, and takes a
    core. No option turns the limit off. Local jobs need none.
    """
    if workflow.local_exec and hasattr(workflow.scheduler, "job_rate_limiter"):
        workflow.scheduler.job_rate_limiter = None


def watch_training(
    workflow: Any, plan: Plan, jobs: Mapping[str, Job], results: Path, version: int
) -> None:
    """See from now on how far training is, for those who show it.

    What Snakemake knows of its jobs may change: a run without a progress line is better than none.
    """
    try:
        to_run, needed = (
            {job.wildcards.job for job in some if job.rule.name == training_progress.RULE}
            for some in (workflow.dag.needrun_jobs(), workflow.dag.jobs)
        )
        groups = {name: [group.id for group in jobs[name].groups] for name in needed}
        training_progress.set_watcher(
            training_progress.Watcher(
                {group: plan.groups[group] for some in groups.values() for group in some},
                {name: groups[name] for name in to_run},
                results,
                version,
            )
        )
    except Exception as error:
        print(f"warning: the progress of training is not shown: {error!r}")


def warn_of_a_store_in_a_file(workflow: Any, uri: str) -> None:
    """Say that a tracking store in a file is not for jobs on several machines."""
    if not workflow.local_exec and uri.startswith("sqlite"):
        print(
            "warning: MLflow's store is an SQLite file. Jobs on several machines may break it; "
            "give them a server: tracking.uri, docs/cluster.md"
        )


def how_it_was_called(workflow: Any, results: Path) -> dict[str, Any]:
    """Return what a command has to contain that makes a file of this run again.

    Passwords in addresses, as of a tracking server, are left out.
    """
    given = workflow.config_settings
    return {
        "results": str(results),
        "configfiles": [os.path.relpath(path) for path in given.configfiles],
        "settings": [public(text) for text in given.config_args or []],
    }


def where_things_are(settings: Settings) -> str:
    """Return what a person wants to know when the pipeline has ended."""
    results = settings.results
    scale = "" if settings.scale == "default" else f" SCALE={settings.scale}"
    return (
        f"\nReport:   {results}/report/index.html\n"
        f"Paper:    {results}/report/paper.pdf\n"
        f"Figures:  {results}/figures/\n"
        f"Tables:   {results}/tables/\n"
        f"All runs: `make ui{scale}` serves them in the MLflow UI, on this machine alone\n"
    )


def deal_out(project: Project) -> dict[str, list[str]]:
    """Return the names of the experiments that each job does.

    A job takes some seconds to start, and most experiments take no longer. So they are dealt out to
    a few jobs, by the names of their modules alone: another module moves none of the others. Those
    that are timed share one, which takes all cores.
    """
    found: dict[str, list[str]] = {}
    for name, experiment in project.experiments.items():
        module = project.place(experiment).module
        number = str(int(digest(module), 16) % _EXPERIMENT_JOBS + 1)
        found.setdefault(TIMED if experiment.timed else number, []).append(name)
    return found


def scale_in_words(settings: Settings, plan: Plan) -> str:
    """Return the scale of this run, and which of its studies are done at another."""
    full = [name for name, study in plan.studies.items() if study.scale != settings.scale]
    return settings.scale + (f", but full for {', '.join(full)}" if full else "")


def studies_left_out(settings: Settings, plan: Plan) -> list[str]:
    """Return the studies that there are files of, and that this run does not do."""
    return sorted({file.stem for file in Path(settings.studies).glob("*.yaml")} - set(plan.studies))


def tracked_studies(settings: Settings, plan: Plan, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the description of each study that MLflow's view is made of."""
    return [
        {**study.tracked(), "claims": evidence.claims_on(name), "results": settings.results}
        for name, study in plan.studies.items()
    ]


def write_tracked(results: Path, studies: list[dict[str, Any]]) -> None:
    """Write these descriptions for the jobs, which need no plan of their own then."""
    write_atomically(results / TRACKED, json.dumps(studies).encode())


def figures_with(
    studies: Iterable[str], figures: Mapping[str, Iterable[str | None]]
) -> dict[str, list[str]]:
    """Return for each study the names of the figures that its runs are in.

    Args:
        studies: names of studies.
        figures: name of a figure -> studies that it is drawn from.
    """
    drawn_from = {name: set(some) for name, some in figures.items()}
    return {
        study: [name for name, some in drawn_from.items() if study in some] for study in studies
    }
