"""The two commands on a whole tiny run: keeping it, and holding another one against it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from restudy.reference import checks
from restudy.reference.__main__ import main
from tests.reference import made_up

ROOT = Path(__file__).parents[2]
KEPT = {
    *("README.md", "reference.json", "report/index.html", "report/paper.pdf"),
    *("figures/tiny.svg", "figures/tiny.csv"),
    *("tables/published.csv", "tables/published.md", "tables/claims.csv", "tables/facts.csv"),
    *("tables/unit_tests.csv", "tables/tiny/summary.csv", "tables/tiny/comparison.csv"),
    "tables/tiny/winners.csv",
}
CLEAN = {"git_commit": made_up.COMMIT * 3, "git_dirty": False}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout without changes, in which the tiny run has ended."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checks, "commit", lambda: CLEAN)
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    made_up.finish(tmp_path, made_up.configure(tmp_path))
    return tmp_path


@pytest.fixture
def kept(checkout):
    main(["keep"])
    return checkout


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def refused(capsys):
    """Check that the run is not kept, and why."""

    def check(message):
        assert main(["keep"]) == 1
        assert re.search(message, capsys.readouterr().err)

    return check


def test_what_is_kept(checkout, capsys):
    main(["keep"])
    folder = checkout / "results/reference"
    assert files(folder) == KEPT
    table = "tables/tiny/summary.csv"
    assert (folder / table).read_bytes() == (checkout / "results" / table).read_bytes()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert f"{size / 1e6:.2f} MB" in capsys.readouterr().out
    origin = json.loads((folder / "reference.json").read_text())
    assert origin["scale"] == "default"
    assert origin["commit"] == made_up.COMMIT
    assert origin["runs"] == 12
    assert origin["versions"] == {"torch": "1", "numpy": "2"}
    assert (origin["machine"]["cores"], origin["machine"]["processor"]) == (2, "a processor")
    assert origin["data"] == {"mnist": {"sha256": "ab", "split_seed": 0}}
    # Two jobs of half an hour; of each group three rows of an hour, of a third of a stack's runs.
    groups = len(list((checkout / "results/groups").iterdir()))
    assert origin["hours"] == {"jobs": 1.0, "training": float(groups)}
    assert made_up.COMMIT in (folder / "README.md").read_text()


def test_it_is_kept_again_in_the_place_of_the_earlier_one(kept):
    (kept / "results/figures/tiny.csv").unlink()
    (kept / "results/figures/tiny.csv").write_text("new")
    (kept / "results/reference/old.csv").write_text("old")
    main(["keep"])
    assert files(kept / "results/reference") == KEPT
    assert (kept / "results/reference/figures/tiny.csv").read_text() == "new"
    assert not list((kept / "results").glob(".*"))


@pytest.mark.parametrize(
    "missing",
    [
        "report/paper.pdf",
        "run.json",
        "mlflow/finish.json",
        "tables/tiny/summary.csv",
        "studies/tiny/study.json",
    ],
)
def test_an_unfinished_run_is_refused(checkout, refused, missing):
    (checkout / "results" / missing).unlink()
    refused("not finished|no run")
    assert not (checkout / "results/reference").exists()


def test_a_run_by_other_code_is_refused(checkout, refused):
    path = next(checkout.glob("results/groups/*/group.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"training_version": 0}))
    refused("trained by other code")


def test_a_run_of_another_plan_is_refused(checkout, refused):
    made_up.configure(checkout, seeds=4)
    refused("collected for another plan")


def test_a_report_older_than_the_tables_is_refused(checkout, refused):
    page = checkout / "results/report/index.html"
    os.utime(page, (0, 0))
    refused("is older than")


def test_uncommitted_changes_are_refused(checkout, refused, monkeypatch):
    for found in (CLEAN | {"git_dirty": True}, {"git_commit": None, "git_dirty": None}):
        monkeypatch.setattr(checks, "commit", lambda found=found: found)
        refused("uncommitted changes|no git checkout")
    monkeypatch.setattr(checks, "commit", lambda: CLEAN)
    path = checkout / "results/run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dirty": True}))
    refused("uncommitted changes")


def test_a_folder_of_something_else_is_not_overwritten(checkout, refused):
    (checkout / "results/reference").mkdir()
    (checkout / "results/reference/mine.txt").write_text("mine")
    refused("is no reference")
    assert (checkout / "results/reference/mine.txt").is_file()


def test_the_run_itself_is_the_same(kept, capsys):
    assert main(["verify", "--rows", "rows.csv"]) == 0
    assert "THE SAME" in capsys.readouterr().out
    rows = pd.read_csv("rows.csv")
    assert set(rows["outcome"]) == {"equal to the bit"}


def test_a_perturbed_run_is_different(kept, capsys):
    made_up.change(kept / "results", "tiny/summary", 0, "mean", "0.5")
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert "DIFFERENT: 1 rows are different" in told
    assert "tiny/summary [none, 4, test_accuracy]" in told


def test_a_run_on_another_machine_agrees(kept, capsys):
    made_up.finish(kept, made_up.configure(kept), seed=1)
    assert main(["verify"]) == 0
    assert "AGREES" in capsys.readouterr().out


def test_studies_of_one_s_own_are_passed_over(kept, capsys):
    shutil.copytree(kept / "results/studies/tiny", kept / "results/studies/mine")
    shutil.copytree(kept / "results/tables/tiny", kept / "results/tables/mine")
    path = kept / "results/run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"studies": ["mine", "tiny"]}))
    assert main(["verify"]) == 0
    assert "passed over: mine" in capsys.readouterr().out


def test_nothing_to_compare_ends_with_two(kept, capsys):
    def told(*arguments):
        assert main(["verify", *arguments]) == 2
        found = capsys.readouterr().err
        assert found.startswith("error: ")
        assert "Traceback" not in found
        return found

    assert "there is no reference" in told("--reference", "nowhere")
    assert "there is no run" in told("--results", "nowhere")
    assert "of scale default, not full" in told("--scale", "full")
    made_up.finish(kept, made_up.configure(kept, scale="quick"))
    assert "a run of scale quick" in told()
    made_up.finish(kept, made_up.configure(kept, seeds=4))
    assert "study tiny has other levels, recipes or seeds" in told()
    made_up.finish(kept, made_up.configure(kept))
    for path in kept.glob("results/groups/*/group.json"):
        path.write_text(path.read_text().replace('"split_seed": 0', '"split_seed": 1'))
    assert "mnist is split with seed 1 instead of 0" in told()
    (kept / "results/report/index.html").unlink()
    assert "not finished" in told()
    (kept / "results/reference/reference.json").write_text("{")
    assert "cannot be read" in told()


def test_git_takes_the_reference_and_nothing_else_of_the_results():
    def ignored(path):
        done = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
        return done.returncode == 0

    assert not ignored("results/reference/tables/published.csv")
    assert not ignored("results/reference/report/paper.pdf")
    assert all(map(ignored, ("results/tables/published.csv", "results/full/report/paper.pdf")))
