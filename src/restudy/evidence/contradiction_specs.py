"""Figures of claims that contradict each other (``contradictions.yaml``).

:mod:`restudy.evidence.contradiction_curves` takes the numbers. Read when Snakemake parses the
Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from restudy.common.errors import choice_error
from restudy.config.sources import row_id
from restudy.config.strict import EvidenceItem, Strict
from restudy.evidence.checks import StudyIndex
from restudy.evidence.hypothesis_specs import ClaimTest, Filter, Levels, MetricSpec
from restudy.evidence.metric_selectors import Text
from restudy.evidence.schema import Claim
from restudy.planning.plan import StudyPlan


class Panel(Strict):
    """A number of a study or experiment over the levels of a factor, one curve for each side.

    Attributes:
        title: what is measured, in words.
        study, number: the study, and which number of its runs; or
        experiment, measure: the experiment, and the name of one of its numbers.
        x_factor: the factor on the x axis.
        curves: name -> factor -> the level, or levels; factors that are not named are averaged
            over. Levels of ``x_factor`` are drawn in the order given, all without.
        filter: the same, for all curves.
        baseline: name -> factor -> level of a side that has no place on the axis.
    """

    title: Text
    study: Text | None = None
    number: MetricSpec | None = None
    experiment: Text | None = None
    measure: Text | None = None
    x_factor: Text
    curves: Annotated[dict[Text, Filter], Field(min_length=1)]
    filter: Filter = Field({})
    baseline: Annotated[dict[Text, Levels], Field(max_length=1)] = Field({})

    @model_validator(mode="after")
    def _is_a_test(self) -> Panel:
        for one in self.tests():
            if one.timed:
                raise ValueError(f"{self.experiment} is timed, and figures are the same each time")
        return self

    @property
    def subject(self) -> str:
        """Name of its study or experiment."""
        return self.study or self.experiment or ""

    @property
    def sides(self) -> dict[str, Filter]:
        """All curves and the baseline, each with the levels that all have in common."""
        sides: dict[str, Mapping[str, Any]] = {**self.curves, **self.baseline}
        return {name: {**self.filter, **levels} for name, levels in sides.items()}

    def tests(self) -> list[ClaimTest]:
        """Return a test along each curve: it reads the same numbers at the same levels.

        Raises:
            ValueError: the panel has not one study with a number, or experiment with a measure.
        """
        return [
            ClaimTest(
                study=self.study,
                number=self.number,
                experiment=self.experiment,
                measure=self.measure,
                filter=levels,
                trend=self.x_factor,
                predicts="different",
                margin=0.0,
            )
            for levels in self.sides.values()
        ]


class ContradictionFigure(EvidenceItem):
    """A figure about two claims that contradict each other.

    Attributes:
        claims: their ids.
        title: what they disagree about.
        panels: what is drawn, side by side.
    """

    id: Annotated[str, Field(pattern=row_id("CON", "[A-Z]+", r"\d{2}"))]
    claims: Annotated[list[Text], Field(min_length=2, max_length=2)]
    title: Text
    panels: Annotated[list[Panel], Field(min_length=1)]

    @property
    def studies(self) -> list[str]:
        """The studies that it shows, each once."""
        return list(dict.fromkeys(one.study for one in self.panels if one.study is not None))

    @property
    def experiments(self) -> list[str]:
        """The experiments that it shows, each once."""
        names = (one.experiment for one in self.panels if one.experiment is not None)
        return list(dict.fromkeys(names))

    def validation_errors(
        self, where: str, claims: Sequence[Claim], index: StudyIndex
    ) -> Iterator[str]:
        """Yield what is wrong with it, each in one line.

        Args:
            where: file and row.
            claims: rows of the catalogue.
            index: the studies.
        """
        ids = [claim.id for claim in claims]
        for id_ in self.claims:
            if id_ not in ids:
                yield choice_error(where, "claims", id_, ids, "an id of claims.yaml")
        if set(self.claims) <= set(ids) and frozenset(self.claims) not in pairs(claims):
            yield f"{where}: claims: neither names the other under contradicted_by"
        for place, panel in enumerate(self.panels):
            key = f"panels[{place}]"
            for name, test in zip(panel.sides, panel.tests(), strict=True):
                keys = {"trend": "x_factor", "filter": f"curves.{name}"}
                yield from test.validation_errors(where, key, index, keys)


def pairs(claims: Sequence[Claim]) -> set[frozenset[str]]:
    """Return the pairs of claims of which one names the other as its contradiction."""
    return {
        frozenset((claim.id, other.claim))
        for claim in claims
        for other in claim.contradicted_by
        if other.claim is not None
    }


def drawn(
    figures: Sequence[ContradictionFigure],
    plans: Mapping[str, StudyPlan],
    experiments: Collection[str],
) -> dict[str, ContradictionFigure]:
    """Return the figures of which a run has all studies and experiments, by id.

    Args:
        figures: all figures of contradictions.
        plans: the studies of the run.
        experiments: the names of its experiments.
    """
    return {
        one.id: one
        for one in figures
        if set(one.studies) <= set(plans) and set(one.experiments) <= set(experiments)
    }
