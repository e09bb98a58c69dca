"""The sources: the reports that are studied, and their names in the catalogue and in studies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from restudy.common.errors import RestudyError, bad_value, closest_match
from restudy.config.loading import validate
from restudy.config.strict import Strict
from restudy.config.study import Study
from restudy.config.yaml import read_rows

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


class Source(Strict):
    """A report, a paper, a chapter: whatever prints numbers or makes claims."""

    id: Text = Field(description="S and a number: part of the ids of all rows about it")
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
    found: dict[str, Source] = {}
    for place, fields in enumerate(read_rows(path), start=1):
        name = fields.get("id") if isinstance(fields, dict) else None
        source = validate(Source, fields, f"{path}: {name or f'row {place}'}")
        number = source.id.removeprefix("S")
        # Not "S05": two ways to write one id would be two sources.
        if number == source.id or not number.isdecimal() or number != str(int(number)):
            raise RestudyError(bad_value(str(path), "id", source.id, "S and a number, as in S5"))
        if source.id in found:
            raise RestudyError(bad_value(str(path), "id", source.id, "each id once"))
        found[source.id] = source
    return found


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
