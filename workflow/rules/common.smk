# Settings and plan: everything is checked here, before any work.
from pathlib import Path

from restudy import progress
from restudy.config.loading import load_settings, load_studies
from restudy.errors import RestudyError
from restudy.plan import make_plan
from restudy.provenance import code_digest
from restudy.tracking.attempts import next_attempt
from restudy.tracking.store import tracking_uri
from snakemake.exceptions import WorkflowError

try:
    SETTINGS = load_settings(config)
    PLAN = make_plan(
        load_studies(Path(SETTINGS.studies), SETTINGS.only), SETTINGS.scale
    )
except RestudyError as error:
    raise WorkflowError(str(error))

RESULTS = Path(SETTINGS.results)
TRACKING_URI = tracking_uri(SETTINGS.tracking.uri, RESULTS)
TRACKED_STUDIES = [
    {**study.description(), "runs": study.places()} for study in PLAN.studies.values()
]
progress.expect(PLAN.cells, RESULTS / "cells")


wildcard_constraints:
    cell="[^/]+",
    study="[^/]+",
    dataset="[^/]+",
