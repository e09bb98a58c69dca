"""What a test of a claim is: two sides of a study or experiment, a trend, or two numbers of runs.

Only what it is and whether the studies have it; :mod:`restudy.evidence.effect_estimation` takes the
numbers. Read when Snakemake parses the Snakefile, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from restudy.common.errors import bad_value, closest_match
from restudy.config.strict import Strict
from restudy.evidence.metric_selectors import BEST, Known, Number, Reading, Text
from restudy.experiments.project import project, unknown_experiment
from restudy.planning.plan import StudyPlan
from restudy.stats.verdict import BOUNDS, Direction

Levels = dict[str, Text]
Where = dict[str, Text | list[Text]]
Margin = Annotated[float, Field(ge=0, allow_inf_nan=False)]

DATASET = "dataset"
"""The factor that is never averaged over: what holds on one data set may not on another."""


_ELSEWHERE = {
    "noisy_accuracy": "accuracy on validation samples with noise",
    "noisy_r2": "R2 on validation samples with noise",
}
"""Metrics that stand with those of the training split in the tables, and are not of it."""


class Quantity(Number):
    """One number of each run: a metric, or what its curve over the epochs does.

    Attributes:
        minus: a second number of the same run, subtracted: a gap between training and test.
        curve: instead of the number at one time

            ``reach``: epochs until it is first as good as ``target``. A run that never is counts
            as one evaluation more than it had, so that the sides are closer than they are;
            ``best_epoch``: the epoch of its best value;
            ``worsening``: how much worse it is at the end than at the epoch that is best for the
            other seeds' mean. Its own best epoch is better than the last by chance alone;
            ``roughness``: mean absolute second difference from evaluation to evaluation.
        target: the value that ``reach`` waits for.
    """

    minus: Number | None = None
    curve: Literal["reach", "best_epoch", "worsening", "roughness"] | None = None
    target: float | None = None

    @model_validator(mode="after")
    def _curve_is_whole(self) -> Quantity:
        if (self.curve == "reach") != (self.target is not None):
            raise ValueError("'curve: reach' and 'target' belong together")
        if self.curve is not None and self.minus is not None:
            raise ValueError("has 'curve' and 'minus'; allowed: one of them")
        return self

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The numbers that it is made of."""
        return (self,) if self.minus is None else (self, self.minus)

    def in_words(self) -> str:
        """Return it in words: ``epochs until validation accuracy reaches 0.97``."""
        name = _name(self)
        match self.curve:
            case "reach":
                return f"epochs until {name} reaches {self.target:g}"
            case "best_epoch":
                return f"epoch of the best {name}"
            case "worsening":
                return f"{name}, worse at the end than at the other seeds' best epoch by"
            case "roughness":
                return f"roughness of {name}"
        return name if self.minus is None else f"{name} less {_name(self.minus)}"

    @property
    def lower_is_better(self) -> bool:
        """Whether a small value of the metric is a good one."""
        return not self.metric.endswith(("accuracy", "r2"))

    @property
    def less_is_better(self) -> bool:
        """Whether a small number is a good one: few epochs, little loss."""
        return self.curve is not None or self.lower_is_better


