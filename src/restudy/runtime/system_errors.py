"""Troubles of the machine, in words: a full disk, a folder that cannot be written to, no memory.

They are no bugs and no mistakes in a file, but a person can mend them. Whoever is told needs to
know where it happened, what to do, and that nothing which was done is lost.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

AGAIN = "then give the same command again: it goes on from what is done"

_LITTLE = 64 * 2**20
"""A disk with fewer bytes than this left is one that may be meant, where the error names none."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {
    errno.EROFS: "make it writable",
    errno.EACCES: "see to its permissions",
    errno.EPERM: "see to its permissions",
}
# Words in which libraries tell what Python would tell by a class: sqlite3 and PyTorch.
_FULL_WORDS = ("database or disk is full",)
_MEMORY_WORDS = ("can't allocate memory", "cannot allocate memory", "unable to allocate")


def in_words(error: BaseException, folder: Path | None = None) -> str | None:
    """Say what is wrong with the machine, and what to do about it.

    Args:
        error: what was raised, perhaps because of something else.
        folder: where results are written, to see whether that disk is the full one.

    Returns:
        one line; None if the error is none of the machine's.
    """
    for one in _chain(error):
        words = _of(one, folder)
        if words:
            return words
    return None


def _of(error: BaseException, folder: Path | None) -> str | None:
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(words in text for words in _MEMORY_WORDS):
        return (
            "there is not enough memory; give fewer --cores, or a smaller "
            f"training.max_stacked_runs in config.yaml, {AGAIN}"
        )
    if any(words in text for words in _FULL_WORDS):
        return _full(None, folder)
    if not isinstance(error, OSError):
        return None
    if error.errno in _FULL:
        return _full(error.filename, folder)
    if error.errno == errno.EFBIG:
        return f"a file would be larger than is allowed here (ulimit -f); allow more, {AGAIN}"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"too many files are open (ulimit -n); allow more, or fewer --cores, {AGAIN}"
    if error.errno in _FORBIDDEN and isinstance(error.filename, str):
        return (
            f"{_place(error.filename)}: {error.strerror}; {_FORBIDDEN[error.errno]}, or name "
            f"another folder as results in config.yaml, {AGAIN}"
        )
    return None


def _place(file: str) -> Path:
    """Return what a person knows of a file: of one that was to get its name later, its folder."""
    path = Path(file)
    return path.parent if path.suffix == ".part" else path


def _full(file: object, folder: Path | None) -> str:
    """Word that a disk is full. What fails in the middle of a file does not say which."""
    places = [Path(file).absolute().parent] if isinstance(file, str) else list(_nearly_full(folder))
    where = " and ".join(map(str, places))
    return f"{f'{where}: ' if where else ''}the disk is full; make room on it, {AGAIN}"


def _nearly_full(folder: Path | None) -> Iterator[Path]:
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            if place is not None and shutil.disk_usage(place).free < _LITTLE:
                yield place.absolute()
        except OSError:
            continue


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and what it was raised because of or while handling."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__
