"""Records of jobs: they change with their files, and go when a file is gone."""

import pytest

from restudy.runtime.job_records import remove_outdated, write_record


@pytest.fixture
def record(tmp_path):
    """The record of two files."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    write_record(tmp_path / "jobs/job.json", [tmp_path / "a", tmp_path / "b"], tmp_path)
    return tmp_path / "jobs/job.json"


def test_a_record_stands_for_the_content_of_its_files(record, tmp_path):
    before = record.read_bytes()
    write_record(record, [tmp_path / "a", tmp_path / "b"], tmp_path)
    assert record.read_bytes() == before
    (tmp_path / "b").write_text("other")
    write_record(record, [tmp_path / "a", tmp_path / "b"], tmp_path)
    assert record.read_bytes() != before


def test_a_record_stays_as_long_as_all_files_are_there(record, tmp_path):
    remove_outdated([record], tmp_path)
    assert record.exists()
    (tmp_path / "b").unlink()
    remove_outdated([record], tmp_path)
    assert not record.exists()


@pytest.mark.parametrize("content", ["", "3", "[1]"])
def test_a_record_that_cannot_be_read_goes(record, tmp_path, content):
    record.write_text(content)
    remove_outdated([record], tmp_path)
    assert not record.exists()
