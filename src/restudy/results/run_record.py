"""The record of a run: how the pipeline was called and on what, as ``run.json`` of its results."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.config.strict import Strict
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.provenance.versions import environment

RUN_RECORD = "run.json"
PAGE, PAPER, VIEW = "report/index.html", "report/paper.pdf", "report/view.json"
_CPUINFO = Path("/proc/cpuinfo")


class Machine(Strict):
    """The machine on which the report was made.

    Attributes:
        system: operating system and architecture.
        processor: model of the processor.
        cores: number of cores that the process could use.
    """

    system: str
    processor: str
    cores: int


class RunRecord(Strict):
    """How the pipeline was called and on what.

    Attributes:
        results: folder of the results, as the settings name it.
        configfiles: files with settings, relative to the folder of the Snakefile.
        settings: ``key=value``, as given after ``--config``, without passwords.
        scale: scale of the run.
        full: studies done at the full scale whatever the scale is.
        only: studies that the run was restricted to; empty if to none.
        studies: studies of the run.
        experiments: small experiments of the run.
        commit: git commit at which the report was made; None outside a git checkout.
        dirty: whether the checkout had uncommitted changes.
        training_version: version of what training computes.
        versions: versions of Python and the libraries.
        machine: where the report was made.
    """

    results: str
    configfiles: list[str]
    settings: list[str]
    scale: str
    full: list[str]
    only: list[str]
    studies: list[str]
    experiments: list[str]
    commit: str | None
    dirty: bool | None
    training_version: int
    versions: dict[str, str]
    machine: Machine

    def commit_in_words(self) -> str:
        """Return the commit as it is shown to people."""
        if self.commit is None:
            return "unknown (no git checkout)"
        return self.commit[:12] + (" with uncommitted changes" if self.dirty else "")


def write_run_record(path: Path, **call: Any) -> None:
    """Write the record of a run: its call, and commit, versions and machine as they are now.

    Args:
        path: file to be written.
        call: fields of :class:`RunRecord` up to ``experiments``.
    """
    here = environment()
    record = RunRecord(
        **call,
        commit=here["git_commit"],
        dirty=here["git_dirty"],
        training_version=TRAINING_VERSION,
        versions=here["versions"],
        machine=Machine(system=here["machine"], processor=processor(), cores=cores()),
    )
    write_atomically(path, f"{record.model_dump_json(indent=1)}\n".encode())


def read_run_record(results: Path) -> RunRecord:
    """Read the record of the run in a results folder.

    Raises:
        RestudyError: there is none, or it cannot be read.
    """
    path = results / RUN_RECORD
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RestudyError(
            f"{path}: is missing: the run is not finished; finish it with `make run`"
        ) from None
    except OSError as error:
        problem = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        problem = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
    raise RestudyError(
        f"{path}: cannot be read ({problem}); delete the file and run the pipeline again"
    )


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's model; what Python knows of it where the system has no such file."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    asked = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(asked(0)) if asked else os.cpu_count() or 1
