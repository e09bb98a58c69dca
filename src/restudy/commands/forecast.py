"""What each scale would train, and how long that takes: ``python -m restudy.commands.forecast``.

Nothing is trained and nothing is written. Seconds are estimated (:mod:`restudy.planning.costs`)
and scaled to the speed of this machine (:mod:`restudy.planning.machine_speed`).
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from restudy.common.errors import RestudyError, bad_value
from restudy.config.loading import load_studies, settings_of_scale
from restudy.config.reductions import EXCLUDE, Reduction
from restudy.config.settings import Settings
from restudy.config.study import SCALES
from restudy.evidence.figure_availability import figures_to_draw, load_source_figures
from restudy.evidence.schema import load_catalogue
from restudy.evidence.validation import FOLDER, load_evidence
from restudy.experiments.project import use
from restudy.planning import costs
from restudy.planning.jobs import make_jobs
from restudy.planning.plan import Plan, RunGroup, load_plan
from restudy.progress.time_left import duration
from restudy.results.run_record import cores

_HEAD = ("study", "runs", "groups", "jobs", "core seconds", "time", "reduced")


@dataclass(frozen=True)
class StudyForecast:
    """What a study adds to those before it: a run or group of several counts for the first.

    Attributes:
        name: name of the study.
        runs: number of its own runs.
        shared: number of its runs that a study before it has, too.
        groups: its own groups, in the order of its runs.
        jobs: number of jobs that train them.
        seconds: seconds of one core for its own runs.
        makespan: seconds that its jobs take alone on all cores.
        reductions: what the scale reduces; None if it leaves the study out.
    """

    name: str
    runs: int = 0
    shared: int = 0
    groups: tuple[RunGroup, ...] = ()
    jobs: int = 0
    seconds: float = 0.0
    makespan: float = 0.0
    reductions: tuple[Reduction, ...] | None = ()


@dataclass(frozen=True)
class Forecast:
    """What a run of the pipeline trains, and how long it takes.

    Attributes:
        scale: name of the scale.
        cores: number of jobs that run at once.
        slower: how many times as long as estimated this machine takes.
        studies: those that the run trains, and those that its scale leaves out.
        total: the studies together, as if they were one.
        rest: seconds that all jobs take which train nothing.
    """

    scale: str
    cores: int
    slower: float
    studies: tuple[StudyForecast, ...]
    total: StudyForecast
    rest: float


def forecast(
    plan: Plan,
    scale: str,
    *,
    names: Iterable[str] = (),
    figures: int = 0,
    experiments: int = 0,
    cores: int = 1,
    slower: float = 1.0,
) -> Forecast:
    """Estimate what training a plan takes.

    Args:
        plan: of one scale.
        scale: its name.
        names: of all studies, in their order, with those that the scale leaves out.
        figures: how many figures of the sources are drawn.
        experiments: how many small experiments are done.
        cores: how many jobs run at once.
        slower: how many times as long as estimated this machine takes.
    """
    owner: dict[str, str] = {}
    for name, study in plan.studies.items():
        for run in study.runs:
            owner.setdefault(run.group, name)
    jobs: dict[str, list[float]] = {name: [] for name in plan.studies}
    for job in make_jobs(plan).values():
        jobs[owner[job.groups[0].id]].append(job.work * slower)
    studies = []
    seen: set[tuple[str, str]] = set()
    for name in names or plan.studies:
        if name not in plan.studies:
            studies.append(StudyForecast(name, reductions=None))
            continue
        study = plan.studies[name]
        own = {(run.group, run.id): plan.groups[run.group] for run in study.runs}
        own = {place: group for place, group in own.items() if place not in seen}
        seen |= own.keys()
        groups = {group.id: group for group in own.values() if owner[group.id] == name}
        studies.append(
            StudyForecast(
                name,
                runs=len(own),
                shared=len(study.runs) - len(own),
                groups=tuple(groups.values()),
                jobs=len(jobs[name]),
                # A run's share of what its group takes.
                seconds=slower * sum(group.work / len(group.runs) for group in own.values()),
                makespan=makespan(jobs[name], cores),
                reductions=study.reductions,
            )
        )
    total = StudyForecast(
        "all",
        runs=sum(study.runs for study in studies),
        groups=tuple(group for study in studies for group in study.groups),
        jobs=sum(study.jobs for study in studies),
        seconds=sum(study.seconds for study in studies),
        makespan=makespan([seconds for some in jobs.values() for seconds in some], cores),
    )
    others = costs.other_jobs(
        datasets=len({group.shared.dataset for group in plan.groups.values()}),
        studies=len(plan.studies),
        runs=sum(study.runs + study.shared for study in studies),
        figures=figures + len(plan.studies),
        experiments=experiments,
    )
    rest = makespan([seconds * slower for seconds in others], cores)
    return Forecast(scale, cores, slower, tuple(studies), total, rest)


def makespan(jobs: Iterable[float], cores: int) -> float:
    """Return how long jobs take when each starts as soon as a core is free, in their order."""
    free = [0.0] * cores
    for seconds in jobs:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def describe(found: Forecast, *, groups: bool = False) -> str:
    """Return a forecast as text; with ``groups`` each group has a line too."""
    rows = [_row(study, values=groups) for study in (*found.studies, found.total)]
    parts = [f"Scale {found.scale}", _table(_HEAD, rows)]
    if groups:
        each = [
            (study.name, group.id, f"{len(group.runs)}", _seconds(group.work * found.slower))
            for study in found.studies
            for group in study.groups
        ]
        parts.append(_table(("study", "group", "runs", "core seconds"), each))
    training = found.total.makespan
    times = map(duration, (training + found.rest, training, found.rest))
    cores_used = f"{found.cores} core{'s'[: found.cores - 1]}"
    last = "About {} on {cores}: {} of training, {} of data, tables, figures and report."
    return "\n\n".join([*parts, last.format(*times, cores=cores_used)])


def _row(study: StudyForecast, *, values: bool) -> Sequence[str]:
    if study.reductions is None:
        return (study.name, *["-"] * 5, "left out")
    names = ["combinations" if one.field == EXCLUDE else one.field for one in study.reductions]
    reduced = "; ".join(one.text for one in study.reductions) if values else ", ".join(names)
    shared = f"(and {study.shared} runs of studies above)" if study.shared else ""
    return (
        study.name,
        f"{study.runs:,}",
        f"{len(study.groups):,}",
        f"{study.jobs:,}",
        _seconds(study.seconds),
        duration(study.makespan),
        f"{reduced} {shared}".strip(),
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text: words to the left, numbers to the right."""
    sides = ["left" if name in ("study", "group", "reduced") else "right" for name in head]
    text = tabulate(rows, head, tablefmt="plain", colalign=sides, disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())


