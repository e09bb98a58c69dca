"""What each scale would train, and how long that takes here: ``python -m restudy.forecast``.

Nothing is trained and nothing is written. Seconds of a cell are those that an earlier run took,
where its results are there; else they are estimated (:mod:`restudy.costs`) and held against the
speed of this machine (:mod:`restudy.speed`).
"""

from __future__ import annotations

import argparse
import heapq
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from restudy import costs, errors
from restudy.config.loading import load_studies, validate
from restudy.config.recipe import Recipe
from restudy.config.settings import Settings
from restudy.config.study import Scale, Study
from restudy.config.yaml import read_mapping
from restudy.errors import RestudyError
from restudy.evidence.checks import FOLDER, load_evidence
from restudy.evidence.drawable import figures_to_draw, load_source_figures
from restudy.evidence.ledger import load_ledger
from restudy.jobs import make_jobs
from restudy.plan import Cell, Plan, load_plan
from restudy.progress import duration
from restudy.results import TIMING

SCALES: tuple[Scale, ...] = get_args(Scale)

Spent = Mapping[str, Mapping[str, float]]
"""Cell -> lane -> seconds of one core that an earlier run took for it."""

_AS_ESTIMATED = costs.Work(products=1.0, passes=1.0, calls=1.0)
_JOB = 4.0
"""Seconds of one core that a job takes which is none of those below: imports, and a table."""
_PICTURE = 1.5
"""Seconds to draw a figure and write it as SVG and PDF, in a job that draws several."""
_EXPERIMENT = 12.0
"""Seconds that an experiment takes, its share of a job's start included."""
_COLLECTED = 1.5
"""Seconds to collect the tables of a study."""
_TRACKED = 0.07
"""Seconds to put a run into MLflow."""
_JOBS_OF_A_DATASET = 2
"""Data are fetched and prepared once."""
_OTHER_JOBS = 22
"""MLflow's store is made and brought up to date; tables and figures of all studies and of the
sources are made; what the sources print is computed, searched for and judged; the page is
written."""


@dataclass(frozen=True)
class CellForecast:
    """What training a cell takes.

    Attributes:
        cell: the cell.
        seconds: of one core.
        known: lanes whose seconds an earlier run tells; the others take as long as these.
    """

    cell: Cell
    seconds: float
    known: int


@dataclass(frozen=True)
class StudyForecast:
    """What a study adds to those before it.

    A run that several studies have counts for the first, and so does a cell.

    Attributes:
        name: of the study.
        runs: its own.
        shared: runs that a study before it has too, beside its own.
        cells: its own, in the order of its runs.
        jobs: that train them.
        seconds: of one core, for its runs.
        measured: the part of these that an earlier run tells.
        wall: seconds that its jobs take alone on all cores.
        cut: names of what the scale cuts.
        cuts: the same in words, with values.
        skipped: whether the scale leaves it out.
    """

    name: str
    runs: int = 0
    shared: int = 0
    cells: tuple[CellForecast, ...] = ()
    jobs: int = 0
    seconds: float = 0.0
    measured: float = 0.0
    wall: float = 0.0
    cut: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    skipped: bool = False


@dataclass(frozen=True)
class Forecast:
    """A run of the pipeline.

    Attributes:
        scale: its scale.
        cores: how many jobs run at once.
        studies: those that it trains, and those that its scale leaves out.
        wall: seconds that all training jobs take.
        rest: seconds that all other jobs take.
    """

    scale: str
    cores: int
    studies: tuple[StudyForecast, ...]
    wall: float
    rest: float

    @property
    def total(self) -> StudyForecast:
        """The studies together, as if they were one."""
        return StudyForecast(
            "all",
            runs=sum(study.runs for study in self.studies),
            cells=tuple(cell for study in self.studies for cell in study.cells),
            jobs=sum(study.jobs for study in self.studies),
            seconds=sum(study.seconds for study in self.studies),
            measured=sum(study.measured for study in self.studies),
            wall=self.wall,
        )


