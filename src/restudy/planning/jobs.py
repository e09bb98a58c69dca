"""Which groups one Snakemake job trains: a pure function of the plan.

A job needs seconds before its first step, whatever it trains. Groups that take long have a job
of their own; short ones of the same study and data set share jobs; and studies of little work share
jobs with each other. What is trained does not depend on it: a job looks at each group's files and
trains the runs that are missing.

A group that several studies have is in a job of the first of them, in the order of their files. So
another study leaves the long jobs of the others as they are, unless it comes before them and has
groups of theirs, which move to its jobs. A job whose groups are others than last time, as those of
small studies after it may be, starts once more, finds the runs that are there right, and trains
the rest. The same goes for the jobs of a study that changes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from restudy.config.recipe import Recipe
from restudy.planning import costs
from restudy.planning.plan import Plan, RunGroup

# In estimated seconds.
_LONG = 5 * costs.START
"""A group that takes longer has a job of its own."""
_MOST = 15 * costs.START
"""What a shared job takes, about, at most: one core may have that much left at the end."""
_LEAST = 3 * costs.START
"""Below this, a second job costs more than a second core gains."""
_WORTH = 7 * costs.START
"""What less work than this shares its job with that of other studies."""

_Estimate = tuple[RunGroup, float]
"""A group, and the seconds of one core that its first study gives it."""
_Named = tuple[str, list[_Estimate]]
"""The groups of a job, with its name."""


@dataclass(frozen=True)
class Job:
    """Groups that one job trains, one after the other.

    Attributes:
        id: that of its group if it has one alone, else study, data set and a number from 01; for
            groups of several studies, "short" instead of the study.
        groups: one or more, all of the same data set.
    """

    id: str
    groups: tuple[RunGroup, ...]

    @property
    def dataset(self) -> str:
        """Name of the data set of its groups."""
        return self.groups[0].shared.dataset

    @property
    def work(self) -> float:
        """Estimated seconds of one core, its start included."""
        return costs.START + sum(group.work for group in self.groups)

    @property
    def minutes(self) -> int:
        """Minutes that a cluster gives the job.

        Estimates are of one core of a processor of today; half an hour is for all that is slower.
        A job that is stopped all the same goes on at its last checkpoints.
        """
        return 30 + math.ceil(5 * sum(group.work for group in self.groups) / 60)

    def parameters(self) -> list[dict[str, Any]]:
        """Return the groups as plain values, as the job is handed them."""
        return [group.parameters() for group in self.groups]


def make_jobs(plan: Plan) -> dict[str, Job]:
    """Divide the groups of a plan into jobs: each group is in exactly one.

    Returns:
        jobs by id, in the order of the studies, of each the shared ones first; then the shortest.
    """
    parts = [
        (f"{study}-{dataset}-{number:02}", part)
        for (study, dataset), found in _by_study_and_dataset(plan).items()
        for number, part in enumerate(_divided(found), start=1)
    ]
    short = [(name, part) for name, part in parts if not _is_worth_a_job(part)]
    parts = [(name, part) for name, part in parts if _is_worth_a_job(part)] + _together(short)
    made = [Job(name, tuple(group for group, _ in part)) for name, part in parts]
    made = [job if len(job.groups) > 1 else replace(job, id=job.groups[0].id) for job in made]
    return {job.id: job for job in made}


def _by_study_and_dataset(plan: Plan) -> Mapping[tuple[str, str], list[_Estimate]]:
    """Return each group once, under the first study that has it, in the order of its runs."""
    found: dict[tuple[str, str], list[_Estimate]] = {}
    seen: set[str] = set()
    for name, study in plan.studies.items():
        # The runs that other studies add do not count: theirs would not be stable.
        runs: dict[str, list[Recipe]] = {}
        for run in study.runs:
            runs.setdefault(run.group, []).append(run.recipe)
        for id_, recipes in runs.items():
            if id_ not in seen:
                seen.add(id_)
                work = fmean(costs.seconds(recipe, len(recipes)) for recipe in recipes)
                found.setdefault((name, recipes[0].dataset), []).append((plan.groups[id_], work))
    return found


def _divided(groups: Sequence[_Estimate]) -> list[list[_Estimate]]:
    """Divide groups into jobs: long ones alone, then the short ones in a row.

    There are two jobs or more if there is work for two cores.
    """
    short = [(group, work) for group, work in groups if work <= _LONG]
    most = min(_MOST, max(_LEAST, _work(short) / 2))
    parts = [short[row.start : row.stop] for row in _rows([work for _, work in short], most)]
    if len(parts) > 1 and _work(parts[-1]) < most / 4:
        rest = parts.pop()
        parts[-1] += rest
    return parts + [[(group, work)] for group, work in groups if work > _LONG]


def _is_worth_a_job(part: Sequence[_Estimate]) -> bool:
    work = _work(part)
    return work >= _WORTH or (len(part) == 1 and work > _LONG)


def _together(parts: Sequence[_Named]) -> list[_Named]:
    """Put the shortest jobs of each data set together; one that stays alone keeps its name."""
    by_dataset: dict[str, list[_Named]] = {}
    for name, part in parts:
        by_dataset.setdefault(part[0][0].shared.dataset, []).append((name, part))
    made = []
    for dataset, found in by_dataset.items():
        work = [_work(part) for _, part in found]
        rows = _rows(work, min(_MOST, max(_LEAST, sum(work) / 2)))
        for number, row in enumerate(rows, start=1):
            name = found[row.start][0] if len(row) == 1 else f"short-{dataset}-{number:02}"
            made.append((name, [one for i in row for one in found[i][1]]))
    return made


def _rows(work: Sequence[float], most: float) -> list[range]:
    """ScaleChange a sequence of pieces of work into rows of about ``most`` each."""
    starts: list[int] = []
    left = 0.0
    for i, each in enumerate(work):
        # Half a piece too much or too little: what is nearer.
        if not starts or left < each / 2:
            starts.append(i)
            left = most
        left -= each
    return [range(a, b) for a, b in itertools.pairwise([*starts, len(work)])]


def _work(part: Sequence[_Estimate]) -> float:
    return sum(work for _, work in part)
