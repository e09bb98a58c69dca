"""A temporary PostgreSQL server: a new cluster in a folder, on a socket there."""

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
_NEEDED = ("initdb", "pg_ctl", "createdb")


def missing() -> str | None:
    """Return what is missing for a server here; None: nothing."""
    if _programs() is None:
        return "no PostgreSQL here (Debian: apt install postgresql)"
    if importlib.util.find_spec("psycopg2") is None:
        return "no psycopg2 here (pip install psycopg2-binary)"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is no other user here"
    return None


@contextmanager
def server() -> Iterator[str]:
    """Start a server; yield the URI of an empty database; stop it and delete everything."""
    programs = _programs()
    assert programs is not None  # noqa: S101 (missing() says so)
    user = _other_user() if os.geteuid() == 0 else None
    # Not in a folder of the caller's, which another user may not be allowed to enter.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    cluster = str(folder / "cluster")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        with (folder / "output").open("ab") as output:
            subprocess.run(  # noqa: S603
                command, check=True, user=user, stdout=output, stderr=output, cwd=folder
            )

    try:
        if user is not None:
            shutil.chown(folder, user)
        run("initdb", "-D", cluster, "-U", _NAME, "-A", "trust", "-E", "UTF8", "--no-locale")
        run("pg_ctl", "-D", cluster, "-o", options, "-w", "-l", str(folder / "log"), "start")
        try:
            run("createdb", "-h", str(folder), "-U", _NAME, _NAME)
            yield f"postgresql://{_NAME}@/{_NAME}?host={folder}"
        finally:
            run("pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    return next((one for one in places if all((one / name).is_file() for name in _NEEDED)), None)


def _other_user() -> str | None:
    """Return who may own the cluster if we are root, whom PostgreSQL refuses."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)
