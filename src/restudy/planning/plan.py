"""The plan: from study files to groups and runs. A pure function, made before any work starts.

Groups belong to no study. Runs of equal shape and schedule meet in one group whichever study
asks for them, and a run that two studies ask for is trained once. Ids are digests of what a run
*is*, so a new study, factor or seed changes none of the ids that are there already.

Runs that take minutes each are dealt out to several groups by their settings, so that a search over
many of them is work for all cores and no job takes a night. The seeds of one setting stay together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import ValidationError

from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.config.loading import check_names, load_studies
from restudy.config.recipe import Recipe
from restudy.config.reductions import EXCLUDE, SEEDS, Reduction
from restudy.config.run_ids import RunSpec, group_id, label, run_id
from restudy.config.settings import Settings
from restudy.config.sources import check_sources
from restudy.config.study import ScaleChange, Study
from restudy.planning import costs

_LONG = 10**13
"""Operations of a run that is long: some two minutes of one core."""
_PARTS = 8
"""Groups that long runs of equal shape and schedule are dealt out to."""


@dataclass(frozen=True)
class RunGroup:
    """Runs of equal shape and schedule; of long runs, a part of those.

    Attributes:
        id: readable, ending in a digest of the fields that the runs share.
        runs: sorted by id, without repetition.
        keep_weights: whether the trained weights are written.
    """

    id: str
    runs: tuple[RunSpec, ...]
    keep_weights: bool

    @property
    def shared(self) -> Recipe:
        """The recipe of the first run: right for every field that the runs share."""
        return self.runs[0].recipe

    def parameters(self) -> dict[str, Any]:
        """Return the group as plain values, as a job is handed it."""
        runs = [{"id": run.id, "recipe": run.recipe.differences()} for run in self.runs]
        return {"id": self.id, "runs": runs, "keep_weights": self.keep_weights}

    @cached_property
    def work(self) -> float:
        """Estimate of what training it takes, in seconds of one core."""
        n = len(self.runs)
        return fmean(costs.seconds(run.recipe, n) for run in self.runs)


@dataclass(frozen=True)
class PlannedRun:
    """A run of a study.

    Attributes:
        group: id of the group that trains it.
        id: id of the run.
        levels: factor name -> label of the run's level, in the order of the study's factors.
        recipe: the full recipe.
    """

    group: str
    id: str
    levels: Mapping[str, str]
    recipe: Recipe


@dataclass(frozen=True)
class StudyPlan:
    """A study at one scale.

    Attributes:
        study: the study as written.
        scale: ``quick``, ``default`` or ``full``.
        runs: one per combination of levels and seed.
        factors: factor name -> labels of its levels, in order.
        reductions: what this scale reduces; empty when nothing.
    """

    study: Study
    scale: str
    runs: tuple[PlannedRun, ...]
    factors: Mapping[str, tuple[str, ...]]
    reductions: tuple[Reduction, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of the groups that hold the study's runs, sorted."""
        return tuple(sorted({run.group for run in self.runs}))

    def tracked(self) -> dict[str, Any]:
        """Return all that MLflow's view needs: description, data sets and places of its runs."""
        return {
            **self.description(),
            "datasets": list(self.datasets),
            "keep_weights": self.keeps_weights(),
            "runs": self.places(),
        }

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets it needs, sorted."""
        return tuple(sorted({run.recipe.dataset for run in self.runs}))

    def description(self) -> dict[str, Any]:
        """Return what the study is, as plain values; see :mod:`restudy.results.collect`."""
        study = self.study
        return {
            "name": study.name,
            "title": study.title,
            "question": study.question,
            "source": study.source,
            "experiments": study.experiments,
            "as_published": study.as_published,
            "figure": study.figure,
            "scale": self.scale,
            "factors": {name: list(labels) for name, labels in self.factors.items()},
            "reductions": [reduction._asdict() for reduction in self.reductions],
            "comparable": self.comparable,
            "compare": [
                {**comparison.model_dump(), "baseline": label(comparison.baseline)}
                for comparison in study.compare
            ],
            "seeds": len({run.recipe.seed for run in self.runs}),
        }

    @property
    def comparable(self) -> bool:
        """Whether its runs are what the study as written asks for, if fewer of them."""
        change, full = _change(self.study, self.scale), _fields(self.study.recipe)
        same_recipe = all(
            name == "evaluate_every" or value == full.get(name, Recipe.model_fields[name].default)
            for name, value in _fields(change.recipe).items()
        )
        # A level may have another meaning at this scale, under the same name.
        return same_recipe and all(
            fields == _levels(name, self.study.factors[name]).get(level, fields)
            for name, levels in change.factors.items()
            for level, fields in _levels(name, levels).items()
        )

    def keeps_weights(self) -> bool:
        """Tell whether the weights of its runs are written, at this scale."""
        change = _change(self.study, self.scale).keep_weights
        return self.study.keep_weights if change is None else change

    def places(self) -> list[dict[str, Any]]:
        """Return where each run is, as plain values: its group, run and levels."""
        return [
            {"group": run.group, "run": run.id, "levels": dict(run.levels)} for run in self.runs
        ]


@dataclass(frozen=True)
class Plan:
    """Everything that one run of the pipeline trains.

    Attributes:
        studies: by name, in the order of their files.
        groups: by id, sorted.
    """

    studies: Mapping[str, StudyPlan]
    groups: Mapping[str, RunGroup]


def load_plan(settings: Settings) -> Plan:
    """Make the plan of a run from its settings and the study files they name.

    Raises:
        RestudyError: a study file is wrong, a source is not there, or a combination of levels is
            no valid recipe.
    """
    studies = load_studies(Path(settings.studies), settings.only)
    check_names("full", settings.full, studies)
    check_sources(studies.values())
    return make_plan(studies, settings.scale, settings.full)


def make_plan(studies: Mapping[str, Study], scale: str, full: Iterable[str] = ()) -> Plan:
    """Expand studies into groups and runs.

    Args:
        studies: by name.
        scale: ``quick``, ``default`` or ``full``.
        full: names of studies that are done at the full scale all the same.

    Raises:
        RestudyError: a combination of levels is no valid recipe, or nothing is left of a study.
    """
    scales = {name: "full" if name in full else scale for name in studies}
    planned = {
        name: plan_study(study, scales[name])
        for name, study in studies.items()
        if not _change(study, scales[name]).disabled
    }
    runs: dict[str, dict[str, RunSpec]] = {}
    keep: dict[str, bool] = {}
    for study_plan in planned.values():
        for run in study_plan.runs:
            runs.setdefault(run.group, {})[run.id] = RunSpec(run.id, run.recipe)
            keep[run.group] = keep.get(run.group, False) or study_plan.keeps_weights()
    groups = {
        group: RunGroup(group, tuple(some for _, some in sorted(runs[group].items())), keep[group])
        for group in sorted(runs)
    }
    return Plan(planned, groups)


def plan_study(study: Study, scale: str) -> StudyPlan:
    """Expand one study at one scale; see :func:`make_plan`."""
    change = _change(study, scale)
    base = _fields(study.recipe) | _fields(change.recipe)
    factors = {
        name: _levels(name, change.factors.get(name, levels))
        for name, levels in study.factors.items()
    }
    exclude = study.exclude if change.exclude is None else change.exclude
    seeds = _seeds(study.seeds if change.seeds is None else change.seeds)
    runs = []
    for labels in itertools.product(*factors.values()):
        levels = dict(zip(factors, labels, strict=True))
        if any(_matches(study, levels, pattern) for pattern in exclude):
            continue
        fields = dict(base)
        for name, level in levels.items():
            fields |= factors[name][level]
        recipe = _recipe(study, levels, fields)
        _check_test_set_use(study, recipe)
        for seed in seeds:
            seeded = recipe.model_copy(update={"seed": seed})
            runs.append(PlannedRun(_group(seeded), run_id(seeded), levels, seeded))
    if not runs:
        raise RestudyError(
            f"{study.file}: exclude: leaves no combination of levels; allowed: one or more"
        )
    labels_of = {name: tuple(levels) for name, levels in factors.items()}
    return StudyPlan(study, scale, tuple(runs), labels_of, _reductions(study, change, seeds))


def _group(recipe: Recipe) -> str:
    """Return the id of the group that trains ``recipe``.

    It depends on nothing but the recipe: a setting more moves none of the others.
    """
    group = group_id(recipe)
    if costs.operations(recipe) < _LONG:
        return group
    settings = {name: value for name, value in recipe.differences().items() if name != "seed"}
    return f"{group}-{int(digest(settings), 16) % _PARTS + 1}of{_PARTS}"


def _change(study: Study, scale: str) -> ScaleChange:
    return study.scales.get(scale, ScaleChange())  # type: ignore[call-overload, no-any-return]


def _fields(part: Any) -> dict[str, Any]:
    """Return the fields that were set in a part of a recipe."""
    return {
        name: getattr(part, name) for name in Recipe.model_fields if name in part.model_fields_set
    }


def _levels(name: str, levels: Any) -> dict[str, dict[str, Any]]:
    """Return label -> recipe fields for the levels of a factor."""
    if isinstance(levels, dict):
        return {label(key): _fields(part) for key, part in levels.items()}
    return {label(level): {name: level} for level in levels}


def _seeds(seeds: int | list[int]) -> list[int]:
    return list(range(seeds)) if isinstance(seeds, int) else seeds


def _matches(study: Study, levels: Mapping[str, str], pattern: Mapping[str, Any]) -> bool:
    """Tell whether every factor of ``pattern`` has (one of) the levels it names."""
    return all(
        levels[name] in map(label, study.excluded(name, wanted)) for name, wanted in pattern.items()
    )


def _recipe(study: Study, levels: Mapping[str, str], fields: dict[str, Any]) -> Recipe:
    try:
        return Recipe(**fields)
    except ValidationError as error:
        where = study.file
        if levels:
            where += " (" + ", ".join(f"{name} = {level}" for name, level in levels.items()) + ")"
        lines = [
            f"{where}: {problem['loc'][0]}: is missing; allowed: a value in recipe or a factor"
            if problem["type"] == "missing"
            else f"{where}: {problem.get('ctx', {}).get('error', problem['msg'])}"
            for problem in error.errors()
        ]
        raise RestudyError("\n".join(lines)) from None


def _check_test_set_use(study: Study, recipe: Recipe) -> None:
    """Refuse a use of the test set beyond one score at the end, unless ``as_published``."""
    if study.as_published:
        return
    for key, bad in (
        ("validation_samples", recipe.validation_samples == 0),
        ("diagnostics", "test" in recipe.diagnostics),
    ):
        if bad:
            raise RestudyError(
                f"{study.file}: {key}: {getattr(recipe, key)!r} uses the test set for more than "
                "one score at the end; allowed: only with as_published: true"
            )


def _reductions(study: Study, change: ScaleChange, seeds: list[int]) -> tuple[Reduction, ...]:
    """Return what a scale reduces of the study as written."""
    full = _fields(study.recipe)
    found = [
        Reduction(name, label(before), label(value))
        for name, value in _fields(change.recipe).items()
        for before in [full.get(name, Recipe.model_fields[name].default)]
        if before != value
    ]
    for name, levels in change.factors.items():
        kept, all_levels = (list(_levels(name, x)) for x in (levels, study.factors[name]))
        if kept != all_levels:
            found.append(Reduction(name, all_levels, kept))
    if change.exclude is not None and change.exclude != study.exclude:
        found.append(Reduction(EXCLUDE, study.exclude, change.exclude))
    full_seeds = _seeds(study.seeds)
    if len(seeds) != len(full_seeds):
        found.append(Reduction(SEEDS, len(full_seeds), len(seeds)))
    elif seeds != full_seeds:
        found.append(Reduction(SEEDS, full_seeds, seeds))
    return tuple(found)
