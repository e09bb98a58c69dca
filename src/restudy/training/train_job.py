"""How a job trains several cells: one after the other, each written as soon as it is done."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.runtime import system_errors, timestamps
from restudy.runtime.job_log import Say


def train_in_turn(
    folders: Mapping[str, Path],
    train: Callable[[str], str],
    say: Say,
    inputs: Iterable[Path] = (),
) -> None:
    """Train the cells of a job. One that fails does not stop those after it.

    Trouble of the machine's, such as a full disk, does: it would befall them too, at their end.

    Args:
        folders: cell -> its folder.
        train: brings a cell's files up to date and returns a line about it.
        say: prints a line for the person who waits; one for each cell.
        inputs: files that the job reads.

    Raises:
        RestudyError: cells failed, and which, and why, was said; or an input was written in the
            future, for which Snakemake would take back the record of the job.
    """
    failed = []
    for cell, folder in folders.items():
        try:
            say(train(cell))
        except RestudyError as error:
            say(f"error: {cell}: {error}")
            failed.append(cell)
        except Exception as error:
            failed.append(cell)
            words = system_errors.in_words(error, folder)
            if words:
                say(f"error: {cell}: {words}")
                break
            traceback.print_exc()
            say(f"error: {cell}: {type(error).__name__}: {error}")
    if failed:
        raise RestudyError(
            f"{len(failed)} of {len(folders)} cells failed ({', '.join(failed)}); "
            "the next run of the pipeline trains none of this job that are done"
        )
    late = timestamps.written_after(inputs, time.time())
    if late:
        raise RestudyError(timestamps.complaint(late))
