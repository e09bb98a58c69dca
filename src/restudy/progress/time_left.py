"""How far a run of the pipeline is, and how long the rest may take: by work, not by jobs.

Nothing here looks at a clock or at files: times are handed in, in seconds of any clock.

One job may take a hundred times as long as another, so what is left is weighed by the plan's
estimates (:mod:`restudy.planning.costs`), in seconds of one core. These are divided by the speed
of this run: the estimated seconds of the groups that it has trained, over the seconds that they
took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from restudy.planning import costs

_OVERDUE = 0.1
"""Expected rest of a job that takes longer than estimated, as a share of the time it has taken."""


@dataclass
class GroupProgress:
    """Progress of a group: its runs, the estimated core seconds of all, the trained runs."""

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
        groups: those that the job trains, by name.
        name: shown while the job runs.
        began: start time.
        seen: time at which the latest of its groups was trained; before that, its start.
        gained: estimated seconds of the groups that the job has trained, its start included.
        ended: whether it has ended.
    """

    groups: Mapping[str, GroupProgress] = field(default_factory=dict)
    name: str = ""
    began: float | None = None
    seen: float = 0.0
    gained: float = 0.0
    ended: bool = False

    def seconds_left(self, now: float, speed: float) -> float:
        """Return the expected seconds until the job ends."""
        start = 0.0 if self.gained else costs.START
        expected = (start + sum(group.left for group in self.groups.values())) / speed
        if self.began is None:
            return expected
        since = now - self.seen
        return max(expected - since, _OVERDUE * since)


class Run:
    """A run of the pipeline: jobs that train, and others.

    Attributes:
        groups: all that the run needs, by name.
        cores: how many jobs run at once.
        jobs: how many have ended, and all.
    """

    def __init__(self) -> None:
        self.groups: Mapping[str, GroupProgress] = {}
        self.cores = 1
        self.jobs = (0, 0)
        self._running: dict[int, _Job] = {}
        self._training: list[_Job] = []
        # Seconds of each other job that has ended.
        self._others: list[float] = []

    def expect(self, groups: Mapping[str, GroupProgress], jobs: Iterable[Iterable[str]]) -> None:
        """Set the groups that the run needs, and those that each training job trains."""
        self.groups = groups
        self._training = [_Job({name: groups[name] for name in job}) for job in jobs]

    def begin(self, number: int, name: str, groups: Iterable[str], now: float) -> None:
        """Record that a job has begun, which trains ``groups``."""
        wanted = set(groups)
        job = next((job for job in self._training if wanted & job.groups.keys()), _Job())
        job.name, job.began, job.seen = name, now, now
        self._running[number] = job

    def finish(self, group: str, now: float) -> None:
        """Record that a group is trained."""
        found = self.groups[group]
        for job in self._running.values():
            if group in job.groups and found.left:
                job.gained += found.left + (not job.gained) * costs.START
                job.seen = now
        found.done = found.runs

    def end(self, number: int, now: float, *, well: bool = True) -> None:
        """Record that a job has ended."""
        if number not in self._running:
            return
        for group in self._running[number].groups if well else ():
            self.finish(group, now)
        job = self._running.pop(number)
        job.ended = True
        if job not in self._training and job.began is not None:
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
        seen = [
            (job.gained, job.seen - job.began)
            for job in self._training
            if job.began is not None and job.seen > job.began
        ]
        # Estimated seconds over measured ones; 1 before any group was trained.
        speed = sum(one for one, _ in seen) / sum(one for _, one in seen) if seen else 1.0
        each = [job.seconds_left(now, speed) for job in self._training if not job.ended]
        others = max(self.jobs[1] - self.jobs[0] - len(each), 0)
        # Before one has ended: they do little but start.
        other = median(self._others) if self._others else costs.START
        return max([sum(each) / self.cores, *each]) + others * other / self.cores

    def describe(self, now: float) -> str:
        """Return in a line how far the run is: ``3 of 9 jobs done, 40 of 96 runs trained, ...``."""
        trained = "{:,} of {:,} runs trained, training {} done"
        parts = ["{:,} of {:,} jobs done".format(*self.jobs), *self._parts(trained, now)]
        return ", ".join(parts)

    def describe_briefly(self, now: float) -> str:
        """Return the same in fewer words, then the jobs that run: what a narrow line cuts off."""
        parts = self._parts("runs {:,}/{:,}, training {}", now)
        return ", ".join([*parts, "jobs {:,}/{:,}".format(*self.jobs)]) + f": {self.running()}"

    def running(self) -> str:
        """Return the names of the jobs that run, and how far they are where that is known."""
        return ", ".join(
            f"{job.name} {percent(share)}" if share else job.name
            for job in self._running.values()
            for share in [_share(job.groups) if job.groups else 0.0]
        )

    def _parts(self, trained: str, now: float) -> Iterator[str]:
        groups = self.groups.values()
        if self._training:
            done, runs = sum(group.done for group in groups), sum(group.runs for group in groups)
            yield trained.format(done, runs, percent(_share(self.groups)))
        if self.jobs[0] < self.jobs[1]:
            yield f"about {duration(self.seconds_left(now))} left"


def _share(groups: Mapping[str, GroupProgress]) -> float:
    """Return the part of the work on groups that is done: from 0 to 1."""
    whole = sum(group.work for group in groups.values())
    return 1 - sum(group.left for group in groups.values()) / whole if whole else 1.0


def percent(share: float) -> str:
    """Return a share in percent; only what is done is 100%."""
    # Not lost to rounding: 0.29 * 100 is less than 29.
    return f"{int(share * 100 + 1e-9)}%"


def duration(seconds: float) -> str:
    """Return a duration as a person reads it at a glance: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
