"""Error messages about studies, factors and levels that rows of evidence name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from restudy.common.errors import choice_error
from restudy.planning.plan import StudyPlan

LevelFilter = Mapping[str, str | list[str]]
"""Factor -> its level, or its levels."""


class StudyIndex(NamedTuple):
    """The studies that numbers can be taken from.

    Attributes:
        plans: the studies of this run, by name.
        names: names of all studies; one that is not in this run is not checked further.
    """

    plans: Mapping[str, StudyPlan]
    names: Collection[str]

    def study_errors(self, where: str, key: str, study: str) -> Iterator[str]:
        """Yield an error if there is no such study."""
        if study not in self.names and study not in self.plans:
            yield choice_error(where, key, study, self.names, "the name of a study")


def as_list(levels: str | list[str]) -> list[str]:
    """Return a level, or levels, as a list."""
    return [levels] if isinstance(levels, str) else levels


def factor_errors(
    where: str, key: str, names: Iterable[str], factors: Collection[str], owner: str
) -> Iterator[str]:
    """Yield an error for each name that is no factor of a study or experiment, ``owner``."""
    for name in names:
        if name not in factors:
            allowed = f"a factor of {owner} ({', '.join(factors) or 'it has none'})"
            yield choice_error(where, key, name, factors, allowed)


def level_errors(
    where: str, key: str, levels: LevelFilter, factors: Mapping[str, Sequence[str]], owner: str
) -> Iterator[str]:
    """Yield an error for each factor and level that a study or experiment does not have.

    Args:
        where: file and row.
        key: the key that holds the levels.
        levels: the levels that are named.
        factors: factor -> its levels.
        owner: name of the study or experiment.
    """
    for name, wanted in levels.items():
        yield from factor_errors(where, key, [name], factors, owner)
        for level in as_list(wanted) if name in factors else []:
            if level not in factors[name]:
                yield choice_error(where, f"{key}.{name}", level, factors[name])


def missing_error(where: str, key: str, factor: str, levels: Sequence[str]) -> str:
    """Return the error for a factor of which no level is named."""
    return f"{where}: {key}: {factor} is missing; allowed: {', '.join(levels)}"
