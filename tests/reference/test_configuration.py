"""What a run was asked to do, as its results folder tells it."""

import json
import shutil
from pathlib import Path

from restudy.experiments.project import project
from restudy.reference.records import read_configuration
from tests.reference import made_up

REFERENCE = Path("results/reference/reference.json")


def test_an_experiment_that_is_gone_does_not_count(tmp_path):
    plan = made_up.configure(tmp_path)
    results = made_up.finish(tmp_path, plan)
    made_up.record(results, plan, experiments=["descent", "long-gone"])
    assert read_configuration(results)["experiments"] == ["descent"]


def test_a_study_of_an_earlier_run_does_not_count(tmp_path):
    results = made_up.finish(tmp_path, made_up.configure(tmp_path))
    shutil.copytree(results / "studies/tiny", results / "studies/earlier")
    assert list(read_configuration(results)["studies"]) == ["tiny"]


def test_the_reference_asks_for_nothing_that_is_gone():
    origin = json.loads(REFERENCE.read_text())
    assert set(origin["experiments"]) <= project().experiments.keys()
    assert all(Path(f"config/studies/{name}.yaml").is_file() for name in origin["studies"])
