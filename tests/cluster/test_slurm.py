"""The pipeline over Slurm, on a cluster of one node that is set up here, beside a local run.

``make test-slurm`` runs the whole tiny pipeline, which takes minutes: Slurm's plugin starts
Snakemake anew for every job. Where Slurm is installed, ``make test`` runs one study as far as its
table.
"""

import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from envs import cluster
from tests.workflow.checkout import Checkout
from tests.workflow.outcome import numbers, planned_runs

WHOLE = "RESTUDY_CLUSTER" in os.environ
TARGETS = [] if WHOLE else ["results/studies/tiny/runs.parquet", "results/mlflow/sync.json"]
PROFILE = ["--profile", "workflow/profiles/slurm", "--configfile", "tiny.yaml"]
PROBLEM = cluster.missing()

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(PROBLEM is not None, reason=f"no cluster here: {PROBLEM}"),
]


@pytest.fixture(scope="module")
def slurm():
    """The cluster; Slurm's files have their places, so there is one on a machine."""
    cluster.down(cluster.FOLDER)  # what a killed run may have left
    cluster.up(cluster.FOLDER)
    yield cluster.FOLDER
    cluster.down(cluster.FOLDER)


def over_slurm(checkout, *arguments):
    """Run Snakemake as docs/cluster.md says; return what it printed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, *PROFILE],
        cwd=checkout.folder,
        env=kept | {"PYTHONPATH": str(checkout.folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A checkout in which the pipeline has run on this machine, with MLflow's store in a file."""
    made = Checkout.fresh(tmp_path_factory.mktemp("local") / "checkout")
    if not WHOLE:
        made.configure(only=["tiny"])
    made.run(*TARGETS, timeout=1500)
    return made


@pytest.fixture(scope="module")
def remote(slurm, tmp_path_factory):
    """The same over Slurm, with MLflow's server; ``output`` is what it printed."""
    made = Checkout.fresh(tmp_path_factory.mktemp("remote") / "checkout")
    made.configure(tracking={"uri": cluster.MLFLOW}, **({} if WHOLE else {"only": ["tiny"]}))
    made.output = over_slurm(made, *TARGETS)
    return made


def test_tables_are_those_of_a_local_run_to_the_bit(local, remote):
    expected, found = numbers(local), numbers(remote)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert "studies/tiny/runs.parquet" in found
    assert ("tables/claims.csv" in found) == WHOLE


def test_jobs_were_sent_to_slurm_and_short_ones_share_theirs(remote):
    sent = re.findall(r"has been submitted with SLURM jobid (\d+)", remote.output)
    states = subprocess.run(
        ["squeue", "--states=all", "--noheader", "--format=%i %T"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        dict.fromkeys(sent, "COMPLETED").items()
        <= dict(line.split() for line in states.stdout.splitlines()).items()
    )
    done = int(re.search(r"^total +(\d+)$", remote.output, re.M)[1])
    assert 4 <= len(sent) < done


def test_every_run_is_in_mlflow_once_with_its_score(remote):
    from mlflow import MlflowClient

    client = MlflowClient(cluster.MLFLOW)
    names = {each.experiment_id: each.name for each in client.search_experiments()}
    shown = client.search_runs(list(names), "tags.`restudy.kind` = 'run'", max_results=1000)
    found = [
        (
            names[mlflow_run.info.experiment_id],
            mlflow_run.data.tags["restudy.group"],
            mlflow_run.data.tags["restudy.run"],
            mlflow_run.info.status,
        )
        for mlflow_run in shown
    ]
    assert sorted(found) == planned_runs(remote)
    runs = pd.read_parquet(remote.results / "studies/tiny/runs.parquet")
    scores = runs.set_index(["group", "run"])["test_accuracy"].to_dict()
    for mlflow_run in shown:
        place = (mlflow_run.data.tags["restudy.group"], mlflow_run.data.tags["restudy.run"])
        if place in scores:
            assert mlflow_run.data.metrics["test_accuracy"] == pytest.approx(
                scores.pop(place), abs=1e-12
            )
    assert not scores


def test_nothing_is_left_to_do_here_or_there(remote):
    """What ran on the cluster is up to date for a run without it, and the other way round."""
    assert "Nothing to be done" in over_slurm(remote, *TARGETS)
    assert "Nothing to be done" in remote.run(*TARGETS)


def test_a_job_that_takes_more_memory_than_it_asked_for_is_told(remote, tmp_path):
    own = remote.copy(tmp_path / "checkout")
    shutil.rmtree(own.results / "studies")
    target = "results/studies/tiny/runs.parquet"
    # Ten megabytes hold no Snakemake. Once: the profile's second try is not waited for.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", target, *PROFILE, "--retries", "0"),
            *("--set-resources", "collect_runs:mem_mb=10"),
        ],
        cwd=own.folder,
        env=os.environ | {"PYTHONPATH": str(own.folder / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode != 0
    printed = done.stdout + done.stderr
    assert "exceeded memory limit" in printed or "SLURM status is" in printed
    assert not (own.folder / target).exists()


def test_taking_it_down_leaves_nothing(slurm):
    """The last test: others of this file need the cluster."""
    cluster.down(slurm)
    assert not slurm.exists()
    assert not cluster.CONF.exists()
    left = subprocess.run(
        ["ps", "-C", "munged,slurmctld,slurmd", "-o", "stat="],
        capture_output=True,
        text=True,
        check=False,
    )
    # Z: has ended, and nobody has asked how.
    assert [line for line in left.stdout.splitlines() if not line.startswith("Z")] == []
