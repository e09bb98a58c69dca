"""What a reading is: which number of ours is held beside one that a source printed.

Only what it is and whether the studies have it; :mod:`restudy.evidence.metric_extraction` takes
it. Read when Snakemake parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from restudy.common.errors import bad_value, closest_match
from restudy.config.diagnostics import is_measured_once, probed_metrics
from restudy.config.recipe import Recipe
from restudy.config.strict import Strict
from restudy.experiments.project import project, unknown_experiment
from restudy.planning.plan import StudyPlan

LAST, BEST = "last", "best"
STEP = "step"

Text = Annotated[str, Field(min_length=1)]


class Known(NamedTuple):
    """The studies that a reading can be taken from.

    Attributes:
        plans: the studies of this run, by name.
        names: of all studies that there are; one that is not in this run is not looked at.
    """

    plans: Mapping[str, StudyPlan]
    names: Collection[str]


def _at(value: Any) -> Any:
    is_place = isinstance(value, dict) and len(value) == 1 and value.keys() <= {"epoch", STEP}
    numbers = list(value.values()) if is_place else []
    if value in (LAST, BEST) or any(type(number) is int and number > 0 for number in numbers):
        return value
    allowed = "last, best, {epoch: 1 or more} or {step: 1 or more}"
    raise ValueError(f"{value!r} is not allowed; allowed: {allowed}")


class Number(Strict):
    """Which of a run's numbers is read.

    Attributes:
        split, metric: as in ``history.parquet``.
        penalised: add the penalty of the same run and epoch.
        at: ``last``; ``best``, the epoch of the run's best validation accuracy (the first of
            equals); ``{epoch: k}`` or ``{step: k}``.
    """

    split: Literal["train", "validation", "test"]
    metric: Text
    penalised: bool = False
    at: Annotated[str | dict[str, int], BeforeValidator(_at)] = LAST


class Reading(Number):
    """One number of each run of a study, at one combination of levels.

    Attributes:
        study: name of the study.
        where: factor -> label of the level; a factor that is left out must have one level only.
        reduce: ``knee`` or ``second_knee`` of a curve, instead of the number itself; see
            :mod:`restudy.evidence.metric_extraction`.
        along: what that curve runs along: ``step``, or a factor whose levels are numbers.
        minus: a second reading, subtracted seed by seed.
        floor: below which no number can lie, of numbers that crowd above it and have a long tail,
            such as losses of single batches: the interval for one more run is of ln(number -
            floor). On the plain scale it would hold losses below 0, and be narrow where a few runs
            happen to be near the floor.
    """

    study: Text
    where: dict[str, Text] = {}
    reduce: Literal["knee", "second_knee"] | None = None
    along: Text = STEP
    minus: Reading | None = None
    floor: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _floor_is_of_a_number(self) -> Reading:
        if self.floor is not None and self.minus is not None:
            raise ValueError("a difference has no 'floor'")
        return self

    @model_validator(mode="after")
    def _reduces_a_curve(self) -> Reading:
        if self.reduce is None and self.along != STEP:
            raise ValueError("'along' needs a 'reduce' beside it")
        if self.reduce is not None and self.along == STEP and self.at != LAST:
            raise ValueError("'at' and a 'reduce' over steps exclude each other")
        if self.along in self.where:
            raise ValueError(f"{self.along!r} stands in 'where', so no curve runs along it")
        return self

    def complaints(
        self, where: str, key: str, known: Known, free: Collection[str] = ()
    ) -> list[str]:
        """Return what is wrong with the reading, each in one line.

        Args:
            where: file and row.
            key: the key that holds the reading.
            known: the studies.
            free: factors that it is taken at each level of.
        """
        if self.study not in known.plans:
            if self.study in known.names:
                return []
            guess = closest_match(self.study, known.names)
            return [bad_value(where, f"{key}.study", self.study, "the name of a study", guess)]
        plan = known.plans[self.study]
        found = list(self._about_factors(where, key, plan, free))
        if not found:
            # None if the scale leaves the level out.
            runs = (run for run in plan.runs if self.where.items() <= run.levels.items())
            run = next(runs, None)
            if run is not None:
                found += self._about_numbers(where, key, run.recipe)
                found += self._about_times(where, key, run.recipe, whole=plan.comparable)
        return found

    def _about_factors(
        self, where: str, key: str, plan: StudyPlan, free: Collection[str]
    ) -> Iterator[str]:
        factors, along = plan.study.factors, [] if self.along == STEP else [self.along]
        for place, names in (("where", self.where), ("along", along)):
            for name in names:
                if name not in factors:
                    allowed = f"a factor of {self.study} ({', '.join(factors) or 'it has none'})"
                    yield bad_value(
                        where, f"{key}.{place}", name, allowed, closest_match(name, factors)
                    )
        for name in factors:
            labels = plan.study.labels(name)
            level = self.where.get(name)
            if level is not None and level not in labels:
                guess = closest_match(level, labels)
                yield bad_value(where, f"{key}.where.{name}", level, ", ".join(labels), guess)
            if level is None and len(labels) > 1 and name not in (*free, *along):
                yield f"{where}: {key}.where: {name} is missing; allowed: {', '.join(labels)}"
            if name in along and not all(map(_is_number, labels)):
                yield bad_value(where, f"{key}.along", name, "a factor whose levels are numbers")

    def _about_numbers(self, where: str, key: str, recipe: Recipe) -> Iterator[str]:
        splits = ["train", *(["validation"] if recipe.n_validation else []), "test"]
        if self.split not in splits:
            yield bad_value(where, f"{key}.split", self.split, ", ".join(splits))
        metrics = metrics_of(recipe, self.split)
        if self.metric not in metrics:
            guess = closest_match(self.metric, metrics)
            yield bad_value(where, f"{key}.metric", self.metric, ", ".join(metrics), guess)

    def _about_times(self, where: str, key: str, recipe: Recipe, *, whole: bool) -> Iterator[str]:
        once = self.split == "test" and "test" not in recipe.probes
        if once or is_measured_once(recipe, self.metric):
            if self.at != LAST or (self.reduce and self.along == STEP):
                yield bad_value(
                    where, f"{key}.at", self.at, "last: it is measured once, at the end"
                )
        elif self.at == BEST and (not recipe.n_validation or recipe.loss == "mse"):
            yield bad_value(where, f"{key}.at", BEST, "last: there is no validation accuracy")
        elif isinstance(self.at, dict) and whole:  # a scale that cuts may end before
            [(unit, wanted)] = self.at.items()
            steps = recipe.steps_per_epoch if unit == STEP else 1
            every = recipe.evaluate_every * steps
            end = recipe.total_steps if unit == STEP else recipe.total_epochs
            if wanted > end or (wanted % every and wanted != end):
                allowed = f"a multiple of {every} up to {end}, or {end}"
                yield bad_value(where, f"{key}.at.{unit}", wanted, allowed)


class ExperimentReading(Strict):
    """One number of each seed of an experiment, at one combination of levels.

    Attributes:
        experiment: its name, in the project's folder.
        measure: one of its numbers.
        where: factor -> level, for each of its factors.
    """

    experiment: Text
    measure: Text
    where: dict[str, Text]

    def complaints(self, where: str, key: str) -> Iterator[str]:
        """Yield what is wrong with it, each in one line; see :class:`Reading`."""
        experiment = project().experiments.get(self.experiment)
        if experiment is None:
            yield unknown_experiment(where, f"{key}.experiment", self.experiment)
            return
        if self.measure not in experiment.numbers:
            allowed = ", ".join(experiment.numbers)
            guess = closest_match(self.measure, experiment.numbers)
            yield bad_value(where, f"{key}.measure", self.measure, allowed, guess)
        for name in self.where:
            if name not in experiment.factors:
                allowed = f"a factor of {self.experiment} ({', '.join(experiment.factors)})"
                guess = closest_match(name, experiment.factors)
                yield bad_value(where, f"{key}.where", name, allowed, guess)
        for name, levels in experiment.factors.items():
            level = self.where.get(name)
            if level is None:
                yield f"{where}: {key}.where: {name} is missing; allowed: {', '.join(levels)}"
            elif level not in levels:
                guess = closest_match(level, levels)
                yield bad_value(where, f"{key}.where.{name}", level, ", ".join(levels), guess)


class Measure(Reading):
    """The reading that is held beside a printed number.

    Attributes:
        bound: ``upper`` if the source prints no value but says that it lies below this one.
        stand_in: the source does not name its data, so our numbers are shown and judge nothing.
        remark: said beside the status, such as what the reading does otherwise than the source.
    """

    bound: Literal["upper"] | None = None
    stand_in: bool = False
    remark: Text | None = None

    @model_validator(mode="after")
    def _stand_in_says_for_what(self) -> Measure:
        if self.stand_in and self.remark is None:
            raise ValueError("'stand_in' needs a 'remark' that says what is shown")
        return self


def metrics_of(recipe: Recipe, split: str) -> list[str]:
    """Return the metrics that the history of a run has under a split."""
    plain = ["data_loss", *(["rmse", "r2"] if recipe.loss == "mse" else ["accuracy"])]
    if split != "train":
        return plain
    return [*plain, "penalty", *probed_metrics(recipe)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
