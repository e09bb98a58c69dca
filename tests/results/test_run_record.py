"""``run.json``: how the pipeline was called and on what."""

import json
import platform
import subprocess

import pytest

from restudy.common.errors import RestudyError
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.results.run_record import (
    RUN_RECORD,
    cores,
    processor,
    read_run_record,
    write_run_record,
)

CALL = {
    "results": "results/quick",
    "configfiles": ["config.yaml", "mine.yaml"],
    "settings": ["scale=quick", "training={device: cpu}"],
    "scale": "quick",
    "full": ["tiny"],
    "only": [],
    "studies": ["houses", "tiny"],
    "experiments": ["descent"],
}


@pytest.fixture
def results(tmp_path):
    write_run_record(tmp_path / RUN_RECORD, **CALL)
    return tmp_path


def test_the_record_has_the_call_as_it_was_given(results):
    record = read_run_record(results)
    assert {key: getattr(record, key) for key in CALL} == CALL
    assert record.training_version == TRAINING_VERSION


def test_commit_and_machine_are_those_of_here(results):
    record = read_run_record(results)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    assert record.commit == (head.stdout.strip() or None)
    assert record.machine.system == f"{platform.system()} {platform.machine()}"
    assert record.versions["python"] == platform.python_version()
    assert record.machine.cores >= 1


def test_the_same_call_gives_the_same_bytes(results):
    before = (results / RUN_RECORD).read_bytes()
    write_run_record(results / RUN_RECORD, **CALL)
    assert (results / RUN_RECORD).read_bytes() == before


@pytest.mark.parametrize(
    ("commit", "dirty", "words"),
    [
        ("0123456789abcdef", False, "0123456789ab"),
        ("0123456789abcdef", True, "0123456789ab with uncommitted changes"),
        (None, None, "unknown (no git checkout)"),
    ],
)
def test_the_commit_in_words(results, commit, dirty, words):
    record = read_run_record(results)
    assert record.model_copy(update={"commit": commit, "dirty": dirty}).commit_in_words() == words


def test_a_run_without_a_record_is_not_finished(tmp_path):
    with pytest.raises(RestudyError, match=r"run\.json.*not finished"):
        read_run_record(tmp_path)


@pytest.mark.parametrize(
    ("changes", "named"), [({"scale": 3}, "scale"), ({"other": 1}, "other"), (None, "JSON")]
)
def test_what_is_wrong_with_a_record_is_named(results, changes, named):
    path = results / RUN_RECORD
    text = path.read_text()
    path.write_text("{" if changes is None else json.dumps(json.loads(text) | changes))
    with pytest.raises(RestudyError, match=rf"run\.json.*{named}"):
        read_run_record(results)


def test_the_processor_is_read_from_the_system_s_file(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Other\n")
    assert processor(file) == "Some CPU @ 2 GHz"
    assert processor(tmp_path / "missing") in (platform.processor(), platform.machine())
    assert cores() >= 1
