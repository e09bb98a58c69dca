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


def read_pictures(
    view: View, figures: Path, captions: Path, remake: Callable[[str], str]
) -> dict[str, Picture]:
    """Read the figures that the page shows, by name.

    Args:
        view: the view model.
        figures: the folder of the figures; those of sources have a caption beside them.
        captions: the folder with the captions of each kind of figure of a study.
        remake: from a file's place below the results to the command that makes it again.
    """
    own = {study.name: (captions / f"{study.description['figure']}.rst") for study in view.studies}
    others = [*view.source_figures, *view.contradiction_figures]
    return {
        name: Picture(
            (figures / f"{name}.svg").read_bytes(),
            caption.read_text(encoding="utf-8").strip(),
            {kind.upper(): f"../figures/{name}.{kind}" for kind in ("csv", "pdf", "svg")},
            remake(f"figures/{name}.svg"),
        )
        for name, caption in (own | {name: figures / f"{name}.txt" for name in others}).items()
    }
