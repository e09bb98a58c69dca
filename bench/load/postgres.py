"""A PostgreSQL server for a while: a new cluster in a folder, on a socket there, for us alone."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "restudy"
_OTHERS = ("postgres", "nobody")
"""Who may own the cluster if we are root, whom PostgreSQL refuses."""


def missing() -> str | None:
    """Return what is missing for a server here, in words; None: nothing."""
    if _programs() is None:
        return "no PostgreSQL here (Debian: apt install postgresql)"
    if importlib.util.find_spec("psycopg2") is None:
        return "no psycopg2 here (pip install psycopg2-binary)"
    if os.geteuid() == 0 and _other() is None:
        return "PostgreSQL does not run as root, and there is no other user here"
    return None


@contextmanager
def server() -> Iterator[str]:
    """Start a server; yield the URI of an empty database; stop it and delete everything."""
    programs = _programs()
    assert programs is not None  # noqa: S101 (missing() says so)
    user = _other() if os.geteuid() == 0 else None
    # Not in a folder of the caller's: others may not be allowed into it.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    cluster = folder / "cluster"
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        with (folder / "said").open("ab") as said:
            subprocess.run(command, check=True, user=user, stdout=said, stderr=said, cwd=folder)  # noqa: S603

    try:
        if user is not None:
            shutil.chown(folder, user)
        run("initdb", "-D", str(cluster), "-U", _NAME, "-A", "trust", "-E", "UTF8", "--no-locale")
        run("pg_ctl", "-D", str(cluster), "-o", options, "-w", "-l", str(folder / "log"), "start")
        try:
            run("createdb", "-h", str(folder), "-U", _NAME, _NAME)
            yield f"postgresql://{_NAME}@/{_NAME}?host={folder}"
        finally:
            run("pg_ctl", "-D", str(cluster), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    places += [Path(found).parent] if found else []
    needed = ("initdb", "pg_ctl", "createdb")
    whole = (place for place in places if all((place / each).is_file() for each in needed))
    return next(whole, None)


def _other() -> str | None:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _OTHERS if name in names), None)
