"""Writing a file so that it is either there as a whole or not there at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, creating its folder.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacement(path) as part:
        part.write_bytes(content)


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield the name of a hidden file beside ``path``, which takes its name when complete.

    A process that is killed leaves nothing that looks finished, and of two processes that write the
    same file at once each leaves a whole one.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_replacement(path: Path) -> Iterator[Path]:
    """Yield an empty hidden folder beside ``path``, which takes its place when complete."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(path, ignore_errors=True)
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
