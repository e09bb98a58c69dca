# Settings and plan: everything is checked here, before any work.
import math
import time
from pathlib import Path

from restudy import clock, troubles, watching
from restudy.config.loading import load_settings
from restudy.digests import digest
from restudy.errors import RestudyError
from restudy.evidence.checks import load_evidence
from restudy.experiments.project import use
from restudy.lock import hold
from restudy.lanes.version import TRAINING_VERSION
from restudy.plan import load_plan
from restudy.provenance import code_digest
from restudy.report.commands import relative
from restudy.report.digest import templates_digest
from restudy.tracking.attempts import next_attempt
from restudy.tracking.store import public, sqlite_file, tracking_uri
from snakemake.exceptions import WorkflowError

try:
    SETTINGS = load_settings(config)
    PLAN = load_plan(SETTINGS)
    PROJECT = use(SETTINGS.experiments_folder)
    EVIDENCE = load_evidence(PLAN.studies)
except RestudyError as error:
    raise WorkflowError(str(error))

RESULTS = Path(SETTINGS.results)
EXPERIMENT_JOBS = 6
# Priority of what takes longest; other training has its seconds for one.
LONGEST = 1000
# That of tables and tracking, which much waits for: before figures.
SOON = 1
# The memory and the minutes that rules ask for are for a cluster. There the two Snakemakes around
# each script, 400 MB, count as the job's.
# Devices that a training job has to itself, where somebody deals them out: a profile, or Slurm.
GPUS = 1 if SETTINGS.training.device == "cuda" else 0
EXPERIMENT_TABLE = RESULTS / "experiments/{experiment}.parquet"
TRACKING_URI = tracking_uri(SETTINGS.tracking.uri, RESULTS)

# Before Snakemake looks at the age of files. A job on another machine was looked after here.
if workflow.is_main_process:
    LATE = clock.written_after(
        clock.of_a_run(RESULTS), time.time(), tolerance=clock.TOLERANCE
    )
    if LATE:
        raise WorkflowError(clock.complaint(LATE))


wildcard_constraints:
    cell="[^/]+",
    study="[^/]+",
    dataset="[^/]+",


def minutes(cells):
    """Return the minutes that a cluster gives a job that trains some cells.

    Estimates are of one core of a processor of today; half an hour is for all that is slower.
    A job that is stopped all the same goes on at its last checkpoints.
    """
    return 30 + math.ceil(5 * sum(cell.work for cell in cells) / 60)


def studies_drawn_as(kind):
    """Return the studies whose file asks for one kind of figure."""
    return [name for name, plan in PLAN.studies.items() if plan.study.figure == kind]


def drawn_as(kind):
    """Return a pattern that matches the studies whose file asks for one kind of figure."""
    return "|".join(studies_drawn_as(kind)) or "(?!)"


def experiments_done(names):
    """Return those of some experiments that this run does: all, or none."""
    return names if SETTINGS.experiments else []


def by_job(experiments):
    """Return the names of the experiments that each job does, by the end of its rule's name.

    A job takes some seconds to start, and most experiments take no longer. So they are dealt out to
    a few jobs, by the names of their modules alone: another module moves none of the others. Those
    that are timed share one, which takes all cores.
    """
    found = {}
    for name, experiment in experiments.items():
        place = PROJECT.place(experiment)
        number = int(digest(place.module), 16) % EXPERIMENT_JOBS + 1
        found.setdefault("timed" if experiment.timed else number, []).append(name)
    return found


def studies_disputed(disputes):
    """Return the studies that figures of contradictions are drawn from."""
    return sorted({study for dispute in disputes.values() for study in dispute.studies})


def by_source(figures):
    """Return the names of the figures of each source."""
    sources = sorted({figure.source for figure in figures.values()})
    return {
        source: [name for name, figure in figures.items() if figure.source == source]
        for source in sources
    }


def needed_for_figures(figures):
    """Return the files that figures of the sources are drawn from, if any."""
    studies = sorted({figure.study for figure in figures if figure.study is not None})
    datasets = sorted(
        {figure.dataset for figure in figures if figure.dataset is not None}
    )
    collected = rules.collect.output
    return {
        "runs": expand(collected.runs, study=studies),
        "histories": expand(collected.history, study=studies),
        "descriptions": expand(collected.description, study=studies),
        "data": expand(rules.prepare.output, dataset=datasets),
    }


