"""Jobs that log into one store at once lose nothing: SQLite, and a real PostgreSQL."""

import pytest

from bench.load import postgres, writers
from restudy.results import group_files
from restudy.tracking.store import open_client, tracking_uri

SMALL = {"jobs": 8, "runs": 2, "epochs": 3}


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_nothing_is_lost_in_sqlite(tmp_path):
    uri = tracking_uri(None, tmp_path)
    found = writers.measure(uri, tmp_path, **SMALL)
    assert found.lost == []
    # Loss, accuracy and penalty of training, loss and accuracy of validation after each of three
    # epochs, and the two of the test set at the end.
    assert (found.runs, found.points) == (16, 16 * (5 * 3 + 2))
    shown_that_it_would_be_seen(uri, tmp_path)


@pytest.mark.skipif(postgres.missing() is not None, reason=postgres.missing() or "")
def test_nothing_is_lost_in_postgresql(tmp_path):
    with postgres.server() as uri:
        found = writers.measure(uri, tmp_path, **SMALL)
        assert found.lost == []
        assert found.points == 16 * 17
        shown_that_it_would_be_seen(uri, tmp_path)


def shown_that_it_would_be_seen(uri, folder):
    """Take one value, one run and one name away: each is told."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(writers.STUDY).experiment_id
    runs = client.search_runs([experiment], "tags.`restudy.kind` = 'run'")
    first, second = runs[:2]
    client.log_metric(first.info.run_id, "train_accuracy", 0.5, step=2)
    client.delete_run(second.info.run_id)
    groups = {path.name: group_files.read(path) for path in (folder / "groups").iterdir()}
    told = list(writers.missing(uri, groups))
    assert len(told) == 2
    assert any("train_accuracy: 4 of 3 values" in line for line in told)
