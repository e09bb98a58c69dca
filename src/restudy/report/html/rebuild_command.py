"""The command that makes a file of the results again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """How the pipeline was called.

    Attributes:
        results: the folder of the results.
        configfiles: files with settings, relative to the folder of the Snakefile.
        settings: ``key=value``, as given on the command line.
    """

    results: str
    configfiles: Sequence[str] = ()
    settings: Sequence[str] = ()

    def remake(self, file: str) -> str:
        """Return the command that makes one file again, to be given where the Snakefile is.

        Args:
            file: its place below the results.
        """
        words = [".venv/bin/snakemake", "--cores", "all"]
        if self.configfiles:
            words += ["--configfile", *self.configfiles]
        if self.settings:
            words += ["--config", *self.settings]
        return shlex.join([*words, "--force", f"{self.results}/{file}"])


def relative(paths: Sequence[str | Path]) -> list[str]:
    """Return paths as they are from the working folder, which a page may well show."""
    return [os.path.relpath(path) for path in paths]
