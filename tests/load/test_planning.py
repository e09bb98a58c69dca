"""Thousands of groups: planning costs what their number says, and each is looked up once."""

import json
import os
import subprocess
import sys
from functools import partial

import pytest

from bench.load.made_up import CELLS_EACH, many_groups
from restudy.config.study import Study
from restudy.planning.jobs import make_jobs
from restudy.planning.plan import make_plan
from tests.workflow.checkout import Checkout


def calls(work):
    """Return how many functions some work calls: the same number on every machine."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def plan(groups, long):
    study = Study.model_validate(many_groups(groups, long=long))
    made = make_plan({study.name: study}, "full")
    assert len(made.groups) == groups
    return make_jobs(made)


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_planning_grows_as_the_number_of_groups(long):
    plan(CELLS_EACH, long)  # what is done once is done
    few, many = (calls(partial(plan, times * CELLS_EACH, long)) for times in (2, 8))
    assert many < 4.4 * few


# Tells on the last line how often Snakemake looks for the rule of which record of training.
COUNTING = """
import atexit, collections, json
from snakemake import cli, dag

asked, look = collections.Counter(), dag.DAG.file2jobs

def counted(self, targetfile, *arguments, **options):
    asked[str(targetfile)] += "/training/" in str(targetfile)
    return look(self, targetfile, *arguments, **options)

dag.DAG.file2jobs = counted
atexit.register(lambda: print(json.dumps({name: n for name, n in asked.items() if n})))
cli.main(["--cores", "2", "--configfile", "tiny.yaml", "--dry-run", "--quiet", "all"])
"""


@pytest.mark.pipeline
def test_snakemake_looks_for_the_rule_of_each_job_once(tmp_path):
    made = Checkout.fresh(tmp_path / "checkout")
    study = many_groups(CELLS_EACH, long=False)
    made.write_study(study.pop("name"), **study)
    (made.folder / "studies/tiny.yaml").unlink()
    (made.folder / "studies/houses.yaml").unlink()
    done = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=made.folder,
        env=os.environ | {"PYTHONPATH": str(made.folder / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    asked = json.loads(done.stdout.splitlines()[-1])
    assert 1 <= len(asked) <= CELLS_EACH
    assert set(asked.values()) == {1}
