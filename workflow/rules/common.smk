# Settings and plan: everything is checked here, before any work.
import sys
from contextlib import contextmanager
from pathlib import Path

from restudy.commands import workflow_support
from restudy.config.figures import FIGURE_KINDS
from restudy.config.loading import load_settings
from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.evidence import contradiction_specs, figure_availability
from restudy.evidence.validation import load_evidence
from restudy.experiments.project import use
from restudy.runtime import run_lock, system_errors
from restudy.runtime.job_records import remove_outdated
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.planning.plan import load_plan
from restudy.provenance import versions
from restudy.provenance.versions import code_digest
from restudy.tracking.retry_counter import next_attempt
from restudy.tracking.store import public, sqlite_file, tracking_uri
from snakemake.exceptions import WorkflowError

# By another name: `report` at the start of a line is the directive.
from snakemake.io import report as in_report


@contextmanager
def without_traceback():
    """Turn errors of the user's and of the machine's into one that has no traceback."""
    try:
        yield
    except RestudyError as error:
        raise WorkflowError(str(error)) from None
    except OSError as error:
        raise WorkflowError(system_errors.in_words(error) or str(error)) from None


with without_traceback():
    SETTINGS = load_settings(config)
    PLAN = load_plan(SETTINGS)
    PROJECT = use(SETTINGS.experiments_folder)
    EVIDENCE = load_evidence(PLAN.studies)
    RESULTS = Path(SETTINGS.results)
    # Before Snakemake looks at files. A job on another machine was looked after here.
    if workflow.is_main_process:
        workflow_support.check_clock(RESULTS)
        remove_outdated(
            [*RESULTS.glob("training/*.json"), *RESULTS.glob("experiments/*.json")],
            RESULTS,
        )

# Priorities. The longest jobs have the highest, and training its seconds.
LONGEST = 1000
# That of tables and tracking, which much waits for: before figures.
SOON = 1
# The memory and the minutes that rules ask for are for a cluster. There the two Snakemakes around
# each script, 400 MB, count as the job's. What asks for no memory takes less than 1,000 MB.
# Devices that a training job has to itself, where somebody deals them out: a profile, or Slurm.
GPUS = 1 if SETTINGS.training.device == "cuda" else 0
TRACKING_URI = tracking_uri(SETTINGS.tracking.uri, RESULTS)


versions.include("scripts", Path(workflow.basedir) / "workflow/scripts")


wildcard_constraints:
    study="[^/]+",
    dataset="[^/]+",
    job="[^/]+",


def studies_drawn_as(kind):
    """Return the studies whose file asks for one kind of figure."""
    return [name for name, plan in PLAN.studies.items() if plan.study.figure == kind]


def any_of(names):
    """Return a pattern that matches these names alone."""
    return "|".join(names) or "(?!)"


def experiments_done(names):
    """Return those of some experiments that this run does: all, or none."""
    return names if SETTINGS.experiments else []


def collected(kind, studies):
    """Return one of the files that rule collect_runs makes, for each of some studies."""
    return expand(rules.collect_runs.output[kind], study=studies)


def training_of(study):
    """Return the records of the jobs that train the runs of a study."""
    jobs = sorted({JOB_OF[group] for group in PLAN.studies[study].groups})
    return expand(rules.train.output, job=jobs)


def experiment_records(names):
    """Return the records of the jobs that do some experiments."""
    jobs = [job for job, some in EXPERIMENTS_OF.items() if set(some) & set(names)]
    return expand(rules.run_experiments.output, job=jobs)


def experiment_tables(names):
    """Return the tables of some experiments."""
    return expand(RESULTS / "experiments/{experiment}.parquet", experiment=names)


def drawn(names, caption, category, label="figure"):
    """Return the files of figures, as the output of a rule: their kind -> the files."""
    return {
        "svg": [
            in_report(
                RESULTS / f"figures/{name}.svg",
                caption=f"../report/{caption}.rst",
                category=category,
                labels={label: name},
            )
            for name in names
        ],
        **{
            kind: [RESULTS / f"figures/{name}.{kind}" for name in names]
            for kind in ["pdf", "csv", "txt"]
        },
    }


def drawn_from(studies):
    """Return the files that the figures of studies are drawn from."""
    return [
        RESULTS / f"studies/{study}/{file}"
        for study in studies
        for file in FIGURE_KINDS[PLAN.studies[study].study.figure].files
    ]


def drawing_code(studies):
    """Return a digest of the code that draws the figures of studies."""
    kinds = {PLAN.studies[study].study.figure for study in studies}
    modules = [f"restudy.figures.{FIGURE_KINDS[kind].module}" for kind in sorted(kinds)]
    return code_digest("restudy.figures.studies", *modules)


def needed_for(figures):
    """Return the files that figures of the sources are drawn from, if any."""
    figures = [DRAWN_FIGURES[figure] for figure in figures]
    studies = sorted({figure.study for figure in figures if figure.study is not None})
    datasets = sorted(
        {figure.dataset for figure in figures if figure.dataset is not None}
    )
    return {
        "runs": collected("runs", studies),
        "histories": collected("history", studies),
        "descriptions": collected("description", studies),
        "data": expand(rules.prepare_dataset.output, dataset=datasets),
    }


def needed_for_contradictions(names):
    """Return the files that figures of contradictions are drawn from."""
    studies = sorted(
        {study for name in names for study in CONTRADICTIONS[name].studies}
    )
    return {
        "claims": "config/evidence/claims.yaml",
        "contradictions": "config/evidence/contradictions.yaml",
        "runs": collected("runs", studies),
        "histories": collected("history", studies),
        "descriptions": collected("description", studies),
        "experiments": experiment_records(experiments_of(names)),
    }


def experiments_of(names):
    """Return the experiments that figures of contradictions are drawn from."""
    return sorted({each for name in names for each in CONTRADICTIONS[name].experiments})