def forecast(
    plan: Plan,
    scale: str,
    *,
    names: Iterable[str] = (),
    figures: int = 0,
    experiments: int = 0,
    cores: int = 1,
    times: costs.Work = _AS_ESTIMATED,
    spent: Spent | None = None,
) -> Forecast:
    """Say what training a plan takes.

    Args:
        plan: of one scale.
        scale: its name.
        names: of all studies, in their order, with those that the scale leaves out.
        figures: how many figures of the sources are drawn.
        experiments: how many small experiments are done.
        cores: how many jobs run at once.
        times: how many times as long this machine takes as the estimates say.
        spent: what earlier runs took.
    """
    cells = {
        name: cell_forecast(cell, times, (spent or {}).get(name, {}))
        for name, cell in plan.cells.items()
    }
    owner: dict[str, str] = {}
    for name, study in plan.studies.items():
        for run in study.runs:
            owner.setdefault(run.cell, name)
    start = costs.START * times.calls
    jobs: dict[str, list[float]] = {name: [] for name in plan.studies}
    for job in make_jobs(plan).values():
        seconds = start + sum(cells[cell.id].seconds for cell in job.cells)
        jobs[owner[job.cells[0].id]].append(seconds)
    studies = []
    seen: set[tuple[str, str]] = set()
    for name in names or plan.studies:
        if name not in plan.studies:
            studies.append(StudyForecast(name, skipped=True))
            continue
        study = plan.studies[name]
        runs = [run for run in study.runs if (run.cell, run.lane) not in seen]
        seen.update((run.cell, run.lane) for run in runs)
        # A run's share of what its cell takes.
        shares = [
            (found.seconds / len(found.cell.lanes), found.known > 0)
            for found in (cells[run.cell] for run in runs)
        ]
        own = [cell for cell in dict.fromkeys(run.cell for run in runs) if owner[cell] == name]
        studies.append(
            StudyForecast(
                name,
                runs=len(runs),
                shared=len(study.runs) - len(runs),
                cells=tuple(cells[cell] for cell in own),
                jobs=len(jobs[name]),
                seconds=sum(seconds for seconds, _ in shares),
                measured=sum(seconds for seconds, known in shares if known),
                wall=wall(jobs[name], cores),
                cut=_cut(study.study, scale),
                cuts=tuple(one.text for one in study.reductions),
            )
        )
    datasets = {cell.shared.dataset for cell in plan.cells.values()}
    # All runs are put into MLflow by one job.
    pieces = [_TRACKED * sum(study.runs + study.shared for study in studies)]
    pieces += [_JOB] * (_JOBS_OF_A_DATASET * len(datasets) + _OTHER_JOBS)
    pieces += [_COLLECTED] * len(plan.studies)
    pieces += [_PICTURE] * (figures + len(plan.studies)) + [_EXPERIMENT] * experiments
    return Forecast(
        scale,
        cores,
        tuple(studies),
        wall=wall([seconds for some in jobs.values() for seconds in some], cores),
        rest=wall([piece * times.calls for piece in pieces], cores),
    )


def _cut(study: Study, scale: str) -> tuple[str, ...]:
    """Return the names of what a scale cuts in a study."""
    cuts = {name: cut for name, cut in study.scales.items() if name == scale}
    return tuple(
        name
        for cut in cuts.values()
        for name in (
            *(name for name in Recipe.model_fields if name in cut.recipe.model_fields_set),
            *cut.factors,
            *(["combinations"] if cut.exclude is not None else []),
            *(["seeds"] if cut.seeds is not None else []),
        )
    )


def cell_forecast(cell: Cell, times: costs.Work, spent: Mapping[str, float]) -> CellForecast:
    """Say what training one cell takes; ``spent`` is lane -> seconds of an earlier run."""
    lanes = len(cell.lanes)
    known = [spent[lane.id] for lane in cell.lanes if lane.id in spent]
    if not known:
        parts = costs.work(cell.shared, lanes)
        seconds = sum(part * slower for part, slower in zip(parts, times, strict=True))
        return CellForecast(cell, seconds, 0)
    share = sum(known) / len(known)
    return CellForecast(cell, costs.CELL * times.calls + share * lanes, len(known))


def wall(jobs: Iterable[float], cores: int) -> float:
    """Return how long jobs take when each starts as soon as a core is free, in their order."""
    free = [0.0] * cores
    for seconds in jobs:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def read_spent(folders: Iterable[Path]) -> dict[str, dict[str, float]]:
    """Return what earlier runs took, from the folders that hold cells.

    A stack's seconds are shared evenly by its lanes. Files that cannot be read count for nothing:
    a run of the pipeline will make them anew.
    """
    found: dict[str, dict[str, float]] = {}
    for path in (path for folder in folders for path in folder.glob(f"*/{TIMING}")):
        try:
            table = pd.read_parquet(path)
        except (OSError, ValueError):
            continue
        seconds = (table["train_seconds"] + table["evaluation_seconds"]) / table["lanes_in_stack"]
        lanes = seconds.groupby(table["lane"]).sum()
        found.setdefault(path.parent.name, {}).update((str(x), float(y)) for x, y in lanes.items())
    return found


def describe(found: Forecast, *, cells: bool = False) -> str:
    """Return a forecast as text; with ``cells`` each cell has a line too."""
    rows = [_row(study, values=cells) for study in (*found.studies, found.total)]
    lines = [f"Scale {found.scale}", "", *_aligned("<>>>>>><", [_HEAD, *rows])]
    if cells:
        lines += ["", *_aligned("<<>>>", [_CELL_HEAD, *_cell_rows(found)])]
    whole, training, rest = map(duration, (found.wall + found.rest, found.wall, found.rest))
    cores = f"{found.cores} core{'s'[: found.cores - 1]}"
    last = f"{training} of training, {rest} of data, tables, figures and report."
    return "\n".join([*lines, "", f"About {whole} on {cores}: {last}"])


