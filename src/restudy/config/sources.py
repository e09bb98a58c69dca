"""The sources: the reports that are studied, and their names in the catalogue and in studies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.config.loading import load_rows
from restudy.config.strict import EvidenceItem
from restudy.config.study import Study

FILE = Path("config/evidence/sources.yaml")

Text = Annotated[str, Field(min_length=1)]

SOURCE = r"S\d+"
"""What the id of a source is like."""


def row_id(kind: str, *parts: str) -> str:
    """Return the regular expression of the ids of rows, such as ``KIND-S5-001``.

    Args:
        kind: what ids begin with.
        parts: regular expressions of the parts after it.
    """
    return f"^{'-'.join((kind, *parts))}$"


def _source_id(id_: str) -> str:
    # Not "S05": two ways to write one id would be two sources.
    if not re.fullmatch(r"S(0|[1-9][0-9]*)", id_):
        raise ValueError(f"{id_!r} is not allowed; allowed: S and a number, as in S5")
    return id_


class Source(EvidenceItem):
    """A report, a paper, a chapter: whatever prints numbers or makes claims."""

    id: Annotated[Text, AfterValidator(_source_id)] = Field(
        description="S and a number: part of the ids of all rows about it"
    )
    title: Text = Field(description="as it has it, or in our words")
    what: Text = Field(description="what it is and what it is about")
    authors: list[Text] = Field([], description="who wrote it, if they are named")
    year: int | None = Field(None, description="when it appeared, if it says so")
    url: Text | None = Field(None, description="where it can be read, if it can")
    figure: Text | None = Field(None, description="id of its figure that the paper shows, if one")


def load_sources(path: Path = FILE) -> dict[str, Source]:
    """Read the sources, by id, in the order of the file.

    Raises:
        RestudyError: the file cannot be read, or a row in it is not right.
    """
    return {source.id: source for source in load_rows(path, Source)}


def check_sources(studies: Iterable[Study], path: Path = FILE) -> None:
    """See to it that every source that a study names is there.

    Raises:
        RestudyError: one is not, or the file with the sources is not right.
    """
    named = [study for study in studies if study.source is not None]
    if not named:
        return
    sources = load_sources(path)
    complaints = [
        bad_value(
            study.file,
            "source",
            study.source,
            f"null, or an id of {path} ({', '.join(sources)})",
            closest_match(str(study.source).upper(), sources),
        )
        for study in named
        if study.source not in sources
    ]
    if complaints:
        raise RestudyError("\n".join(complaints))
