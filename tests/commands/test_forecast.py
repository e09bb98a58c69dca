"""What a scale would train, told beforehand: sums, sharing, cuts, and measured for estimated."""

import itertools
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from restudy.commands import forecast
from restudy.common.errors import RestudyError
from restudy.config.loading import load_studies
from restudy.planning import costs
from restudy.planning.jobs import make_jobs
from restudy.planning.plan import make_plan
from restudy.progress.time_left import duration
from tests.planning.test_plan import plan, study
from tests.recipes import HOUSES, recipe

ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "config/studies"
THREE_WIDTHS = {"factors": {"hidden": [[8], [9], [400]]}}


def told(*studies, scale="full", **keys):
    return forecast.forecast(plan(*studies, scale=scale), scale, **keys)


def runs_in_file(path, scale):
    """How many runs a study file asks for at a scale: product of levels, less what is excluded."""
    content = yaml.safe_load(path.read_text())
    change = content.get("scales", {}).get(scale, {})
    if change.get("disabled"):
        return 0
    levels = {name: list(found) for name, found in content.get("factors", {}).items()}
    levels |= {name: list(found) for name, found in change.get("factors", {}).items()}
    patterns = change.get("exclude", content.get("exclude", [])) or []

    def excluded(combination):
        chosen = dict(zip(levels, combination, strict=True))
        return any(
            all(
                chosen[name] == wanted or (isinstance(wanted, list) and chosen[name] in wanted)
                for name, wanted in pattern.items()
            )
            for pattern in patterns
        )

    seeds = change.get("seeds", content["seeds"])
    count = seeds if isinstance(seeds, int) else len(seeds)
    return count * sum(not excluded(x) for x in itertools.product(*levels.values()))


@pytest.mark.parametrize("scale", forecast.SCALES)
def test_the_repository_s_runs_are_those_that_its_files_ask_for(scale):
    studies = load_studies(STUDIES)
    made = make_plan(studies, scale)
    found = forecast.forecast(made, scale, names=studies)
    files = {yaml.safe_load(path.read_text())["name"]: path for path in STUDIES.glob("*.yaml")}
    assert [each.name for each in found.studies] == list(studies)
    for each in found.studies:
        assert each.runs + each.shared == runs_in_file(files[each.name], scale), each.name
        assert (each.reductions is None) == (runs_in_file(files[each.name], scale) == 0)
    assert found.total.runs == sum(len(group.runs) for group in made.groups.values())
    assert {group.id for group in found.total.groups} == made.groups.keys()
    assert found.total.jobs == len(make_jobs(made))


def test_the_whole_is_the_sum_of_its_studies():
    found = told(study("a", **THREE_WIDTHS), study("b", seeds=[1, 5]), study("c", seeds=1))
    assert [(each.runs, each.shared) for each in found.studies] == [(6, 0), (1, 1), (0, 1)]
    assert [len(each.groups) for each in found.studies] == [3, 0, 0]
    assert found.total.runs == 7
    assert found.total.seconds == pytest.approx(sum(x.work for x in found.total.groups))
    assert found.total.seconds == pytest.approx(sum(each.seconds for each in found.studies))
    # The group that a and b share is as long for each of its three runs.
    (shared,) = (x for x in found.total.groups if len(x.runs) == 3)
    assert found.studies[1].seconds == pytest.approx(shared.work / 3)


def test_the_seconds_are_the_estimates_by_the_speed_of_the_machine():
    found = told(study(**THREE_WIDTHS))
    assert found.total.seconds == pytest.approx(sum(group.work for group in found.total.groups))
    slow = told(study(**THREE_WIDTHS), slower=3.0)
    assert slow.total.seconds == pytest.approx(3 * found.total.seconds)
    assert (slow.total.makespan, slow.rest) == pytest.approx(
        (3 * found.total.makespan, 3 * found.rest)
    )


@pytest.mark.parametrize(
    ("jobs", "cores", "expected"),
    [
        ([], 2, 0),
        ([3, 3, 3], 1, 9),
        ([3, 3, 3], 2, 6),
        ([1, 1, 1, 5], 2, 6),  # the last one starts when the first two are done
        ([5, 1, 1, 1], 2, 5),
        ([4, 2], 8, 4),
    ],
)
def test_a_job_starts_when_a_core_is_free(jobs, cores, expected):
    assert forecast.makespan(jobs, cores) == expected


def test_more_cores_take_less_time_and_no_fewer_core_seconds():
    long = study(recipe={"epochs": 50}, **THREE_WIDTHS)
    one, two = (told(long, cores=n) for n in (1, 2))
    assert two.total.seconds == one.total.seconds
    assert one.total.makespan > two.total.makespan >= one.total.makespan / 2
    assert one.rest > two.rest


