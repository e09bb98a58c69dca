"""The files of the workflow as they were when a run was done: of its commit, not of today."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from restudy.common.errors import RestudyError

PATHS = (
    *("Snakefile", "config.yaml", "config", "workflow", "profiles", "src", "experiments"),
    *("envs", "Makefile"),
    *("pyproject.toml", "requirements.lock", "README.md", "LICENSE", "CITATION.cff"),
)
"""What runs the workflow again, and what it may be used for."""
_UNKNOWN = "unknown"
_MADE_BY_USE = ("__pycache__", ".egg-info")


def workflow_files(root: Path, commit: str) -> dict[str, bytes]:
    """Return path -> content of the workflow's files.

    Args:
        root: the checkout.
        commit: of the run, as its report has it; if it is unknown there was no git checkout, and
            the files are those of ``root`` as they are.

    Raises:
        RestudyError: this checkout does not have the commit.
    """
    if commit.startswith(_UNKNOWN):
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for name in PATHS
            for path in sorted([root / name, *(root / name).rglob("*")])
            if path.is_file() and not any(part.endswith(_MADE_BY_USE) for part in path.parts)
        }
    digest = commit.partition(" ")[0]
    names = _there(root, digest) if re.fullmatch(r"[0-9a-f]{7,64}", digest) else []
    archive = _git(root, "archive", "--format=tar", digest, "--", *names) if names else None
    if archive is None:
        raise RestudyError(
            f"the run is of commit {digest}, which this checkout does not have; fetch it, or make "
            "the crate in the checkout that the run was done in"
        )
    return _members(archive)


def _there(root: Path, digest: str) -> list[str]:
    """Return those of the paths that a commit has."""
    known = _git(root, "ls-tree", "--name-only", digest, "--", *PATHS)
    return (known or b"").decode().splitlines()


def _members(archive: bytes) -> dict[str, bytes]:
    """Return the plain files of a tar archive; nothing is unpacked."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            path = PurePosixPath(member.name)
            stream = opened.extractfile(member) if member.isfile() else None
            if stream is not None and not path.is_absolute() and ".." not in path.parts:
                found[path.as_posix()] = stream.read()
    return found


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
