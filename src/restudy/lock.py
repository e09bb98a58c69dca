"""One run of the pipeline at a time in a folder, and no lock that outlives a killed run.

Snakemake's own lock is a file, which stays when the process is killed and then has to be removed
by hand. This one belongs to the process and goes with it, however it ends.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from restudy.errors import RestudyError

# Open for as long as the process lives: closing a file releases its lock.
_held: list[IO[str]] = []


def hold(path: Path) -> None:
    """Take the lock until this process ends.

    Raises:
        RestudyError: another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise RestudyError(
            f"another run of the pipeline is going on in {path.absolute().parents[1]}; "
            "wait until it has ended, or stop it"
        ) from None
    _held.append(file)
