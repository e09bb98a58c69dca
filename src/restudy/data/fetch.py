"""Getting the raw files of a data set: from a folder of the user's, the cache, or a source."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pooch

from restudy.common.errors import RestudyError, choice_error
from restudy.common.files import write_atomically
from restudy.data.downloads import NoAnswerError, checked, take, title
from restudy.data.formats import decode
from restudy.data.registry import DATASETS, Dataset, Form, Mirror, RawFile

CACHE_VARIABLE = "RESTUDY_DATA"
"""Environment variable that names another cache than the one in the user's home."""


def default_cache() -> Path:
    """Return the per-user cache folder, or the one that ``RESTUDY_DATA`` names."""
    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("restudy")).expanduser()


def fetch(name: str, cache_dir: Path | None = None, folder: Path | None = None) -> dict[str, Path]:
    """Make sure that the raw files of a data set are in the cache, whole and unaltered.

    Args:
        name: name of a data set in :data:`~restudy.data.registry.DATASETS`.
        cache_dir: the cache; by default :func:`default_cache`.
        folder: a folder of the user's that holds the files (itself, or in a subfolder with the
            name of the data set). If it is given, no other place is looked at.

    Returns:
        Path in the cache by name of the raw file.

    Raises:
        RestudyError: unknown data set; the folder lacks a file or holds an altered one; no source
            has a file (all that were tried are named, with reasons); the cache is not writable.
    """
    if name not in DATASETS:
        raise RestudyError(choice_error("fetch", "data set", name, DATASETS))
    dataset = DATASETS[name]
    home = (default_cache() if cache_dir is None else cache_dir) / name
    if folder is not None:
        _copy_from(folder.expanduser(), dataset, home)
    else:
        _complete(dataset, home)
    return {file.name: home / file.name for file in dataset.files}


def _copy_from(folder: Path, dataset: Dataset, home: Path) -> None:
    """Take all files from the user's folder: a fault there is for the user to mend."""
    missing = []
    for file in dataset.files:
        found = next(_candidates((folder / dataset.name, folder), file), None)
        if found is None:
            missing.append(file)
        else:
            _store(_read(*found, file), file, home)
    if missing:
        raise RestudyError(f"{folder}: files are missing, each raw or .gz:\n{_wish_list(missing)}")


def _complete(dataset: Dataset, home: Path) -> None:
    """Get what is not in the cache from the sources, in their order."""
    failures: list[str] = []
    missing = [file for file in dataset.files if not _is_cached(file, home, failures)]
    queue = list(dataset.sources)
    while missing and queue:
        source = queue.pop(0)
        _say(f"{dataset.name}: {len(missing)} file(s) wanted from {title(source)}")
        try:
            for file, content in take(source, tuple(missing)):
                _store(content, file, home)
                missing.remove(file)
        except NoAnswerError as error:
            failures.append(_note(error))
            # Probably the network swallows everything; waiting out each mirror would take long.
            queue.sort(key=lambda other: isinstance(other, Mirror))
        except _CacheError:
            raise
        except RestudyError as error:
            failures.append(_note(error))
    if missing:
        reasons = "\n".join(f"  {failure}" for failure in failures)
        raise RestudyError(
            f"{dataset.name}: no source has what is missing. Tried:\n{reasons}\n"
            f"To go on without a network, put these files, each raw or .gz, into {home} "
            f"(or into a folder of your own, named in the configuration as data.folder):\n"
            f"{_wish_list(missing)}"
        )


def _is_cached(file: RawFile, home: Path, failures: list[str]) -> bool:
    """Look for a good copy in the cache, put there by us or, in any form, by the user."""
    for path, form in _candidates((home,), file):
        try:
            _store(_read(path, form, file), file, home)
        except _CacheError:
            raise
        except RestudyError as error:
            failures.append(_note(error))
        else:
            return True
    return False


def _candidates(folders: Sequence[Path], file: RawFile) -> Iterator[tuple[Path, Form]]:
    for folder in folders:
        for form in file.forms:
            for path in (folder / form.name, folder / f"{form.name}.gz"):
                if path.is_file():
                    yield path, form


def _read(path: Path, form: Form, file: RawFile) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RestudyError(f"{path}: cannot be read ({error.strerror})") from error
    return checked(decode(content, form, str(path)), file, str(path))


class _CacheError(RestudyError):
    """The cache cannot be written to: trying another source would not help."""


def _store(content: bytes, file: RawFile, home: Path) -> None:
    path = home / file.name
    try:
        # A good file is left alone, so that its date does not make later steps run again.
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
    except OSError as error:
        raise _CacheError(
            f"{path}: cannot be written ({error.strerror}); "
            f"the environment variable {CACHE_VARIABLE} names another cache folder"
        ) from error


def _wish_list(files: Sequence[RawFile]) -> str:
    return "\n".join(
        f"  {' or '.join(form.name for form in file.forms)} (SHA-256 of {file.name}: {file.sha256})"
        for file in files
    )


def _note(error: RestudyError) -> str:
    _say(f"  {error}")
    return str(error)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
