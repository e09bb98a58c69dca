"""How a job talks: everything into its log, a few lines to the person who waits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from restudy.errors import RestudyError
from restudy.terminal import ERASE, is_terminal

Say = Callable[[str], None]


@contextmanager
def job(log: str, *, shown: bool = False) -> Iterator[Say]:
    """Send the output of this process, and of what it starts, to a log file.

    With ``shown``, what goes to standard error stays on the terminal: for work whose progress a
    person wants to see.

    Yields a function that prints one line for the person at the terminal (and to the log). A
    :class:`RestudyError` is printed like that, without a traceback, and ends the process with
    status 1. So is an exit without a status, which is how Lightning answers a request to stop: it
    ends with status 143, since what ends with 0 is taken for finished.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w", buffering=1)
    with open(log, "w", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        if not shown:
            os.dup2(file.fileno(), 2)

        # What Snakemake has drawn below the cursor goes.
        erase = ERASE if is_terminal(terminal) else ""

        def say(line: str) -> None:
            print(f"{erase}{line}", file=terminal)
            print(line, file=file)

        try:
            yield say
        except RestudyError as error:
            say(f"error: {error}")
            sys.stdout.flush()
            sys.stderr.flush()
            # Not sys.exit: Snakemake would show where in its own wrapper the script ended.
            os._exit(1)
        except SystemExit as stop:
            if stop.code:
                raise
            say("error: stopped from outside before the work was done")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(143)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
