"""How far a run of the pipeline is, and how long the rest may take: by work, not by jobs.

Nothing here looks at a clock or at files: times are handed in, in seconds of any clock, and so is
what was seen of the cells.

One job may take a hundred times as long as another, so what is left is weighed by the plan's
estimates (:mod:`restudy.costs`), in seconds of one core. How far these are off is seen from what
this run has trained: its speed is the estimated seconds of that, over the seconds that its jobs
took. What lay there before counts as done, but not for the speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from restudy import costs

_OVERDUE = 0.1
"""A job that takes longer than expected is thought to need this share of its time once more."""


@dataclass
class CellProgress:
    """How far a cell is.

    Attributes:
        lanes: how many it has.
        work: estimated seconds of one core for each.
        done: what is trained, in lanes; parts of a lane count.
        runs: lanes that are trained to their end.
    """

    lanes: int
    work: float
    done: float = 0.0
    runs: int = 0


@dataclass
class _Job:
    """A training job.

    Attributes:
        cells: that it brings up to date.
        began: when, if it did.
        seen: when something new was seen of its cells the last time; before that, when it began.
        gained: estimated seconds of what it has trained, with its start; 0 until that is seen.
        ended: whether it has, well or not.
    """

    cells: Mapping[str, CellProgress]
    began: float | None = None
    seen: float = 0.0
    gained: float = 0.0
    ended: bool = False

    @property
    def left(self) -> float:
        """Estimated seconds of one core for the rest."""
        if self.ended:
            return 0.0
        start = 0.0 if self.gained else costs.START
        return start + sum((cell.lanes - cell.done) * cell.work for cell in self.cells.values())

    def seconds_left(self, now: float, speed: float) -> float:
        """Return how long the rest takes: what is not seen yet goes on as expected."""
        expected = self.left / speed
        if self.began is None or self.ended:
            return expected
        since = now - self.seen
        return max(expected - since, _OVERDUE * since)


class Training:
    """The training of a run of the pipeline."""

    def __init__(
        self, cells: Mapping[str, CellProgress], jobs: Iterable[Iterable[str]] = ()
    ) -> None:
        """Start with what there is.

        Args:
            cells: by name, all that this run of the pipeline needs.
            jobs: the cells of each job that is to run. Cells of no job stay as they are.
        """
        self.cells = cells
        self._jobs = [_Job({cell: cells[cell] for cell in job}) for job in jobs]

    def begin(self, cells: Iterable[str], now: float) -> None:
        """Note that the job of some cells has begun."""
        for job in self._of(cells):
            job.began = job.seen = now

    def see(self, cell: str, now: float, done: float, runs: int) -> None:
        """Note how far a cell is. That it is less than before counts for nothing.

        Args:
            cell: its name.
            now: when this was seen.
            done: what is trained, in lanes.
            runs: lanes that are trained to their end.
        """
        found = self.cells[cell]
        found.runs = max(found.runs, runs)
        for job in self._of([cell]):
            if done > found.done:
                # What is seen first tells that the job has started, too.
                job.gained += (done - found.done) * found.work + (not job.gained) * costs.START
                job.seen, found.done = now, done

    def end(self, cells: Iterable[str], now: float, *, well: bool) -> None:
        """Note that the job of some cells has ended."""
        for job in self._of(cells):
            for cell, found in job.cells.items() if well else ():
                self.see(cell, now, found.lanes, found.lanes)
            job.ended = True

    def in_work(self) -> list[str]:
        """Return the cells of running jobs that are not done."""
        running = (job for job in self._jobs if job.began is not None and not job.ended)
        return [
            name for job in running for name, cell in job.cells.items() if cell.runs < cell.lanes
        ]

    @property
    def is_needed(self) -> bool:
        """Whether any job is to train."""
        return bool(self._jobs)

    @property
    def jobs_left(self) -> int:
        """How many jobs have not ended."""
        return sum(not job.ended for job in self._jobs)

    @property
    def runs(self) -> tuple[int, int]:
        """Runs that are trained, and all."""
        cells = self.cells.values()
        return sum(cell.runs for cell in cells), sum(cell.lanes for cell in cells)

    def share(self, names: Iterable[str] | None = None) -> float:
        """Return the part of the work on some cells, or on all, that is done: from 0 to 1."""
        cells = [self.cells[name] for name in (self.cells if names is None else names)]
        whole = sum(cell.lanes * cell.work for cell in cells)
        return sum(cell.done * cell.work for cell in cells) / whole if whole else 1.0

    def seconds_left(self, now: float, cores: int) -> float | None:
        """Return how long the rest takes; None as long as nothing was seen to be trained.

        Cores share the rest evenly, but no job has more than one of them.
        """
        if not self.jobs_left:
            return 0.0
        seen = [
            (job.gained, job.seen - job.began)
            for job in self._jobs
            if job.began is not None and job.seen > job.began
        ]
        if not seen:
            return None
        speed = sum(gained for gained, _ in seen) / sum(seconds for _, seconds in seen)
        each = [job.seconds_left(now, speed) for job in self._jobs]
        return max(sum(each) / cores, *each)

    def _of(self, cells: Iterable[str]) -> list[_Job]:
        """Return the jobs of some cells. Cells that were not expected have none."""
        wanted = set(cells)
        return [job for job in self._jobs if wanted & job.cells.keys()]


@dataclass
class _Running:
    """A job that runs: what it is called, its cells if it trains some, and when it began."""

    name: str
    cells: Sequence[str]
    began: float


class Run:
    """A run of the pipeline: jobs that train, and others.

    Attributes:
        training: what the first are to do.
        cores: how many jobs run at once.
        jobs: how many have ended, and all.
    """

    def __init__(self) -> None:
        """Start without knowing anything."""
        self.training = Training({})
        self.cores = 1
        self.jobs = (0, 0)
        self._running: dict[int, _Running] = {}
        # Seconds that each job took which trains nothing.
        self._others: list[float] = []

    def begin(self, job: int, name: str, cells: Iterable[str], now: float) -> None:
        """Note that a job has begun; ``cells`` are those that it trains."""
        known = [cell for cell in cells if cell in self.training.cells]
        self._running[job] = _Running(name, known, now)
        self.training.begin(known, now)

    def end(self, job: int, now: float, *, well: bool = True) -> None:
        """Note that a job has ended."""
        ended = self._running.pop(job, None)
        if ended and ended.cells:
            self.training.end(ended.cells, now, well=well)
        elif ended:
            self._others.append(now - ended.began)

    @property
    def is_running(self) -> bool:
        """Whether any job runs."""
        return bool(self._running)

    def seconds_left(self, now: float) -> float | None:
        """Return how long the rest takes; None as long as nobody can tell.

        Training goes as :meth:`Training.seconds_left` says. Each other job takes the median of
        those that have ended: a few experiments take minutes, and they are among the first.
        """
        training = self.training.seconds_left(now, self.cores)
        if training is None or not (self.training.is_needed or self._others):
            return None
        others = max(self.jobs[1] - self.jobs[0] - self.training.jobs_left, 0)
        # Before one has ended: they do little but start.
        each = median(self._others) if self._others else costs.START
        return training + others * each / self.cores

    def describe(self, now: float) -> str:
        """Return in a line how far the run is: ``3 of 9 jobs done, 40 of 96 runs trained, ...``."""
        words = ["{:,} of {:,} jobs done".format(*self.jobs)]
        if self.training.is_needed:
            words.append("{:,} of {:,} runs trained".format(*self.training.runs))
            words.append(f"training {percent(self.training.share())} done")
        return ", ".join([*words, *self._time(now)])

    def describe_briefly(self, now: float) -> str:
        """Return the same in fewer words, then the jobs that run: what a narrow line cuts off."""
        words = []
        if self.training.is_needed:
            words.append("runs {:,}/{:,}".format(*self.training.runs))
            words.append(f"training {percent(self.training.share())}")
        words += [*self._time(now), "jobs {:,}/{:,}".format(*self.jobs)]
        return f"{', '.join(words)}: {self.running()}"

    def running(self) -> str:
        """Return the names of the jobs that run, and how far they are where that is known."""
        return ", ".join(
            f"{job.name} {percent(share)}" if share else job.name
            for job in self._running.values()
            for share in [self.training.share(job.cells) if job.cells else 0.0]
        )

    def _time(self, now: float) -> list[str]:
        if self.jobs[0] == self.jobs[1]:
            return []
        seconds = self.seconds_left(now)
        if seconds is None:
            return ["estimating the time left"]
        return [f"about {duration(seconds)} left"]


def percent(share: float) -> str:
    """Return a share in percent; only what is done is 100%."""
    # Not lost to rounding: 0.29 * 100 is less than 29.
    return f"{int(share * 100 + 1e-9)}%"


def duration(seconds: float) -> str:
    """Return a duration as a person reads it at a glance: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