_HEAD = ("study", "runs", "cells", "jobs", "core seconds", "time", "measured", "cut")


def _row(study: StudyForecast, *, values: bool) -> Sequence[str]:
    if study.skipped:
        return (study.name, *["-"] * 6, "left out")
    words = ["; ".join(study.cuts) if values else ", ".join(study.cut)]
    if study.shared:
        words.append(f"(and {study.shared} runs of studies above)")
    return (
        study.name,
        f"{study.runs:,}",
        f"{len(study.cells):,}",
        f"{study.jobs:,}",
        _seconds(study.seconds),
        duration(study.wall),
        _share(study.measured, study.seconds),
        " ".join(filter(None, words)),
    )


_CELL_HEAD = ("study", "cell", "runs", "core seconds", "measured")


def _cell_rows(found: Forecast) -> Iterator[Sequence[str]]:
    for study in found.studies:
        for one in study.cells:
            runs = len(one.cell.lanes)
            measured = "yes" if one.known else "no"
            if 0 < one.known < runs:
                measured = f"{one.known} of {runs}"
            yield study.name, one.cell.id, f"{runs}", _seconds(one.seconds), measured


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"


def _share(part: float, whole: float) -> str:
    """Return how much was measured; 1% to 99% is neither all nor nothing."""
    if part == 0 or part >= whole:
        return "yes" if part else "no"
    return f"{min(max(part / whole, 0.01), 0.99):.0%}"


def _aligned(sides: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines; ``sides`` has a ``<`` or ``>`` for each column."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def settings_of(scale: Scale) -> Settings:
    """Read the settings that a scale has: ``config.yaml``, and what the scale's file changes.

    Raises:
        RestudyError: a file or a value in it is not right.
    """
    values = read_mapping(Path("config.yaml"))
    if scale != "default":
        _update(values, read_mapping(Path(f"config/{scale}.yaml")))
    return validate(Settings, {**values, "scale": scale}, "config.yaml")


def _update(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Change some of the values, as Snakemake does with its configuration files."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _update(values[key], value)
        else:
            values[key] = value


def cores_of(text: str) -> int:
    """Return how many cores are meant by a number, or by ``all``.

    Raises:
        RestudyError: it is neither.
    """
    if text == "all":
        # Those that this process may use, where the system tells.
        asked = getattr(os, "sched_getaffinity", None)
        return len(asked(0)) if asked else os.cpu_count() or 1
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise RestudyError(errors.describe("command line", "cores", text, "all, or 1 or more"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the scales would train."""
    parser = argparse.ArgumentParser(prog="python -m restudy.forecast", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, help="this one alone, and its cells")
    parser.add_argument("--cores", default="all", help="how many jobs run at once (default: all)")
    options = parser.parse_args(arguments)
    try:
        cores = cores_of(options.cores)
        settings = {scale: settings_of(scale) for scale in SCALES}
        shown = [options.scale] if options.scale else SCALES
        plans = {scale: load_plan(settings[scale]) for scale in shown}
        besides = {scale: _besides(plan, settings[scale]) for scale, plan in plans.items()}
        from restudy import speed  # only now: it takes seconds, and mistakes are told at once

        times = speed.measure(cores, settings[shown[0]].training.arithmetic)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    # A cell is the same whichever scale trained it.
    spent = read_spent(Path(one.results) / "cells" for one in settings.values())
    for scale, plan in plans.items():
        names = load_studies(Path(settings[scale].studies), settings[scale].only)
        found = forecast(
            plan,
            scale,
            names=names,
            **besides[scale],
            cores=cores,
            times=times,
            spent=spent,
        )
        print(describe(found, cells=options.scale is not None), end="\n\n")
    print(_NOTES)
    if speed.has_gpu():
        print("There is a CUDA device, which the pipeline uses: all of this is for the CPU.")


def _besides(plan: Plan, settings: Settings) -> dict[str, int]:
    """Return how many figures of the sources a run draws, and how many experiments it does.

    It sees to it that the evidence is right.
    """
    load_ledger(FOLDER)
    evidence = load_evidence(plan.studies)
    asked = {*evidence.experiments_tested(), *evidence.experiments_shown()}
    return {
        "figures": len(figures_to_draw(load_source_figures(evidence.published), plan.studies)),
        "experiments": len(asked) if settings.experiments else 0,
    }


_NOTES = """\
A run or cell that several studies have counts for the first of them. Core seconds of a cell that
was trained before are as measured then; the others are estimated, within a factor of two, by the
speed of this machine as it is now: busy with other work it is slower. The time of a study is that
of its jobs alone on all cores. Runs whose results are there, and still right, are not trained
again."""


if __name__ == "__main__":
    main()
