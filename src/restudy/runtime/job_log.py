"""How a job talks: everything into its log, a few lines to the person who waits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

from restudy.common.errors import RestudyError
from restudy.runtime import run_lock, system_errors
from restudy.runtime.terminal import ERASE, is_terminal

Say = Callable[[str], None]


@contextmanager
def job(log: str, *, shown: bool = False) -> Iterator[Say]:
    """Send the output of this process, and of what it starts, to a log file.

    With ``shown``, what goes to standard error stays on the terminal: for work whose progress a
    person wants to see.

    Yields a function that prints one line for the person at the terminal (and to the log). A
    :class:`RestudyError` is printed like that, without a traceback, and ends the process with
    status 1; so is trouble of the machine's, such as a full disk
    (:mod:`restudy.runtime.system_errors`). An exit without a status, which is how Lightning
    answers a request to stop, ends with status 143, since what ends with 0 is taken for finished.

    As long as it works the job has its part in :mod:`restudy.runtime.run_lock`.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w", buffering=1)
    # What Snakemake has drawn below the cursor goes.
    erase = ERASE if is_terminal(terminal) else ""
    run_lock.mark_job_running()
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        file = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115 (as long as the process)
    except OSError as error:
        words = system_errors.in_words(error, Path(log).parent)
        print(f"{erase}error: {words or f'{log}: {error.strerror}'}", file=terminal)
        _end(1)
    os.dup2(file.fileno(), 1)
    if not shown:
        os.dup2(file.fileno(), 2)

    def say(line: str) -> None:
        print(f"{erase}{line}", file=terminal)
        _log(line, file)

    try:
        yield say
    except RestudyError as error:
        say(f"error: {error}")
        _end(1)
    except SystemExit as stop:
        if stop.code:
            raise
        say("error: stopped from outside before the work was done")
        _end(143)
    except Exception as error:
        words = system_errors.in_words(error, Path(log).parent)
        if words is None:
            raise
        say(f"error: {words}")
        _end(1)
    finally:
        _flush()


def _log(line: str, file: IO[str]) -> None:
    """Write a line to the log. Where the disk is full there is none; the terminal has the line."""
    with suppress(OSError):
        print(line, file=file)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()


def _end(status: int) -> NoReturn:
    """End the process. Not by sys.exit: Snakemake would show where in its wrapper that was."""
    _flush()
    os._exit(status)
