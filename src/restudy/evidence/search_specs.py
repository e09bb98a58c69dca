"""Configuration searches: what a source leaves out, and the runs that could have given it.

:mod:`restudy.evidence.configuration_search` compares these with the printed numbers. Read when
Snakemake parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from restudy.config.sources import SOURCE, row_id
from restudy.config.strict import EvidenceItem, Strict
from restudy.evidence.checks import as_list
from restudy.evidence.metric_selectors import MetricSelector, RunMetric, Text


def _listed(value: Any) -> Any:
    return as_list(value) if isinstance(value, str) else value


Levels = Annotated[list[Text], Field(min_length=1), BeforeValidator(_listed)]


class SubtractedValue(Strict):
    """What is subtracted: another published value, and the same number of ours at other levels.

    Attributes:
        published: id of the value.
        filter: factor -> label of the level.
    """

    published: Text
    filter: dict[str, Text] = Field({})


class Constraint(RunMetric):
    """A published value that a candidate must be able to give, and the number of ours beside it.

    Attributes:
        published: id of the value.
        filter: factor -> label of the level, or of several: the source's own level is not known,
            and lies between them (a width), so what ours give lies between theirs.
        minus: another value that is subtracted from it, seed by seed: the effect of one change of
            settings, at any candidate, is much sharper than either number.
    """

    published: Text
    filter: dict[str, Levels] = Field({})
    minus: SubtractedValue | None = None

    @property
    def published_ids(self) -> list[str]:
        """Id of the value, and of the one that is subtracted."""
        return [self.published, *([self.minus.published] if self.minus else [])]


class ConfigurationSearch(EvidenceItem):
    """Settings that a source does not state, and a declared search for them.

    Attributes:
        source: the source.
        title: one line.
        question: what is asked.
        study: the search.
        search_factors: the factors whose combinations of levels are the candidates.
        between: that of them whose levels are points of a scale (a rate): the candidates are then
            what lies between two neighbouring levels, and their numbers are taken to lie between
            those of the two.
        constraints: what a candidate must give, all of it.
        if_none: what it means if no candidate can.
    """

    id: Annotated[str, Field(pattern=row_id("PUZ", SOURCE, r"\d{2}"))]
    source: Text
    title: Text
    question: Text
    study: Text
    search_factors: Annotated[list[Text], Field(min_length=1)]
    between: Text | None = None
    constraints: Annotated[list[Constraint], Field(min_length=1)]
    if_none: Text

    @model_validator(mode="after")
    def _keys_fit_together(self) -> ConfigurationSearch:
        if self.between is not None and self.between not in self.search_factors:
            allowed = ", ".join(self.search_factors)
            raise ValueError(f"'between' is {self.between!r}; allowed: {allowed}")
        for one in self.constraints:
            levels = {*one.filter, *(one.minus.filter if one.minus else ())}
            if fixed := sorted(levels & set(self.search_factors)):
                raise ValueError(f"'filter' of {one.published} fixes a search factor: {fixed[0]!r}")
        return self

    def selectors(self, constraint: Constraint) -> list[MetricSelector]:
        """Return the selectors of a constraint, one for each combination of its levels.

        The search factors are left free.
        """
        keys, levels = constraint.filter.keys(), constraint.filter.values()
        return [
            self._selector(constraint, dict(zip(keys, labels, strict=True)))
            for labels in itertools.product(*levels)
        ]

    def subtracted(self, constraint: Constraint) -> Iterator[MetricSelector]:
        """Yield what a constraint subtracts, if anything; the search factors are left free."""
        if constraint.minus is not None:
            yield self._selector(constraint, constraint.minus.filter)

    def _selector(self, constraint: Constraint, levels: dict[str, str]) -> MetricSelector:
        metric = {name: getattr(constraint, name) for name in RunMetric.model_fields}
        return MetricSelector(study=self.study, filter=levels, **metric)
