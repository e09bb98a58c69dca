"""Values that no training decides, such as sizes of data sets: those that the project declares.

A row of ``published.yaml`` names its fact as ``group.name``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from restudy.experiments.project import project

if TYPE_CHECKING:
    from restudy.data.load import PreparedData


def names() -> list[str]:
    """Return the names of all facts, as rows have them."""
    return [f"{group.name}.{name}" for group in project().facts.values() for name in group.names]


def datasets(facts: Iterable[str]) -> list[str]:
    """Return the data sets that some facts are about, sorted."""
    needed = {project().facts[_group(fact)].dataset for fact in facts}
    return sorted(name for name in needed if name is not None)


def compute(facts: Collection[str], data: Mapping[str, PreparedData]) -> dict[str, str]:
    """Compute facts.

    Args:
        facts: their names, as rows have them.
        data: name -> prepared data set; facts about others are left out.

    Returns:
        name -> the fact as a source prints it.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(map(_group, facts)):
        group = project().facts[name]
        if group.dataset is not None and group.dataset not in data:
            continue
        arguments = [] if group.dataset is None else [data[group.dataset]]
        computed = project().function(group)(*arguments)
        found |= {f"{name}.{key}": value for key, value in computed.items()}
    return {fact: found[fact] for fact in facts if fact in found}


def _group(fact: str) -> str:
    return fact.partition(".")[0]
