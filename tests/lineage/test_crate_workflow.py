"""The workflow in a crate is that of the run's commit, whatever the checkout has become."""

import dataclasses
import json
import subprocess
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.lineage import crate
from restudy.results.run_record import PAGE, PAPER, VIEW, read_run_record, write_run_record


def git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@b"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def workflow_files(checkout, commit):
    """Check out the workflow's files; return path -> content."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "files")
        crate.check_out(checkout, commit, folder)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if not path.is_dir()
        }


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "config").mkdir()
    (tmp_path / "Snakefile").write_text("then")
    (tmp_path / "config/a b.yaml").write_text("a: 1")
    (tmp_path / "config/link.yaml").symlink_to("/etc/passwd")
    (tmp_path / "private.txt").write_text("not the workflow's")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_files_are_those_of_the_commit(checkout):
    commit = git(checkout, "rev-parse", "HEAD")[:12]
    (checkout / "Snakefile").write_text("now")
    (checkout / "config/new.yaml").write_text("b: 2")
    expected = {"Snakefile": b"then", "config/a b.yaml": b"a: 1"}
    assert workflow_files(checkout, commit) == expected
    assert workflow_files(checkout, f"{commit} with uncommitted changes") == expected


def test_a_commit_that_is_not_here_is_told(checkout):
    with pytest.raises(RestudyError, match="of commit 0123456789ab, which this checkout does not"):
        workflow_files(checkout, "0123456789ab")


@pytest.mark.parametrize("commit", ["--output=owned", "-h", "HEAD; touch owned", ""])
def test_a_commit_is_never_taken_for_an_option_or_a_command(checkout, monkeypatch, commit):
    monkeypatch.chdir(checkout)
    with pytest.raises(RestudyError):
        workflow_files(checkout, commit)
    assert not (checkout / "owned").exists()


def test_without_git_they_are_the_files_as_they_are(checkout):
    (checkout / "Snakefile").write_text("now")
    (checkout / "config/__pycache__").mkdir()
    (checkout / "config/__pycache__/a.pyc").write_bytes(b"")
    found = workflow_files(checkout, "unknown (no git checkout)")
    assert found["Snakefile"] == b"now"
    assert "config/__pycache__/a.pyc" not in found
    assert "private.txt" not in found


@pytest.mark.parametrize("mirrored", [True, False])
def test_a_data_set_without_a_mirror_is_described_without_its_files(
    checkout, monkeypatch, mirrored
):
    whole = crate.DATASETS["mnist"]
    packaged = dataclasses.replace(whole, sources=())
    monkeypatch.setattr(crate, "DATASETS", {"mnist": whole if mirrored else packaged})
    record = {
        **{"machine": "m", "device": "cpu", "code": "c", "git_commit": "abc"},
        **{"data": {"dataset": "mnist", "sha256": "0" * 64, "split_seed": 0}},
        "versions": {"torch": "2.0"},
    }
    results = checkout / "results"
    for folder in ("report", "studies/a", "groups/a", "benchmarks"):
        (results / folder).mkdir(parents=True)
    for path in (PAGE, PAPER):
        (results / path).touch()
    (results / VIEW).write_text(json.dumps({"title": "A title"}))
    pd.DataFrame({"group": ["a"]}).to_parquet(results / "studies/a/runs.parquet")
    (results / "groups/a/group.json").write_text(json.dumps(record))
    (results / "benchmarks/a.tsv").write_text("s\n1.5\n")
    call = {"results": "results", "configfiles": [], "settings": [], "scale": "quick", "full": []}
    monkeypatch.chdir(checkout)
    file = results / "run.json"
    write_run_record(file, **call, only=[], studies=["a"], experiments=[])
    here = {"commit": git(checkout, "rev-parse", "HEAD"), "dirty": False}
    file.write_text(read_run_record(results).model_copy(update=here).model_dump_json())
    crate.main([])
    text = (results / "crate" / crate.METADATA).read_text(encoding="utf-8")
    entities = {one["@id"]: one for one in json.loads(text)["@graph"]}
    assert entities["./"]["description"].startswith("A title: ")
    assert ("hasPart" in entities["#mnist"]) is mirrored
    assert entities["#mnist"]["name"] == whole.title
    urls = {item.place for item in whole.sources[0].items}
    assert urls & entities.keys() == (urls if mirrored else set())
