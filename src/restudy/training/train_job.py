"""How a job trains several groups: one after the other, each written as soon as it is done."""

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
    """Train the groups of a job. One that fails does not stop those after it.

    Trouble of the machine's, such as a full disk, does: it would befall them too, at their end.

    Args:
        folders: group -> its folder.
        train: brings a group's files up to date and returns a line about it.
        say: prints a line for the person who waits; one for each group.
        inputs: files that the job reads.

    Raises:
        RestudyError: groups failed, and which, and why, was said; or an input was written in the
            future, for which Snakemake would take back the record of the job.
    """
    failed = []
    for group, folder in folders.items():
        try:
            say(train(group))
        except RestudyError as error:
            say(f"error: {group}: {error}")
            failed.append(group)
        except Exception as error:
            failed.append(group)
            words = system_errors.in_words(error, folder)
            if words:
                say(f"error: {group}: {words}")
                break
            traceback.print_exc()
            say(f"error: {group}: {type(error).__name__}: {error}")
    if failed:
        raise RestudyError(
            f"{len(failed)} of {len(folders)} groups failed ({', '.join(failed)}); "
            "the next run of the pipeline trains none of this job that are done"
        )
    late = timestamps.written_after(inputs, time.time())
    if late:
        raise RestudyError(timestamps.complaint(late))