class Over(Strict):
    """How the levels of a factor become one number on either side of a contrast, seed by seed.

    Attributes:
        factor: its name.
        take: ``range``, largest less smallest; ``best``, the number at the level whose runs have
            the best mean on validation data, chosen for each side by itself, by the accuracy after
            the last epoch (or the loss, if there is none); ``share``, how many of the levels, as a
            share, are within ``within`` of the side's best number; ``largest``, the largest of
            these levels, which are numbers then.
        within: how near the best is near, for the latter two.
        by: what ``best`` is chosen by: ``validation``, or ``number``, the mean of what is compared,
            where that is of validation data: a claim of speed is about the fastest level, which
            need not be the most accurate at the end.
    """

    factor: Text
    take: Literal["range", "best", "share", "largest"]
    within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    by: Literal["validation", "number"] = "validation"

    @model_validator(mode="after")
    def _is_whole(self) -> Over:
        if (self.take in ("share", "largest")) != (self.within is not None):
            raise ValueError("'within' belongs to 'take: share' and 'take: largest'")
        if self.by == "number" and self.take != "best":
            raise ValueError("'by: number' belongs to 'take: best'")
        return self

    def in_words(self) -> str:
        """Return it in words: ``share of learning_rate within 0.01 of the best``."""
        near = "" if self.within is None else f" within {self.within:g} of the best"
        link = "of" if self.within is not None else "over"
        itself = " by this number" if self.by == "number" else ""
        return f"{self.take} {link} {self.factor}{near}{itself}"


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
            over the combinations of levels, seed by seed.
        where: factor -> the level, or levels, that the test is about.
        treatment, control: factor -> level; or ``control`` is a number that is compared with.
            A side may name several levels of the factor of ``over``, which takes one of them.
        trend: the factor, with numbers for levels or in the order of the study, that it runs along.
        over: a factor whose levels become one number on either side.
        in_, than_in: levels at which the effect is to be larger, and those it is compared with:
            the effect is then a difference of effects.
        ratio: compare on a log scale; ``margin`` is a factor then, 1.1 for 10%.
        predicts: what the claim says of the effect; ``no greater`` and ``no less`` look at one side
            alone, where ``equal`` looks at both.
        margin: the smallest effect that anyone would care about, in the number's unit.
        redesigned: what was wrong with the test that stood here when runs were first looked at.
            This one was fixed before its own outcome was seen, or says that it was not, and judges.
        exploratory: why its design was chosen by a look at what it finds. It is shown, and takes no
            part in the verdict.
    """

    study: Text | None = None
    experiment: Text | None = None
    number: Quantity | None = None
    measure: Text | None = None
    than: Quantity | None = None
    correlate: Quantity | None = None
    where: Where = Field({})
    treatment: Where | None = None
    control: Where | float | None = None
    trend: Text | None = None
    over: Over | None = None
    in_: Levels | None = Field(None, alias="in")
    than_in: Levels | None = None
    ratio: bool = False
    predicts: Direction
    margin: Margin
    redesigned: Text | None = None
    exploratory: Text | None = None

    @model_validator(mode="after")
    def _has_one_subject(self) -> ClaimTest:
        given = [name for name in ("study", "experiment") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs either 'study' and 'number' or 'experiment' and 'measure'")
        if (self.number is None) != (self.study is None) or (
            (self.measure is None) != (self.experiment is None)
        ):
            raise ValueError("'study' and 'number' belong together, 'experiment' and 'measure'")
        if self.study is None and self.second is not None:
            raise ValueError("'than' and 'correlate' are numbers of a study's runs")
        if self.second is not None and self.over is not None:
            raise ValueError("'over' needs sides or a 'trend'")
        if self.correlate is not None and self.ratio:
            raise ValueError("a rank correlation has no 'ratio'")
        if self.experiment is not None and self.over is not None and self.over.take != "range":
            raise ValueError("an experiment does not say which of its numbers are the best")
        by_number = self.over is not None and self.over.by == "number"
        if by_number and self.number is not None and self.number.split != "validation":
            raise ValueError(
                "'by: number' chooses, so that the number has to be of validation data"
            )
        return self

    @model_validator(mode="after")
    def _has_one_form(self) -> ClaimTest:
        forms = (self.trend, self.treatment, self.than, self.correlate)
        if sum(form is not None for form in forms) != 1:
            raise ValueError(
                "needs either 'trend' or 'treatment' and 'control', or 'than', or 'correlate'"
            )
        if (self.treatment is None) != (self.control is None):
            raise ValueError("'treatment' and 'control' belong together")
        if isinstance(self.control, dict) and not _differ(self.control, self.treatment):
            raise ValueError("'treatment' and 'control' need the same factors and other levels")
        if (self.in_ is None) != (self.than_in is None):
            raise ValueError("'in' and 'than_in' belong together")
        if self.in_ is not None and not isinstance(self.control, dict):
            raise ValueError("'in' needs a 'treatment' and a 'control', both with levels")
        if self.in_ is not None and not _differ(self.in_, self.than_in):
            raise ValueError("'in' and 'than_in' need the same factors and other levels")
        for key, levels in self.sides:
            for name, wanted in levels.items():
                if key != "where" and isinstance(wanted, list) and not self._is_over(name):
                    raise ValueError(
                        f"{key!r} names several levels of {name!r}; allowed: one, or 'over' that "
                        "factor"
                    )
        if self.redesigned is not None and self.exploratory is not None:
            raise ValueError("has 'redesigned' and 'exploratory'; allowed: one of them")
        if self.ratio and self.margin < 1:
            raise ValueError("the margin of a ratio is 1 or more: 1.1 for 10%")
        if self.bounds and self.margin == (1 if self.ratio else 0):
            raise ValueError(f"a claim of {self.predicts!r} needs a margin")
        return self

    def _is_over(self, factor: str) -> bool:
        return self.over is not None and self.over.factor == factor

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
    def second(self) -> Quantity | None:
        """The second number of the same runs, if it has one."""
        return self.than or self.correlate

    def number_in_words(self) -> str:
        """Return what is compared in words."""
        if self.number is not None:
            return self.number.in_words()
        return (self.measure or "").replace("_", " ")

    def in_words(self) -> str:
        """Return its sides in words: ``norm batch against norm none``."""
        over = "" if self.over is None else f"{self.over.in_words()}, "
        at = "" if not self.where else f", at {_in_words(self.where)}"
        if self.trend is not None:
            return f"{over}per step of {self.trend}{at}"
        if self.than is not None:
            return f"against {self.than.in_words()}{at}"
        if self.correlate is not None:
            return f"rank correlation with {self.correlate.in_words()}{at}"
        control = _in_words(self.control) if isinstance(self.control, dict) else f"{self.control:g}"
        words = f"{over}{_in_words(self.treatment or {}) or 'all'} against {control}"
        if self.in_ is not None:
            words += f", in {_in_words(self.in_)} than in {_in_words(self.than_in or {})}"
        return words + at

    @property
    def sides(self) -> Iterator[tuple[str, Mapping[str, str | list[str]]]]:
        """The keys that name levels, with what they name."""
        for key, levels in (
            ("where", self.where),
            ("treatment", self.treatment),
            ("control", self.control),
            ("in", self.in_),
            ("than_in", self.than_in),
        ):
            if isinstance(levels, dict):
                yield key, levels

    def complaints(
        self, where: str, key: str, known: Known, keys: Mapping[str, str] | None = None
    ) -> Iterator[str]:
        """Yield what is wrong with it, each in one line; see :class:`Reading`.

        Args:
            where: file and row.
            key: the key that holds the test.
            known: the studies.
            keys: names of its keys in that file, where they are not those of a test.
        """
        keys = keys or {}
        if self.study is None:
            yield from self._about_experiment(where, key, keys)
        elif self.study in known.plans:
            yield from self._about_study(where, key, known.plans[self.study], known, keys)
        elif self.study not in known.names:
            guess = closest_match(self.study, known.names)
            yield bad_value(where, f"{key}.study", self.study, "the name of a study", guess)

    def _about_experiment(self, where: str, key: str, keys: Mapping[str, str]) -> Iterator[str]:
        experiment = project().experiments.get(self.experiment or "")
        if experiment is None:
            yield unknown_experiment(where, f"{key}.experiment", self.experiment or "")
            return
        yield from self._about_factors(where, key, experiment.factors, keys)
        if self.measure not in experiment.numbers:
            allowed = ", ".join(experiment.numbers)
            guess = closest_match(self.measure or "", experiment.numbers)
            yield bad_value(where, f"{key}.measure", self.measure, allowed, guess)

    def _about_study(
        self, where: str, key: str, plan: StudyPlan, known: Known, keys: Mapping[str, str]
    ) -> Iterator[str]:
        if plan.study.as_published:
            yield f"{where}: {key}.study: {self.study!r} has a source's bad habits; " + (
                "allowed: a study without as_published"
            )
        labels = {name: plan.study.labels(name) for name in plan.study.factors}
        wrong = list(self._about_factors(where, key, labels, keys))
        yield from wrong
        if not wrong and self.number is not None:
            second = () if self.second is None else self.second.numbers
            for number in (*self.number.numbers, *second):
                reading = Reading(
                    study=plan.study.name,
                    where=dict(plan.runs[0].levels),
                    **number.model_dump(include=set(Number.model_fields)),
                )
                yield from reading.complaints(where, f"{key}.number", known)

    def _about_factors(
        self,
        where: str,
        key: str,
        factors: Mapping[str, Sequence[str]],
        keys: Mapping[str, str],
    ) -> Iterator[str]:
        over = None if self.over is None else self.over.factor
        single = [(keys.get("trend", "trend"), self.trend), ("over.factor", over)]
        for place, name in single:
            if name is not None and name not in factors:
                allowed = f"a factor of {self.subject} ({', '.join(factors) or 'it has none'})"
                yield bad_value(
                    where, f"{key}.{place}", name, allowed, closest_match(name, factors)
                )
        for side, levels in self.sides:
            place = keys.get(side, side)
            for name, wanted in levels.items():
                if name not in factors:
                    allowed = f"a factor of {self.subject} ({', '.join(factors) or 'it has none'})"
                    yield bad_value(
                        where, f"{key}.{place}", name, allowed, closest_match(name, factors)
                    )
                    continue
                labels = factors[name]
                for level in wanted if isinstance(wanted, list) else [wanted]:
                    if level not in labels:
                        guess = closest_match(level, labels)
                        yield bad_value(
                            where, f"{key}.{place}.{name}", level, ", ".join(labels), guess
                        )


def _name(number: Number) -> str:
    name = _ELSEWHERE.get(number.metric, f"{number.split} {number.metric.replace('_', ' ')}")
    if number.penalised:
        name += " with penalty"
    if isinstance(number.at, dict):
        return name + "".join(f" after {unit} {value}" for unit, value in number.at.items())
    return name + (" at the best validation epoch" if number.at == BEST else "")


def _differ(levels: Mapping[str, Any], others: Mapping[str, Any] | None) -> bool:
    return others is not None and levels.keys() == others.keys() and levels != others


def _in_words(levels: Mapping[str, str | list[str]]) -> str:
    return " and ".join(
        f"{name.replace('_', ' ')} {' or '.join(level) if isinstance(level, list) else level}"
        for name, level in levels.items()
    )
