"""The puzzles: what a source leaves out, and the search that could tell (``forensics.yaml``).

Only what they are; :mod:`restudy.evidence.configuration_search` solves them. Read when Snakemake
parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from restudy.config.sources import SOURCE, row_id
from restudy.config.strict import Strict
from restudy.evidence.metric_selectors import Number, Reading, Text
from restudy.evidence.schema import Entry


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Levels = Annotated[list[Text], Field(min_length=1), BeforeValidator(_listed)]


class Less(Strict):
    """What is subtracted: another published value, and the same number of ours at other levels.

    Attributes:
        published: id of the value.
        where: factor -> label of the level.
    """

    published: Text
    where: dict[str, Text] = Field({})


class Clue(Number):
    """A published value that a candidate must be able to give, and the number of ours beside it.

    Attributes:
        published: id of the value.
        where: factor -> label of the level, or of several: the source's own level is not known,
            and lies between them (a width), so what ours give lies between theirs.
        less: another value that is subtracted from it, seed by seed: what one change of settings
            does, at any candidate, is told much more sharply than either number.
    """

    published: Text
    where: dict[str, Levels] = Field({})
    less: Less | None = None


class Puzzle(Entry):
    """Something that a source does not say, and that a declared search could tell.

    Attributes:
        source: the source.
        title: one line.
        question: what is asked.
        study: the search.
        candidates: the factors whose combinations of levels are the answers looked at.
        between: that of them whose levels are points of a scale (a rate): the answers are then what
            lies between two neighbouring levels, and what it gives is taken to lie between theirs.
        clues: what an answer must give, all of it.
        none: what it means if no candidate can.
    """

    id: Annotated[str, Field(pattern=row_id("PUZ", SOURCE, r"\d{2}"))]
    source: Text
    title: Text
    question: Text
    study: Text
    candidates: Annotated[list[Text], Field(min_length=1)]
    between: Text | None = None
    clues: Annotated[list[Clue], Field(min_length=1)]
    none: Text

    @model_validator(mode="after")
    def _between_is_a_candidate(self) -> Puzzle:
        if self.between is not None and self.between not in self.candidates:
            raise ValueError(
                f"'between' is {self.between!r}; allowed: {', '.join(self.candidates)}"
            )
        return self

    @model_validator(mode="after")
    def _candidates_are_free(self) -> Puzzle:
        for clue in self.clues:
            levels = {**clue.where, **(clue.less.where if clue.less else {})}
            if fixed := sorted(levels.keys() & set(self.candidates)):
                raise ValueError(f"'where' of {clue.published} fixes a candidate: {fixed[0]!r}")
        return self

    def readings(self, clue: Clue) -> list[Reading]:
        """Return the readings of one clue, one for each combination of levels it lies between.

        The candidates' factors are left free.
        """
        number = {name: getattr(clue, name) for name in Number.model_fields}
        return [
            Reading(study=self.study, where=dict(zip(clue.where, labels, strict=True)), **number)
            for labels in itertools.product(*clue.where.values())
        ]

    def subtracted(self, clue: Clue) -> Reading | None:
        """Return the reading that a clue subtracts, if any; the candidates' factors left free."""
        if clue.less is None:
            return None
        number = {name: getattr(clue, name) for name in Number.model_fields}
        return Reading(study=self.study, where=clue.less.where, **number)
