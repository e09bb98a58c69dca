"""The MLflow store: where it is, making it, and opening it.

A new SQLite store that several processes open at once is broken for good, so one job makes the
store before any training (:func:`prepare`), and :func:`open_client` never makes one.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restudy.common.files import replacement
from restudy.tracking.descriptions import NOTE, Study, experiment_note, outcome_in

if TYPE_CHECKING:
    import click
    from mlflow import MlflowClient


TRACKED = Path("mlflow/studies.json")
"""In the results: the descriptions of all studies, written when a run of the pipeline starts."""


def read_tracked(results: Path) -> list[dict[str, Any]]:
    """Read the descriptions of all studies, with ``runs``."""
    found: list[dict[str, Any]] = json.loads((results / TRACKED).read_bytes())
    return found


class StoreError(Exception):
    """The store cannot be used; the message says why."""


def tracking_uri(setting: str | None, results: Path) -> str:
    """Return the URI of the store.

    Args:
        setting: what ``config.yaml`` says; None: ``MLFLOW_TRACKING_URI``, and where that is not
            set either, an SQLite file in the results.
        results: the folder that everything is written to.
    """
    default = f"sqlite:///{results.resolve() / 'mlflow' / 'mlflow.db'}"
    return setting or os.environ.get("MLFLOW_TRACKING_URI") or default


def artifact_root(uri: str, results: Path) -> Path | None:
    """Return the folder for artifacts; None if a server decides."""
    return None if _is_server(uri) else results.resolve() / "mlflow" / "artifacts"


def prepare(uri: str) -> str | None:
    """Make the store if it is not there yet, and see whether it answers.

    Only one process may do this at a time.

    Returns:
        None, or what went wrong: a store that is down stops nothing.
    """
    try:
        create_store(uri)
        open_client(uri).search_experiments(max_results=1)
    except Exception as error:  # whatever the store raises
        return describe(error)
    return None


def create_store(uri: str) -> None:
    """Make the database behind an SQLite URI, or bring its schema up to date; else do nothing."""
    path = sqlite_file(uri)
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _migrate(path)
    else:
        # Under another name first: a database that is there is complete.
        with replacement(path) as part:
            _migrate(part)
    with closing(sqlite3.connect(path)) as database:
        # Writers do not shut out readers then, and a commit costs less. The file remembers it.
        database.execute("PRAGMA journal_mode = WAL")


def ensure_experiment(
    client: MlflowClient, artifacts: Path | None, study: Study, *, describe: bool = True
) -> str:
    """Return the id of a study's experiment, made or brought back if need be.

    Args:
        client: of an open store.
        artifacts: folder for the files of new experiments; None: the server decides.
        study: a description with ``name, title, question, scale, factors, datasets``.
        describe: whether the tags of one that is there are brought up to date.
    """
    from mlflow.exceptions import MlflowException

    name, tags = study["name"], experiment_tags(study)
    found = client.get_experiment_by_name(name)
    if found is None:
        location = str(artifacts / name) if artifacts else None
        try:
            return str(client.create_experiment(name, location, tags))
        except MlflowException:
            # Another process has made it meanwhile; if that is not why, this is told of here.
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if describe:
        tags[NOTE] += outcome_in(found.tags.get(NOTE, ""))
        for key, value in tags.items():
            if found.tags.get(key) != value:
                client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def experiment_tags(study: Study) -> dict[str, str]:
    """Return the tags of a study's experiment: what it is, its description, views of its runs."""
    # The Snakefile imports this module, which should cost it next to nothing.
    from restudy.tracking.run_records import claims_tag, study_tags
    from restudy.tracking.saved_views import view_tags

    return {
        NOTE: experiment_note(study),
        **study_tags(study),
        **claims_tag(study),
        "restudy.title": study["title"],
        "restudy.question": study["question"],
        **view_tags(study),
    }


def open_client(uri: str) -> MlflowClient:
    """Open a store that is there.

    Raises:
        StoreError: an SQLite store is missing or broken. MLflow would make a new one, or try
            for minutes to read the broken one.
    """
    path = sqlite_file(uri)
    if path is not None:
        _check(path)
    # What these say, the caller says in one line.
    for logger in ("urllib3", "alembic", "mlflow.store.db.utils"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    from mlflow import MlflowClient

    return MlflowClient(uri)


def sqlite_file(uri: str) -> Path | None:
    """Return the database file of an SQLite URI, None for any other URI."""
    if not uri.startswith("sqlite"):
        return None
    _, _, path = uri.partition(":///")
    return Path(path.partition("?")[0])


def public(text: str) -> str:
    """Return a URI, or a text with URIs in it, without user names and passwords."""
    return re.sub(r"//[^/@\s]*@", "//", text)


# What a store says, or its system, and what can be done about it.
_BROKEN = (
    "its file is broken; move it away, and those beside it whose names begin like its own: the "
    "next run of the pipeline makes a new store from the results"
)
_ADVICE = {
    "is locked": "another program is using the store; end it",
    "malformed": _BROKEN,
    "not a database": _BROKEN,
    "disk I/O error": "make room on its disk; if there is some, the disk may be broken",
    "is full": "make room on its disk",
    "No space left": "make room on its disk",
    "readonly": "its file or folder cannot be written to",
    "timed out": "the server does not answer in time",
    "Connection refused": "no server is running there",
}


def describe(error: Exception) -> str:
    """Return one line that says what is wrong with a store and, if that is known, what to do."""
    lines = str(error).strip().splitlines() or [""]
    text = lines[0] if isinstance(error, StoreError) else f"{type(error).__name__}: {lines[0]}"
    advice = next((words for sign, words in _ADVICE.items() if sign in str(error)), None)
    return public(text)[:300] + (f"; {advice}" if advice else "")


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _check(path: Path) -> None:
    if not path.is_file():
        raise StoreError(f"the store {path} is missing")
    try:
        # mode=rw: a file that vanishes just now is not made anew.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as database:
            database.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be read: {error}") from error


def _migrate(path: Path) -> None:
    """Do what ``mlflow db upgrade`` does, in this process: starting another costs seconds."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow import db

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    upgrade: click.Command = db.upgrade
    assert upgrade.callback  # noqa: S101 (told to mypy)
    upgrade.callback(f"sqlite:///{path}")
