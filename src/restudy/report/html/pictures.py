"""Figures on the page, with their captions and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from restudy.report.view.model import View


@dataclass(frozen=True)
class Picture:
    """A figure on the page.

    Attributes:
        svg: the figure's bytes.
        caption: plain text.
        links: text -> address relative to the page, of its files.
        command: what makes it again.
    """

    svg: bytes
    caption: str
    links: dict[str, str] = field(default_factory=dict)
    command: str = ""


def read_pictures(view: View, figures: Path, remake: Callable[[str], str]) -> dict[str, Picture]:
    """Read the figures that the page shows, by name.

    Args:
        view: the view model.
        figures: the folder of the figures, each with its caption beside it.
        remake: from a file's place below the results to the command that makes it again.
    """
    studies = [study.name for study in view.studies]
    return {
        name: Picture(
            (figures / f"{name}.svg").read_bytes(),
            (figures / f"{name}.txt").read_text(encoding="utf-8").strip(),
            {kind.upper(): f"../figures/{name}.{kind}" for kind in ("csv", "pdf", "svg")},
            remake(f"figures/{name}.svg"),
        )
        for name in (*studies, *view.source_figures, *view.contradiction_figures)
    }
