"""Records of jobs: they change with their files, and a file that is gone lets a job run again."""

import pytest

from restudy.job_records import next_attempt, write_record


@pytest.fixture
def results(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return tmp_path


def write(results, attempt=0):
    record = results / "jobs/job.json"
    write_record(record, [results / "a", results / "b"], results, attempt)
    return record


def test_the_same_files_give_the_same_record(results):
    before = write(results).read_bytes()
    assert write(results).read_bytes() == before
    (results / "b").write_text("other")
    assert write(results).read_bytes() != before


def test_the_number_stays_as_long_as_all_files_are_there(results):
    record = write(results, attempt=next_attempt(results / "jobs/job.json", results))
    number = next_attempt(record, results)
    assert number == next_attempt(record, results) == 0
    (results / "b").unlink()
    assert next_attempt(record, results) == 1
    # As the job that ran with this number writes it.
    (results / "b").write_text("b")
    assert next_attempt(write(results, attempt=1), results) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"attempt": 1}', '{"attempt": 1, "files": 2}'])
def test_a_record_that_cannot_be_read_is_none(results, content):
    (results / "record").write_text(content)
    assert next_attempt(results / "record", results) == 0