def studies_left_out():
    """Return the studies that there are files of, and that this run does not do."""
    files = Path(SETTINGS.studies).glob("*.yaml")
    return sorted({file.stem for file in files} - set(PLAN.studies))


def tracked_studies():
    """Return what MLflow's view is told of each study."""
    return [
        {
            **study.tracked(),
            "claims": EVIDENCE.claims_on(name),
            "results": str(RESULTS),
        }
        for name, study in PLAN.studies.items()
    ]


def other_figures():
    """Return for each study the names of the figures, beside its own, that its runs are in."""
    found = {name: [] for name in PLAN.studies}
    drawn = [(name, [figure.study]) for name, figure in DRAWN_FIGURES.items()]
    drawn += [(name, dispute.studies) for name, dispute in DISPUTES.items()]
    for name, studies in drawn:
        for study in found.keys() & set(studies):
            found[study].append(name)
    return found


def scale_in_words():
    """Return the scale of this run, and which of its studies are done at another."""
    full = [
        name for name, study in PLAN.studies.items() if study.scale != SETTINGS.scale
    ]
    return SETTINGS.scale + (f", but full for {', '.join(full)}" if full else "")


def how_it_was_called():
    """Return what a command needs to say that makes a file of this run again."""
    given = workflow.config_settings
    return {
        "results": str(RESULTS),
        "configfiles": relative(given.configfiles),
        "settings": list(given.config_args or []),
    }


def where_things_are(results):
    """Return what a person wants to know when the pipeline has ended."""
    scale = "" if SETTINGS.scale == "default" else f" SCALE={SETTINGS.scale}"
    return (
        f"\nReport:   {results}/report/index.html\n"
        f"Paper:    {results}/report/paper.pdf\n"
        f"Figures:  {results}/figures/\n"
        f"Tables:   {results}/tables/\n"
        f"All runs: `make ui{scale}` serves them in the MLflow UI, on this machine alone\n"
    )


def trained_by(job):
    """Return the cells that a job brings up to date; none if it is no training job."""
    folders = {Path(file).parent for file in job.output}
    return [path.name for path in folders if path.parent == RESULTS / "cells"]


def watch_training():
    """See from now on how far training is, for those who show it.

    What Snakemake knows of its jobs is asked of the parts that plugins see, which may change: a
    run without a progress line is better than none.
    """
    try:
        needed = {cell for job in workflow.dag.jobs for cell in trained_by(job)}
        to_run = [trained_by(job) for job in workflow.dag.needrun_jobs()]
        watching.begin(
            watching.Watcher(
                {name: cell for name, cell in PLAN.cells.items() if name in needed},
                [cells for cells in to_run if cells],
                RESULTS,
                TRAINING_VERSION,
            )
        )
    except Exception as error:
        print(f"warning: the progress of training is not shown: {error!r}")


def look_for_jobs_only_when_one_ends():
    """Keep the scheduler from looking for jobs to start all the time.

    Snakemake 9.27 limits the rate of starts, and so looks again a second after each look, once more
    for every job that has ended: in a run of a hundred jobs it soon does nothing else, and takes a
    core. No option turns the limit off. Local jobs need none.
    """
    if workflow.local_exec and hasattr(workflow.scheduler, "job_rate_limiter"):
        workflow.scheduler.job_rate_limiter = None


def warn_of_a_store_in_a_file():
    """Say that a tracking store in a file is not for jobs on several machines."""
    if not workflow.local_exec and TRACKING_URI.startswith("sqlite"):
        print(
            "warning: MLflow's store is an SQLite file. Jobs on several machines may break it; "
            "give them a server: tracking.uri, docs/cluster.md"
        )


def take_lock():
    """See to it that only one run of the pipeline is going on in this folder."""
    try:
        hold()
    except RestudyError as error:
        raise WorkflowError(str(error))
    except OSError as error:
        raise WorkflowError(troubles.in_words(error) or str(error))
