"""How a job trains several cells: one after the other, and so that each is kept once it is done.

When a job fails or is interrupted, Snakemake takes back all its output files, those of cells that
were done long before too: it removes them or puts the former version there. So a job that has
more to do keeps a copy of each cell that is done, in a hidden folder beside its files. The job
drops the copies when all went well; otherwise the next one starts from them.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from restudy import clock, troubles
from restudy.cell_record import COPIES
from restudy.console import Say
from restudy.errors import RestudyError
from restudy.files import replacement, write_atomically
from restudy.results import group_files


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
            future, for which Snakemake would take back everything.
    """
    failed = []
    for cell, folder in folders.items():
        take_back(folder)
        try:
            say(train(cell))
        except RestudyError as error:
            say(f"error: {cell}: {error}")
            failed.append(cell)
        except Exception as error:
            failed.append(cell)
            words = troubles.in_words(error, folder)
            if words:
                say(f"error: {cell}: {words}")
                break
            traceback.print_exc()
            say(f"error: {cell}: {type(error).__name__}: {error}")
        else:
            if len(folders) > 1:
                keep(folder)
    if failed:
        raise RestudyError(
            f"{len(failed)} of {len(folders)} cells failed ({', '.join(failed)}); "
            "the next run of the pipeline trains none of this job that are done"
        )
    late = clock.written_after(inputs, time.time())
    if late:
        for folder in folders.values():
            keep(folder)
        raise RestudyError(clock.complaint(late))
    for folder in folders.values():
        drop(folder)


def keep(folder: Path) -> None:
    """Copy a cell's files to where Snakemake does not take them back."""
    _copy(folder, folder / COPIES)


def take_back(folder: Path) -> None:
    """Put the copies of an earlier job in the place of a cell's files, if they are whole."""
    copies = folder / COPIES
    if group_files.read(copies) is not None:
        _copy(copies, folder)
    drop(folder)


def drop(folder: Path) -> None:
    """Remove the copies of a cell's files."""
    shutil.rmtree(folder / COPIES, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    # In the order of FILES: the record, which says that they are whole, comes last.
    for name in group_files.FILES:
        _copy_file(source / name, target / name)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file; on a full disk, have the same file in both places, which takes no room.

    Only then: where Snakemake restores a former version of an output it writes into the file.
    """
    try:
        write_atomically(target, source.read_bytes())
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacement(target) as part:
            os.link(source, part)
