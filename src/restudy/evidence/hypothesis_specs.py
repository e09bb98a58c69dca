"""What a test of a claim compares: two sides, a trend along a factor, or two numbers of each run.

:mod:`restudy.evidence.effect_estimation` takes the numbers. Read when Snakemake parses the
Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from restudy.common.errors import choice_error
from restudy.config.strict import Strict
from restudy.evidence.checks import StudyIndex, as_list, factor_errors, level_errors
from restudy.evidence.metric_selectors import BEST, RunMetric, Text
from restudy.experiments.project import project, unknown_experiment
from restudy.planning.plan import StudyPlan
from restudy.stats.verdict import BOUNDS, Direction

Levels = dict[str, Text]
Filter = dict[str, Text | list[Text]]
Margin = Annotated[float, Field(ge=0, allow_inf_nan=False)]

DATASET = "dataset"
"""The factor that is never averaged over: what holds on one data set may not on another."""

_NAMES = {
    "noisy_accuracy": "accuracy on validation samples with noise",
    "noisy_r2": "R2 on validation samples with noise",
}
"""Metrics that are recorded with those of the training split, and are not of it."""

_FORMS = ("treatment", "trend", "than", "correlate")
"""Keys of a test, each of which makes it a test of another kind."""

_CURVES = {
    None: "{name}",
    "epochs_to_target": "epochs until {name} reaches {target:g}",
    "best_epoch": "epoch of the best {name}",
    "degradation": "{name}, worse at the end than at the other seeds' best epoch by",
    "roughness": "roughness of {name}",
}
"""Kind of curve -> words for what is computed of it."""


_METRIC = {"split": "validation", "metric": "accuracy"}


def _example(value: Any) -> Any:
    """Return a field that may be left out, with an example of a value for its reference."""
    return Field(None, examples=[value])


class MetricSpec(RunMetric):
    """One number of each run: a metric, or a property of its curve over the epochs.

    Attributes:
        minus: a second number of the same run, subtracted: a gap between training and test.
        curve: instead of the number at one time

            ``epochs_to_target``: epochs until it is first as good as ``target``. A run that never
            is counts as one evaluation more than it had, so that the sides are closer than they
            are. Combinations of other levels where no run gets there, or each does at once, are
            left out; if that leaves none, the test is pending;
            ``best_epoch``: the epoch of its best value;
            ``degradation``: how much worse it is at the end than at the epoch that is best for the
            other seeds' mean. Its own best epoch is better than the last by chance alone;
            ``roughness``: mean absolute second difference from evaluation to evaluation.
        target: the value that ``epochs_to_target`` waits for.
    """

    minus: RunMetric | None = _example({"split": "test", "metric": "accuracy"})
    curve: Literal["epochs_to_target", "best_epoch", "degradation", "roughness"] | None = None
    target: float | None = _example(0.97)

    @model_validator(mode="after")
    def _keys_fit_together(self) -> MetricSpec:
        if (self.curve == "epochs_to_target") != (self.target is not None):
            raise ValueError("'curve: epochs_to_target' and 'target' belong together")
        if self.curve is not None and self.minus is not None:
            raise ValueError("has 'curve' and 'minus'; allowed: one of them")
        return self

    @property
    def metrics(self) -> list[RunMetric]:
        """The metrics that it is computed from."""
        return [self] if self.minus is None else [self, self.minus]

    def describe(self) -> str:
        """Return it in words: ``epochs until validation accuracy reaches 0.97``."""
        words = _CURVES[self.curve].format(name=_describe(self), target=self.target)
        return words if self.minus is None else f"{words} less {_describe(self.minus)}"

    @property
    def lower_is_better(self) -> bool:
        """Whether a small value of the metric is a good one."""
        return not self.metric.endswith(("accuracy", "r2"))

    @property
    def less_is_better(self) -> bool:
        """Whether a small number is a good one: few epochs, little loss."""
        return self.curve is not None or self.lower_is_better


class Aggregation(Strict):
    """How the levels of a factor become one number on either side of a contrast, seed by seed.

    Attributes:
        factor: its name.
        statistic: what is taken for each combination of the levels of other factors: ``range``,
            largest minus smallest; ``best``, the number at the level whose runs have the best mean
            on validation data, chosen for each side by itself, by the accuracy after the last epoch
            (or the loss, if there is none); ``share``, how many of the levels, as a share, are
            within ``within`` of the side's best number; ``largest``, the largest of these levels,
            which are numbers then.
        within: how near the best is near, for the latter two.
        by: what ``best`` is chosen by: ``validation``, or ``number``, the mean of what is compared,
            where that is of validation data: a claim of speed is about the fastest level, which
            need not be the most accurate at the end.
    """

    factor: Text
    statistic: Literal["range", "best", "share", "largest"]
    within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    by: Literal["validation", "number"] = "validation"

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Aggregation:
        if (self.statistic in ("share", "largest")) != (self.within is not None):
            raise ValueError("'within' belongs to 'statistic: share' and 'statistic: largest'")
        if self.by == "number" and self.statistic != "best":
            raise ValueError("'by: number' belongs to 'statistic: best'")
        return self

    def describe(self) -> str:
        """Return it in words: ``share of learning_rate within 0.01 of the best``."""
        if self.within is not None:
            return f"{self.statistic} of {self.factor} within {self.within:g} of the best"
        own = " by this number" if self.by == "number" else ""
        return f"{self.statistic} over {self.factor}{own}"


class ClaimTest(Strict):
    """Two sides of a study or experiment, a trend along a factor, or two numbers of each run.

    Sides are compared seed by seed, after a mean over the levels of all other factors; each data
    set is a test of its own. The effect is treatment minus control, the slope of a trend for a
    step from one level to the next, or with ``ratio`` the factor between them.

    Attributes:
        study: name of the study; or
        experiment: name of the experiment, in the project's folder.
        number: what is compared, of a run of the study; or
        measure: of the experiment: the name of one of its numbers.
        than: a second number of the same run that ``number`` is compared with, instead of two
            sides; or
        correlate: one that it goes up and down with: the effect is then Spearman's rank correlation
            over the combinations of levels, seed by seed. A combination with a diverged run is left
            out.
        filter: factor -> the level, or levels, that the test is about.
        treatment, control: factor -> level; or ``control`` is a number that is compared with, and
            the treatment ``{}`` every run. A side may name several levels of the factor of
            ``aggregate``, which takes one of them.
        trend: the factor, with numbers for levels or in the order of the study, that it runs along:
            the effect is the least squares slope for a step from one level to the next.
        aggregate: a factor whose levels become one number on either side.
        interaction_levels, interaction_baseline: levels at which the effect is to be larger, and
            those it is compared with: the effect is then a difference of effects. They may be data
            sets.
        ratio: compare on a log scale; ``margin`` is a factor then, 1.1 for 10%.
        predicts: what the claim says of the effect; ``non_superior`` and ``non_inferior`` look at
            one side alone, where ``equal`` looks at both.
        margin: the smallest effect that is meaningful, in the number's unit.
        redesigned: what was wrong with an earlier design, changed after runs were first looked at.
            This one was fixed before its own outcome was seen, or says that it was not, and counts.
        exploratory: why its design was chosen by a look at what it finds. It is shown, and takes no
            part in the verdict.
    """

    study: Text | None = None
    experiment: Text | None = _example("descent")
    number: MetricSpec | None = None
    measure: Text | None = _example("steps")
    than: MetricSpec | None = _example(_METRIC | {"at": {"step": 25}})
    correlate: MetricSpec | None = _example(_METRIC)
    filter: Filter = Field({}, examples=[{"norm": "batch", "learning_rate": ["0.1", "0.3"]}])
    treatment: Filter | None = _example({"norm": "batch"})
    control: Filter | float | None = _example(0.977)
    trend: Text | None = _example("hidden")
    aggregate: Aggregation | None = _example({"factor": "learning_rate", "statistic": "best"})
    interaction_levels: Levels | None = _example({"batch_size": "4"})
    interaction_baseline: Levels | None = _example({"batch_size": "64"})
    ratio: bool = False
    predicts: Direction
    margin: Margin
    redesigned: Text | None = None
    exploratory: Text | None = None

    @model_validator(mode="after")
    def _keys_fit_together(self) -> ClaimTest:
        if error := next(self._errors(), None):
            raise ValueError(error)
        return self

    def _errors(self) -> Iterator[str]:
        """Yield which keys do not fit together."""
        aggregate, inside = self.aggregate, self.interaction_levels
        if (self.study is None) == (self.experiment is None):
            yield "needs either 'study' and 'number' or 'experiment' and 'measure'"
        if (self.number is None) != (self.study is None) or (
            (self.measure is None) != (self.experiment is None)
        ):
            yield "'study' and 'number' belong together, 'experiment' and 'measure'"
        if self.study is None and self.second is not None:
            yield "'than' and 'correlate' are numbers of a study's runs"
        if self.second is not None and aggregate is not None:
            yield "'aggregate' needs sides or a 'trend'"
        if self.correlate is not None and self.ratio:
            yield "a rank correlation has no 'ratio'"
        if self.experiment is not None and aggregate and aggregate.statistic != "range":
            yield "an experiment does not say which of its numbers are the best"
        of_validation = self.number is None or self.number.split == "validation"
        if aggregate and aggregate.by == "number" and not of_validation:
            yield "'by: number' chooses, so that the number has to be of validation data"
        if sum(getattr(self, form) is not None for form in _FORMS) != 1:
            yield f"needs exactly one of {', '.join(_FORMS)}"
        if (self.treatment is None) != (self.control is None):
            yield "'treatment' and 'control' belong together"
        if isinstance(self.control, dict) and not _differ(self.control, self.treatment):
            yield "'treatment' and 'control' need the same factors and other levels"
        if (inside is None) != (self.interaction_baseline is None):
            yield "'interaction_levels' and 'interaction_baseline' belong together"
        if inside is not None and not isinstance(self.control, dict):
            yield "'interaction_levels' needs a 'treatment' and a 'control', both with levels"
        if inside is not None and not _differ(inside, self.interaction_baseline):
            yield (
                "'interaction_levels' and 'interaction_baseline' need the same factors and other "
                "levels"
            )
        for key, levels in self.sides.items():
            for name, wanted in levels.items():
                over = aggregate is not None and aggregate.factor == name
                if key != "filter" and isinstance(wanted, list) and not over:
                    yield (
                        f"{key!r} names several levels of {name!r}; allowed: one, or 'aggregate' "
                        "that factor"
                    )
        if self.redesigned is not None and self.exploratory is not None:
            yield "has 'redesigned' and 'exploratory'; allowed: one of them"
        if self.ratio and self.margin < 1:
            yield "the margin of a ratio is 1 or more: 1.1 for 10%"
        if self.bounds and self.margin == (1 if self.ratio else 0):
            yield f"a claim of {self.predicts!r} needs a margin"

    @property
    def subject(self) -> str:
        """Name of its study or experiment."""
        return self.study or self.experiment or ""

    @property
    def bounds(self) -> bool:
        """Whether the claim is that there is no effect."""
        return self.predicts in BOUNDS

    @property
    def timed(self) -> bool:
        """Whether its numbers are times, which are not the same twice."""
        experiment = project().experiments.get(self.experiment or "")
        return experiment is not None and experiment.timed

    @property
    def seed_effect(self) -> str:
        """How the numbers of its sides become one of each seed, a name in ``SEED_EFFECTS``."""
        if self.trend is not None:
            return "slope"
        return "difference" if self.interaction_levels is None else "interaction"

    @property
    def second(self) -> MetricSpec | None:
        """The second number of the same runs, if it has one."""
        return self.than or self.correlate

    @property
    def number_text(self) -> str:
        """What is compared, in words."""
        return self.number.describe() if self.number else (self.measure or "").replace("_", " ")

    def describe(self) -> str:
        """Return its sides in words: ``norm batch against norm none``."""
        if self.trend is not None:
            words = f"per step of {self.trend}"
        elif self.than is not None:
            words = f"against {self.than.describe()}"
        elif self.correlate is not None:
            words = f"rank correlation with {self.correlate.describe()}"
        else:
            is_level = isinstance(self.control, dict)
            control = _describe_levels(self.control) if is_level else f"{self.control:g}"
            words = f"{_describe_levels(self.treatment) or 'all'} against {control}"
        if self.aggregate is not None:
            words = f"{self.aggregate.describe()}, {words}"
        if self.interaction_levels is not None:
            inside, outside = self.interaction_levels, self.interaction_baseline
            words += f", in {_describe_levels(inside)} than in {_describe_levels(outside)}"
        return words + (f", at {_describe_levels(self.filter)}" if self.filter else "")

    @property
    def sides(self) -> dict[str, Filter]:
        """The keys that name levels, with these."""
        keys = ("filter", "treatment", "control", "interaction_levels", "interaction_baseline")
        return {key: side for key in keys if isinstance(side := getattr(self, key), dict)}

    def validation_errors(
        self, where: str, key: str, index: StudyIndex, keys: Mapping[str, str] | None = None
    ) -> Iterator[str]:
        """Yield what is wrong with it, each in one line.

        Args:
            where: file and row.
            key: the key that holds the test.
            index: the studies.
            keys: names of its keys in that file, where they are not those of a test.
        """
        if self.study is None:
            experiment = project().experiments.get(self.subject)
            if experiment is None:
                yield unknown_experiment(where, f"{key}.experiment", self.subject)
                return
            yield from self._factor_errors(where, key, experiment.factors, keys or {})
            if self.measure not in experiment.numbers:
                yield choice_error(where, f"{key}.measure", self.measure, experiment.numbers)
        elif self.study in index.plans:
            yield from self._study_errors(where, key, index.plans[self.study], keys or {})
        else:
            yield from index.study_errors(where, f"{key}.study", self.study)

    def _study_errors(
        self, where: str, key: str, plan: StudyPlan, keys: Mapping[str, str]
    ) -> Iterator[str]:
        if plan.study.as_published:
            yield f"{where}: {key}.study: {self.study!r} has a source's bad habits; " + (
                "allowed: a study without as_published"
            )
        labels = {name: plan.study.labels(name) for name in plan.study.factors}
        wrong = list(self._factor_errors(where, key, labels, keys))
        yield from wrong
        for number in [] if wrong else filter(None, (self.number, self.second)):
            for metric in number.metrics:
                recipe = plan.runs[0].recipe
                yield from metric.metric_errors(where, f"{key}.number", plan, recipe)

    def _factor_errors(
        self,
        where: str,
        key: str,
        factors: Mapping[str, Sequence[str]],
        keys: Mapping[str, str],
    ) -> Iterator[str]:
        over = None if self.aggregate is None else self.aggregate.factor
        for place, name in ((keys.get("trend", "trend"), self.trend), ("aggregate.factor", over)):
            names = [] if name is None else [name]
            yield from factor_errors(where, f"{key}.{place}", names, factors, self.subject)
        for side, levels in self.sides.items():
            place = f"{key}.{keys.get(side, side)}"
            yield from level_errors(where, place, levels, factors, self.subject)


def _describe(metric: RunMetric) -> str:
    name = _NAMES.get(metric.metric, metric.name)
    if metric.include_penalty:
        name += " with penalty"
    if isinstance(metric.at, dict):
        return name + "".join(f" after {unit} {value}" for unit, value in metric.at.items())
    return name + (" at the best validation epoch" if metric.at == BEST else "")


def _differ(levels: Mapping[str, Any], others: Mapping[str, Any] | None) -> bool:
    return others is not None and levels.keys() == others.keys() and levels != others


def _describe_levels(levels: Any) -> str:
    return " and ".join(
        f"{name.replace('_', ' ')} {' or '.join(as_list(level))}"
        for name, level in (levels or {}).items()
    )