def cores_of(text: str) -> int:
    """Return how many cores are meant by a number, or by ``all``.

    Raises:
        RestudyError: it is neither.
    """
    if text == "all":
        return cores()
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise RestudyError(bad_value("command line", "cores", text, "all, or 1 or more"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the scales would train."""
    parser = argparse.ArgumentParser(
        prog="python -m restudy.commands.forecast", description=__doc__
    )
    parser.add_argument("--scale", choices=SCALES, help="this one alone, and its groups")
    parser.add_argument("--cores", default="all", help="how many jobs run at once (default: all)")
    options = parser.parse_args(arguments)
    try:
        number = cores_of(options.cores)
        settings = {scale: settings_of_scale(scale) for scale in SCALES}
        shown = [options.scale] if options.scale else SCALES
        plans = {scale: load_plan(settings[scale]) for scale in shown}
        besides = {scale: _besides(plan, settings[scale]) for scale, plan in plans.items()}
        from restudy.planning import machine_speed

        slower = machine_speed.measure(number, settings[shown[0]].training.matmul_backend)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    for scale, plan in plans.items():
        names = load_studies(Path(settings[scale].studies), settings[scale].only)
        found = forecast(plan, scale, names=names, **besides[scale], cores=number, slower=slower)
        print(describe(found, groups=options.scale is not None), end="\n\n")
    print(_NOTES)
    if machine_speed.has_gpu():
        print("There is a CUDA device, which the pipeline uses: all of this is for the CPU.")


def _besides(plan: Plan, settings: Settings) -> dict[str, int]:
    """Return how many figures of the sources a run draws, and how many experiments it does.

    It sees to it that the evidence is right.
    """
    use(settings.experiments_folder)
    load_catalogue(FOLDER)
    evidence = load_evidence(plan.studies)
    asked = {*evidence.experiments_tested(), *evidence.experiments_of_errata()}
    return {
        "figures": len(figures_to_draw(load_source_figures(evidence.published), plan.studies)),
        "experiments": len(asked) if settings.experiments else 0,
    }


_NOTES = """\
A run or group that several studies have counts for the first of them. Core seconds are estimated,
within a factor of two, by the speed of this machine as it is now: busy with other work it is
slower. The time of a study is that of its jobs alone on all cores. Runs whose results are there,
and still right, are not trained again."""


if __name__ == "__main__":
    main()
