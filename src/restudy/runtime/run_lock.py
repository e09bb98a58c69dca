"""One run of the pipeline at a time in a folder, and no lock that outlives a killed run.

Snakemake's own lock is a file, which stays when the process is killed and then has to be removed
by hand. These belong to processes and go with them, however they end: one to the run, and one that
its jobs share. If the process of the run alone is killed its jobs go on; the next run must not
write what they are writing.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO

from restudy.common.errors import RestudyError

_FOLDER = Path(".snakemake")
_RUN, _JOBS = "restudy.run.lock", "restudy.jobs.lock"

# Open for as long as the process lives: closing a file releases its lock.
_held: list[IO[str]] = []


def acquire_run_lock(folder: Path = _FOLDER) -> None:
    """Take the lock of a run until this process ends.

    Args:
        folder: where the locks lie; in it, Snakemake keeps what it knows of a checkout.

    Raises:
        RestudyError: another run has it, or jobs of one that was killed are still at work.
    """
    place = folder.absolute().parent
    try:
        run = _take(folder / _RUN, fcntl.LOCK_EX)
    except BlockingIOError:
        raise RestudyError(
            f"another run of the pipeline is going on in {place}; wait until it has ended, or stop "
            f"it{_by_number(folder / _RUN)}. A run at the same time needs a checkout of its own"
        ) from None
    try:
        _take(folder / _JOBS, fcntl.LOCK_EX).close()
    except BlockingIOError:
        run.close()
        raise RestudyError(
            f"a run of the pipeline in {place} was killed, and jobs of it are still at work; wait "
            f"until they have ended, or stop them{_by_number(folder / _JOBS)}"
        ) from None
    _held.append(run)


def mark_job_running(folder: Path = _FOLDER) -> None:
    """Say until this process ends that a job is at work. Outside of a checkout this does nothing.

    Where files cannot be locked, as on some file systems of clusters, neither: a job that is not
    seen is better than none.
    """
    if folder.is_dir():
        with suppress(OSError):
            _held.append(_take(folder / _JOBS, fcntl.LOCK_SH))


def _take(path: Path, kind: int) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _by_number(path: Path) -> str:
    """Return how to stop the processes that hold a lock, as far as the system tells of them."""
    try:
        inode = str(path.stat().st_ino)
        rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        found = {row[4] for row in rows if row[1] == "FLOCK" and row[5].split(":")[-1] == inode}
    except (OSError, IndexError):
        return ""
    # Processes that cannot be seen from here, as from within a container, have number 0.
    numbers = sorted(found - {"0", "-1"}, key=int)
    return f" (kill {' '.join(numbers)})" if numbers else ""
