"""Which number of ours is compared with one that a source printed.

:mod:`restudy.evidence.metric_extraction` takes the numbers. Read when Snakemake parses the
Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from restudy.common.errors import bad_value, choice_error
from restudy.config.diagnostics import diagnosed_metrics, is_measured_once
from restudy.config.recipe import Recipe
from restudy.config.strict import Strict
from restudy.evidence.checks import (
    StudyIndex,
    factor_errors,
    level_errors,
    missing_error,
)
from restudy.experiments.project import project, unknown_experiment
from restudy.planning.plan import StudyPlan

LAST, BEST = "last", "best"
STEP = "step"

Text = Annotated[str, Field(min_length=1)]


def _at(value: Any) -> Any:
    is_place = isinstance(value, dict) and len(value) == 1 and value.keys() <= {"epoch", STEP}
    numbers = list(value.values()) if is_place else []
    if value in (LAST, BEST) or any(type(number) is int and number > 0 for number in numbers):
        return value
    allowed = "last, best, {epoch: 1 or more} or {step: 1 or more}"
    raise ValueError(f"{value!r} is not allowed; allowed: {allowed}")


class RunMetric(Strict):
    """A metric of a run at one time.

    Attributes:
        split, metric: as in ``history.parquet``.
        include_penalty: add the penalty of the same run and epoch.
        at: ``last``; ``best``, the epoch of the run's best validation accuracy (the first of
            equals); ``{epoch: k}`` or ``{step: k}``.
    """

    split: Literal["train", "validation", "test"]
    metric: Text
    include_penalty: bool = False
    at: Annotated[str | dict[str, int], BeforeValidator(_at)] = LAST

    @property
    def name(self) -> str:
        """Split and metric as words: ``test data loss``."""
        return f"{self.split} {self.metric.replace('_', ' ')}"

    def metric_errors(
        self, where: str, key: str, plan: StudyPlan, recipe: Recipe, *, along_steps: bool = False
    ) -> Iterator[str]:
        """Yield an error if runs of a recipe do not have the metric, or not at that time.

        Args:
            where: file and row.
            key: the key that holds the metric.
            plan: the study.
            recipe: of one of its runs.
            along_steps: whether the metric is read at all times.
        """
        splits = ["train", *(["validation"] if recipe.n_validation else []), "test"]
        if self.split not in splits:
            yield choice_error(where, f"{key}.split", self.split, splits)
        if self.metric not in (metrics := metrics_of(recipe, self.split)):
            yield choice_error(where, f"{key}.metric", self.metric, metrics)
        once = self.split == "test" and "test" not in recipe.diagnostics
        if once or is_measured_once(recipe, self.metric):
            if self.at != LAST or along_steps:
                yield bad_value(
                    where, f"{key}.at", self.at, "last: it is measured once, at the end"
                )
        elif self.at == BEST and (not recipe.n_validation or recipe.loss == "mse"):
            yield bad_value(where, f"{key}.at", BEST, "last: there is no validation accuracy")
        elif isinstance(self.at, dict) and plan.comparable:  # a reduced run may end before
            [(unit, wanted)] = self.at.items()
            steps = recipe.steps_per_epoch if unit == STEP else 1
            every = recipe.evaluate_every * steps
            end = recipe.total_steps if unit == STEP else recipe.total_epochs
            if wanted > end or (wanted % every and wanted != end):
                allowed = f"a multiple of {every} up to {end}, or {end}"
                yield bad_value(where, f"{key}.at.{unit}", wanted, allowed)


class MetricSelector(RunMetric):
    """One number of each run of a study, at one combination of levels.

    Attributes:
        study: name of the study.
        filter: factor -> label of the level; a factor that is left out must have one level only.
        reduce: ``knee`` or ``second_knee`` of a curve, instead of the number itself; see
            :mod:`restudy.evidence.metric_extraction`.
        x_factor: what the curve runs along: ``step``, or a factor whose levels are numbers.
        minus: a second number, subtracted seed by seed.
        lower_bound: below which no number can lie, of numbers that crowd above it and have a long
            tail, such as losses of single batches: the interval for one more run is of ln(number -
            lower_bound). On the plain scale it would hold losses below 0, and be narrow where a few
            runs happen to be near the bound.
    """

    study: Text
    filter: dict[str, Text] = {}
    reduce: Literal["knee", "second_knee"] | None = None
    x_factor: Text = STEP
    minus: MetricSelector | None = None
    lower_bound: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _keys_fit_together(self) -> MetricSelector:
        if self.lower_bound is not None and self.minus is not None:
            raise ValueError("a difference has no 'lower_bound'")
        if self.reduce is None and self.x_factor != STEP:
            raise ValueError("'x_factor' needs a 'reduce' beside it")
        if self.reduce is not None and self.x_factor == STEP and self.at != LAST:
            raise ValueError("'at' and a 'reduce' over steps exclude each other")
        if self.x_factor in self.filter:
            raise ValueError(f"{self.x_factor!r} stands in 'filter', so no curve runs along it")
        return self

    def validation_errors(
        self, where: str, key: str, index: StudyIndex, free: Collection[str] = ()
    ) -> Iterator[str]:
        """Yield what is wrong with it, each in one line.

        Args:
            where: file and row.
            key: the key that holds it.
            index: the studies.
            free: factors that the number is taken at each level of.
        """
        if self.study not in index.plans:
            yield from index.study_errors(where, f"{key}.study", self.study)
            return
        plan = index.plans[self.study]
        wrong = list(self._factor_errors(where, key, plan, free))
        yield from wrong
        # No run: the scale leaves the level out.
        runs = (run for run in plan.runs if self.filter.items() <= run.levels.items())
        if not wrong and (run := next(runs, None)) is not None:
            along_steps = self.reduce is not None and self.x_factor == STEP
            yield from self.metric_errors(where, key, plan, run.recipe, along_steps=along_steps)

    def _factor_errors(
        self, where: str, key: str, plan: StudyPlan, free: Collection[str]
    ) -> Iterator[str]:
        factors = {name: plan.study.labels(name) for name in plan.study.factors}
        along = [] if self.x_factor == STEP else [self.x_factor]
        yield from level_errors(where, f"{key}.filter", self.filter, factors, self.study)
        yield from factor_errors(where, f"{key}.x_factor", along, factors, self.study)
        for name, labels in factors.items():
            if name not in self.filter and len(labels) > 1 and name not in (*free, *along):
                yield missing_error(where, f"{key}.filter", name, labels)
            if name in along and not all(map(_is_number, labels)):
                yield bad_value(where, f"{key}.x_factor", name, "a factor whose levels are numbers")


class ExperimentSelector(Strict):
    """One number of each seed of an experiment, at one combination of levels.

    Attributes:
        experiment: its name, in the project's folder.
        measure: one of its numbers.
        filter: factor -> level, for each of its factors.
    """

    experiment: Text
    measure: Text
    filter: dict[str, Text]

    def validation_errors(self, where: str, key: str) -> Iterator[str]:
        """Yield what is wrong with it, each in one line."""
        experiment = project().experiments.get(self.experiment)
        if experiment is None:
            yield unknown_experiment(where, f"{key}.experiment", self.experiment)
            return
        if self.measure not in experiment.numbers:
            yield choice_error(where, f"{key}.measure", self.measure, experiment.numbers)
        factors = experiment.factors
        yield from level_errors(where, f"{key}.filter", self.filter, factors, self.experiment)
        for name in [one for one in factors if one not in self.filter]:
            yield missing_error(where, f"{key}.filter", name, factors[name])


class PublishedComparison(MetricSelector):
    """The number that a printed number is compared with.

    Attributes:
        bound: ``upper`` if the source prints no value but says that it lies below this one.
        surrogate_data: the source does not name its data, so our numbers are shown and not judged.
        remark: shown beside the status, such as a difference from what the source did.
    """

    bound: Literal["upper"] | None = None
    surrogate_data: bool = False
    remark: Text | None = None

    @model_validator(mode="after")
    def _surrogate_data_have_a_remark(self) -> PublishedComparison:
        if self.surrogate_data and self.remark is None:
            raise ValueError("'surrogate_data' needs a 'remark' that says what is shown")
        return self


def metrics_of(recipe: Recipe, split: str) -> list[str]:
    """Return the metrics that the history of a run has under a split."""
    plain = ["data_loss", *(["rmse", "r2"] if recipe.loss == "mse" else ["accuracy"])]
    if split != "train":
        return plain
    return [*plain, "penalty", *diagnosed_metrics(recipe)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
