"""Figures on the page, with their captions, their files, and the commands that make them again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from restudy.report.view.model import View


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page.

    Attributes:
        svg: the figure's bytes.
        caption: plain text.
        links: text -> address relative to the page, of its files.
        command: the command that makes it again.
    """

    svg: bytes
    caption: str
    links: dict[str, str] = field(default_factory=dict)
    command: str = ""


def rebuild_command(
    file: str, results: str, configfiles: Sequence[str] = (), settings: Sequence[str] = ()
) -> str:
    """Return the command that makes one file again, in the folder of the Snakefile.

    Args:
        file: its path below the results.
        results: the folder of the results.
        configfiles: files with settings, relative to the folder of the Snakefile.
        settings: ``key=value``, as given on the command line.
    """
    words = [".venv/bin/snakemake", "--cores", "all"]
    words += ["--configfile", *configfiles] if configfiles else []
    words += ["--config", *settings] if settings else []
    return shlex.join([*words, "--force", f"{results}/{file}"])


def read_figures(view: View, call: Mapping[str, Any]) -> dict[str, PageFigure]:
    """Read the figures that the page shows, by name.

    Args:
        view: the view model.
        call: arguments of :func:`rebuild_command` but the file.
    """
    figures = Path(call["results"]) / "figures"
    studies = [study.name for study in view.studies]
    return {
        name: PageFigure(
            (figures / f"{name}.svg").read_bytes(),
            (figures / f"{name}.txt").read_text(encoding="utf-8").strip(),
            {kind.upper(): f"../figures/{name}.{kind}" for kind in ("csv", "pdf", "svg")},
            rebuild_command(f"figures/{name}.svg", **call),
        )
        for name in (*studies, *view.source_figures, *view.contradiction_figures)
    }