def test_a_scale_leaves_studies_out_and_names_what_it_cuts():
    change = {
        **{"recipe": {"train_samples": 500, "epochs": 1}, "factors": {"hidden": [[8]]}},
        "seeds": 1,
    }
    studies = [
        study("a", **THREE_WIDTHS, scales={"quick": change}),
        study("b", scales={"quick": {"disabled": True}}),
        study("c"),
    ]
    found = told(*studies, scale="quick", names=["a", "b", "c"])
    assert [each.reductions is None for each in found.studies] == [False, True, False]
    assert [each.reductions for each in found.studies[1:]] == [None, ()]
    lines = {line.split()[0]: line for line in forecast.describe(found).splitlines() if line}
    assert lines["a"].endswith("  train_samples, hidden, seeds")
    assert lines["b"].split()[1:] == ["-"] * 5 + ["left", "out"]
    assert "instead of" not in forecast.describe(found)
    assert "1 seed instead of 2" in forecast.describe(found, groups=True)


def test_the_text_has_columns():
    widths = study(**THREE_WIDTHS)
    found = told(widths, study("other", seeds=[7]), slower=100.0)
    text = forecast.describe(found, groups=True)
    table, groups = text.split("\n\n")[1:3]
    _, *rows = table.splitlines()
    assert [row.split()[:4] for row in rows] == [
        ["tiny", "6", "3", "1"],
        ["other", "1", "0", "0"],
        ["all", "7", "3", "1"],
    ]
    assert rows[-1].split()[4] == f"{found.total.seconds:,.0f}"
    _, *rows = groups.splitlines()
    assert [row.split()[1] for row in rows] == [group.id for group in found.total.groups]
    shown = [float(row.split()[-1].replace(",", "")) for row in rows]
    assert shown == pytest.approx([100 * group.work for group in found.total.groups], rel=0.01)
    assert f"on 1 core: {duration(found.total.makespan)} of training" in text.splitlines()[-1]


@pytest.mark.parametrize("cores", ["0", "-1", "two", "1.5"])
def test_a_number_of_cores_that_is_none(cores):
    with pytest.raises(RestudyError, match=f"cores: '{cores}' is not allowed; allowed: all, or 1"):
        forecast.cores_of(cores)
    assert forecast.cores_of("3") == 3
    assert forecast.cores_of("all") >= 1


# What training costs, by kind


def seconds(**fields):
    return costs.seconds(recipe(train_samples=20_000, epochs=3, **fields), 2)


def test_what_an_estimate_grows_with():
    plain = seconds()
    assert seconds(dropout=0.5) > plain
    assert seconds(batch_size=32) < seconds(batch_size=8)
    assert seconds(evaluate_every=3) < plain
    for diagnostic in (
        "test",
        "training_mode",
        "gradients",
        "activations",
        "robustness",
        "sharpness",
    ):
        assert seconds(diagnostics=[diagnostic]) > plain


def test_a_full_batch_is_taken_in_blocks():
    few, many = (recipe(train_samples=n, batch_size="full", epochs=10) for n in (500, 5000))
    assert costs.seconds(many, 1) - costs.GROUP > 5 * (costs.seconds(few, 1) - costs.GROUP)


def test_a_regression_costs_something_too():
    assert 0 < costs.seconds(recipe(**HOUSES), 1) < math.inf


# As a user calls it


@pytest.fixture
def checkout(tmp_path):
    """A folder with this checkout's settings, studies and evidence."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    return tmp_path


def called(folder, *arguments):
    command = [sys.executable, "-m", "restudy.commands.forecast", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_all_scales_are_told(checkout):
    done = called(checkout, "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert [x for x in done.stdout.splitlines() if x.startswith("Scale ")] == [
        "Scale quick",
        "Scale default",
        "Scale full",
    ]
    assert done.stdout.count("\nAbout ") == 3
    assert sorted(path.name for path in checkout.iterdir()) == [
        "config",
        "config.yaml",
        "experiments",
    ]


def test_one_scale_is_told_with_its_groups(checkout):
    done = called(checkout, "--scale", "quick", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert "mnist-32-plain-b50-1e-" in done.stdout
    assert "Scale full" not in done.stdout


def test_a_mistake_in_a_study_is_told_without_a_traceback(checkout):
    path = checkout / "config/studies/grid.yaml"
    path.write_text(path.read_text() + "sedes: 3\n")
    done = called(checkout)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: config/studies/grid.yaml: sedes: unknown key" in done.stderr
    assert "did you mean 'seeds'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_the_evidence_is_told_too(checkout):
    path = checkout / "config/evidence/published.yaml"
    path.write_text(path.read_text().replace("study: s3-small\n", "study: s3-smal\n", 1))
    done = called(checkout, "--scale", "quick")
    assert (done.returncode, done.stdout) == (1, "")
    assert "published.yaml: PUB-S3-" in done.stderr
    assert "did you mean 's3-small'?" in done.stderr
    assert "Traceback" not in done.stderr
