# Settings and plan: everything is checked here, before any work.
from pathlib import Path

from restudy import progress
from restudy.config.loading import load_settings
from restudy.errors import RestudyError
from restudy.evidence.checks import load_evidence
from restudy.lock import hold
from restudy.plan import load_plan
from restudy.provenance import code_digest
from restudy.tracking.attempts import next_attempt
from restudy.tracking.store import public, tracking_uri
from snakemake.exceptions import WorkflowError

try:
    SETTINGS = load_settings(config)
    PLAN = load_plan(SETTINGS)
    EVIDENCE = load_evidence(PLAN.studies)
except RestudyError as error:
    raise WorkflowError(str(error))

RESULTS = Path(SETTINGS.results)
TRACKING_URI = tracking_uri(SETTINGS.tracking.uri, RESULTS)
progress.expect(PLAN.cells, RESULTS / "cells")


wildcard_constraints:
    cell="[^/]+",
    study="[^/]+",
    dataset="[^/]+",


def studies_drawn_as(kind):
    """Return the studies whose file asks for one kind of figure."""
    return [name for name, plan in PLAN.studies.items() if plan.study.figure == kind]


def drawn_as(kind):
    """Return a pattern that matches the studies whose file asks for one kind of figure."""
    return "|".join(studies_drawn_as(kind)) or "(?!)"


def experiments_done(names):
    """Return those of some experiments that this run does: all, or none."""
    return names if SETTINGS.experiments else []


def needed_for_figure(wildcards):
    """Return the files that a figure of a source is drawn from, if any."""
    figure = DRAWN_FIGURES[wildcards.figure]
    if figure.study is not None:
        kinds = ("runs", "history", "description")
        found = {kind: getattr(rules.collect.output, kind) for kind in kinds}
        return {kind: path.format(study=figure.study) for kind, path in found.items()}
    if figure.dataset is not None:
        return {"data": rules.prepare.output[0].format(dataset=figure.dataset)}
    return {}


def where_things_are(results):
    """Return what a person wants to know when the pipeline has ended."""
    scale = "" if SETTINGS.scale == "default" else f" SCALE={SETTINGS.scale}"
    return (
        f"\nReport:   {results}/report/index.html\n"
        f"Figures:  {results}/figures/\n"
        f"Tables:   {results}/tables/\n"
        f"All runs: `make ui{scale}` serves them in the MLflow UI, on this machine alone\n"
    )


def take_lock():
    """See to it that only one run of the pipeline is going on in this folder."""
    try:
        hold(Path(".snakemake/restudy.lock"))
    except RestudyError as error:
        raise WorkflowError(str(error))
