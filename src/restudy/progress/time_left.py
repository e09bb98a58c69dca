"""How far a run of the pipeline is, and how long the rest may take: by work, not by jobs.

Nothing here looks at a clock or at files: times are handed in, in seconds of any clock.

One job may take a hundred times as long as another, so what is left is weighed by the plan's
estimates (:mod:`restudy.planning.costs`), in seconds of one core. These are divided by the speed
of this run: the estimated seconds of the cells that it has trained, over the seconds that they
took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from restudy.planning import costs

_OVERDUE = 0.1
"""Expected rest of a job that takes longer than estimated, as a share of the time it has taken."""


@dataclass
class CellProgress:
    """Progress of a cell.

    Attributes:
        runs: number of its runs.
        work: estimated seconds of one core for all of them.
        done: number of trained runs.
    """

    runs: int
    work: float
    done: int = 0

    @property
    def left(self) -> float:
        """Estimated seconds of one core for the runs that are not trained."""
        return self.work * (1 - self.done / self.runs)


@dataclass(eq=False)
class _Job:
    """A job.

    Attributes:
        cells: those that the job trains, by name.
        name: shown while the job runs.
        began: start time.
        seen: time at which the latest of its cells was trained; before that, its start.
        gained: estimated seconds of the cells that the job has trained, its start included.
    """

    cells: Mapping[str, CellProgress] = field(default_factory=dict)
    name: str = ""
    began: float | None = None
    seen: float = 0.0
    gained: float = 0.0

    def seconds_left(self, now: float, speed: float) -> float:
        """Return the expected seconds until the job ends."""
        start = 0.0 if self.gained else costs.START
        expected = (start + sum(cell.left for cell in self.cells.values())) / speed
        if self.began is None:
            return expected
        since = now - self.seen
        return max(expected - since, _OVERDUE * since)


class Run:
    """A run of the pipeline: jobs that train, and others.

    Attributes:
        cells: all that the run needs, by name.
        cores: how many jobs run at once.
        jobs: how many have ended, and all.
    """

    def __init__(self) -> None:
        """Start without any job."""
        self.cells: Mapping[str, CellProgress] = {}
        self.cores = 1
        self.jobs = (0, 0)
        self._running: dict[int, _Job] = {}
        # Training jobs that have not ended, and those that have.
        self._training: list[_Job] = []
        self._trained: list[_Job] = []
        # Seconds of each other job that has ended.
        self._others: list[float] = []

    def expect(self, cells: Mapping[str, CellProgress], jobs: Iterable[Iterable[str]]) -> None:
        """Set what is to be trained.

        Args:
            cells: by name, all that the run needs.
            jobs: the cells of each training job. Cells of no job stay as they are.
        """
        self.cells = cells
        self._training = [_Job({name: cells[name] for name in job}) for job in jobs]

    def begin(self, number: int, name: str, cells: Iterable[str], now: float) -> None:
        """Record that a job has begun, which trains ``cells``."""
        wanted = set(cells)
        job = next((job for job in self._training if wanted & job.cells.keys()), _Job())
        job.name, job.began, job.seen = name, now, now
        self._running[number] = job

    def finish(self, cell: str, now: float) -> None:
        """Record that a cell is trained."""
        found = self.cells[cell]
        for job in self._running.values():
            if cell in job.cells and found.left:
                job.gained += found.left + (not job.gained) * costs.START
                job.seen = now
        found.done = found.runs

    def end(self, number: int, now: float, *, well: bool = True) -> None:
        """Record that a job has ended."""
        job = self._running.get(number)
        if job is None:
            return
        for cell in job.cells if well else ():
            self.finish(cell, now)
        del self._running[number]
        if job in self._training:
            self._training.remove(job)
            self._trained.append(job)
        elif job.began is not None:
            self._others.append(now - job.began)

    @property
    def is_running(self) -> bool:
        """Whether any job runs."""
        return bool(self._running)

    def seconds_left(self, now: float) -> float:
        """Return the expected seconds until all jobs have ended.

        Cores share the rest evenly, but no job has more than one core. Each job that trains
        nothing takes the median of those that have ended.
        """
        speed = self._speed()
        each = [job.seconds_left(now, speed) for job in self._training]
        others = max(self.jobs[1] - self.jobs[0] - len(self._training), 0)
        # Before one has ended: they do little but start.
        other = median(self._others) if self._others else costs.START
        return max([sum(each) / self.cores, *each]) + others * other / self.cores

    def _speed(self) -> float:
        """Return estimated seconds over measured ones; 1 before any cell was trained."""
        seen = [
            (job.gained, job.seen - job.began)
            for job in (*self._training, *self._trained)
            if job.began is not None and job.seen > job.began
        ]
        return sum(one for one, _ in seen) / sum(one for _, one in seen) if seen else 1.0

    def describe(self, now: float) -> str:
        """Return in a line how far the run is: ``3 of 9 jobs done, 40 of 96 runs trained, ...``."""
        words = ["{:,} of {:,} jobs done".format(*self.jobs)]
        if self._training or self._trained:
            words.append("{:,} of {:,} runs trained".format(*self._runs()))
            words.append(f"training {percent(_share(self.cells))} done")
        return ", ".join([*words, *self._time(now)])

    def describe_briefly(self, now: float) -> str:
        """Return the same in fewer words, then the jobs that run: what a narrow line cuts off."""
        words = []
        if self._training or self._trained:
            words.append("runs {:,}/{:,}".format(*self._runs()))
            words.append(f"training {percent(_share(self.cells))}")
        words += [*self._time(now), "jobs {:,}/{:,}".format(*self.jobs)]
        return f"{', '.join(words)}: {self.running()}"

    def running(self) -> str:
        """Return the names of the jobs that run, and how far they are where that is known."""
        return ", ".join(
            f"{job.name} {percent(share)}" if share else job.name
            for job in self._running.values()
            for share in [_share(job.cells) if job.cells else 0.0]
        )

    def _runs(self) -> tuple[int, int]:
        cells = self.cells.values()
        return sum(cell.done for cell in cells), sum(cell.runs for cell in cells)

    def _time(self, now: float) -> list[str]:
        if self.jobs[0] == self.jobs[1]:
            return []
        return [f"about {duration(self.seconds_left(now))} left"]


def _share(cells: Mapping[str, CellProgress]) -> float:
    """Return the part of the work on cells that is done: from 0 to 1."""
    whole = sum(cell.work for cell in cells.values())
    return 1 - sum(cell.left for cell in cells.values()) / whole if whole else 1.0


def percent(share: float) -> str:
    """Return a share in percent; only what is done is 100%."""
    # Not lost to rounding: 0.29 * 100 is less than 29.
    return f"{int(share * 100 + 1e-9)}%"


def duration(seconds: float) -> str:
    """Return a duration as a person reads it at a glance: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
